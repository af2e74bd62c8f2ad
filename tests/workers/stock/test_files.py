"""A file's order is sent here and now, stops when it is told to, and goes on where it was."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from actions.database import Database
from actions.errors import ConnectionFailed, RateLimited
from actions.permit import Permit
from actions.resources.outlets import ListOutlets
from actions.resources.stock_adjustments import NewStockAdjustment
from tests.stores import Store
from tests.workers.stock.conftest import Adjust, asked, booked, requests
from workers.lightspeed import Lightspeed
from workers.stock import files, keys
from workers.stock.files import FileSender, digest, latest
from workers.stock.items import Progress
from workers.stock.orders import StockOrders
from workers.stock.turn import taken

File = Callable[..., Any]

KEEP = 3600


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def sender(reach: Lightspeed, stop: asyncio.Event) -> FileSender:
    """It believes at once what it does not find."""
    return FileSender(reach.stock, reach.client, stop, settle=0.0)


@pytest.fixture
def file(orders: StockOrders) -> File:
    """Take a file's order in, as the command does; return its id."""

    async def file(wanted: list[NewStockAdjustment]) -> str:
        order_id, _ = await latest(orders, digest(wanted, "kowhai"), again=False)
        return await orders.submit(wanted, "kowhai", order_id=order_id, keep=KEEP, by_caller=True)

    return file


def quiet(_: Progress) -> None:
    """Show nothing."""


async def test_no_worker_is_asked_and_progress_is_told_of_what_was_confirmed(
    sender: FileSender, file: File, store: Store, adjust: Adjust, database: Database
) -> None:
    wanted, told = adjust(2500), []
    order = await file(wanted)
    assert await database.do("KEYS", "arq:job:*") == []
    progress = await sender.send(order, lambda one: told.append(one.applied))
    assert told == [1000, 2000, 2500]
    assert (progress.applied, progress.is_over) == (2500, True)
    assert booked(store) == asked(wanted)


async def test_plugins_adjustments_go_in_between(
    sender: FileSender, file: File, orders: StockOrders, store: Store, adjust: Adjust
) -> None:
    order = await file(adjust(3000))
    orders.linger = 0.0
    single = await orders.submit(adjust(1, start=9000), "kowhai")
    await sender.send(order, quiet)
    (result,) = await orders.results(single)
    assert result.outcome == "applied"
    assert len(requests(store)) == 4
    assert store.rows("stock_adjustments")[1000]["quantity"] == "9000"


async def test_it_stops_between_requests_and_goes_on_with_what_is_left(
    sender: FileSender,
    stop: asyncio.Event,
    reach: Lightspeed,
    file: File,
    store: Store,
    adjust: Adjust,
) -> None:
    wanted = adjust(3000)
    order = await file(wanted)
    progress = await sender.send(order, lambda _: stop.set())
    assert (progress.applied, progress.left) == (1000, 2000)
    assert await file(wanted) == order
    again = FileSender(reach.stock, reach.client, asyncio.Event())
    assert (await again.send(order, quiet)).is_over
    assert booked(store) == asked(wanted)
    assert requests(store) == [201] * 3


@pytest.mark.parametrize("at", ["before", "answer"])
async def test_it_stops_while_it_waits_for_the_rate_limit(
    reach: Lightspeed, file: File, store: Store, adjust: Adjust, at: str
) -> None:
    stop = asyncio.Event()
    sender = FileSender(reach.stock, reach.client, stop)
    order = await file(adjust(5))
    store.strike("429-storm")
    if at == "before":
        with pytest.raises(RateLimited):
            await reach.client.call(ListOutlets(), "kowhai", lane="bulk", patience=0.5)
    sending = asyncio.create_task(sender.send(order, quiet))
    budget = reach.client.budget
    assert budget
    async with asyncio.timeout(20):
        await until(lambda: budget.opens("kowhai", "bulk") > 0)
        await until(lambda: sender.is_waiting if at == "before" else bool(sender.why))
        assert not sending.done()
        stop.set()
        progress = await sending
    assert progress.left == 5
    assert requests(store) == ([] if at == "before" else [429])
    assert store.rows("stock_adjustments") == []


async def test_it_waits_for_another_sender(
    sender: FileSender, file: File, store: Store, adjust: Adjust, database: Database
) -> None:
    wanted = adjust(5)
    order = await file(wanted)
    async with taken(database, "kowhai"):
        sending = asyncio.create_task(sender.send(order, quiet))
        await until(lambda: bool(sender.why))
        assert "another sender" in sender.why
        await database.do("DEL", keys.turn("kowhai"))
        await database.do("PEXPIRE", keys.turn("kowhai"), 1)
    assert (await sending).is_over
    assert booked(store) == asked(wanted)


async def test_an_outage_is_waited_for_and_one_that_does_not_end_is_told(
    sender: FileSender,
    file: File,
    store: Store,
    adjust: Adjust,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = adjust(5)
    order = await file(wanted)
    monkeypatch.setattr(files, "_PAUSES", (0.0, 0.0))
    left = 3

    async def call(self: Any, action: Any, retailer: str, permit: Permit | None = None) -> Any:
        nonlocal left
        if left == 0:
            return await right(self, action, retailer, permit)
        left -= 1
        if permit is not None:
            permit.unsent()
        raise ConnectionFailed("CreateStockAdjustments", "kowhai", "no route", unsent=True)

    right = files._StoppableWay.call  # noqa: SLF001 - stands for a network that is away
    monkeypatch.setattr(files._StoppableWay, "call", call)  # noqa: SLF001
    with pytest.raises(ConnectionFailed):
        await sender.send(order, quiet)
    left = 2
    assert (await sender.send(order, quiet)).is_over
    assert booked(store) == asked(wanted)


async def test_what_redis_has_lost_is_neither_done_nor_waited_for(
    sender: FileSender, file: File, adjust: Adjust, database: Database
) -> None:
    order = await file(adjust(5))
    await database.do("DEL", keys.file(order))
    assert (await sender.send(order, quiet)).left == 5


async def test_an_order_says_how_long_it_is_kept_whoever_sends_it(
    sender: FileSender, orders: StockOrders, adjust: Adjust, database: Database
) -> None:
    order = await orders.submit(adjust(5), "kowhai", keep=10 * KEEP, by_caller=True)
    await sender.send(order, quiet)
    for name in (keys.order(order), keys.results(order)):
        assert KEEP < await database.do("TTL", name) <= 10 * KEEP


async def test_a_file_is_known_by_all_that_is_in_it(adjust: Adjust) -> None:
    wanted = adjust(3)
    assert digest(wanted, "kowhai") == digest(adjust(3), "kowhai")
    others = [digest(wanted[::-1], "kowhai"), digest(wanted, "torea"), digest(adjust(2), "kowhai")]
    assert len({digest(wanted, "kowhai"), *others}) == 4


async def test_again_goes_past_what_is_over_and_not_past_what_is_under_way(
    sender: FileSender, orders: StockOrders, adjust: Adjust
) -> None:
    wanted = adjust(3)
    known = digest(wanted, "kowhai")
    assert await latest(orders, known, again=True) == (known, None)
    for expected in (known, f"{known}-2"):
        order, progress = await latest(orders, known, again=True)
        assert (order, progress) == (expected, None)
        await orders.submit(wanted, "kowhai", order_id=order, by_caller=True)
        for again in (True, False):
            order, progress = await latest(orders, known, again=again)
            assert order == expected
            assert progress is not None
            assert progress.left == 3
        await sender.send(order, quiet)
    order, progress = await latest(orders, known, again=False)
    assert order == f"{known}-2"
    assert progress is not None
    assert progress.is_over


async def until(is_so: Callable[[], bool]) -> None:
    """Let others go on until it is so."""
    while not is_so():  # noqa: ASYNC110 - it is no event, but what is shown
        await asyncio.sleep(0)
