"""A sender that is stopped half-way, and a vendor that is slow: what is in the air may yet land."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from actions.database import Database
from actions.errors import DatabaseAway, OutcomeUnknown
from actions.permit import Permit
from tests.stores import Store
from tests.workers.stock.conftest import Adjust, all_sent, asked, booked, requests
from workers.lightspeed import Lightspeed
from workers.stock import keys, turn
from workers.stock.orders import StockOrders
from workers.stock.requests import LostTurn
from workers.stock.runs import ClientWay
from workers.stock.sender import Sender

Senders = Callable[..., Sender]
PATIENCE = 20.0


@pytest.fixture
def made(database: Database, reach: Lightspeed) -> Senders:
    """Make a sender with another way, or more doubts."""

    def made(kind: type[ClientWay] = ClientWay, settle: float = 0.0) -> Sender:
        way = kind(reach.client, "interactive", PATIENCE)
        return Sender(database, way, "kowhai", keys.waiting("kowhai"), settle=settle)

    return made


class Lost(ClientWay):
    """Sends nothing, and says that nobody knows."""

    async def call(self, action: Any, retailer: str, permit: Permit | None = None) -> Any:
        if permit is None:
            return await super().call(action, retailer)
        permit.abandoned()
        raise OutcomeUnknown("CreateStockAdjustments", retailer, "gone")


class Stopped(ClientWay):
    """Its process stands still for longer than a turn lasts, then goes on as if nothing were."""

    async def call(self, action: Any, retailer: str, permit: Permit | None = None) -> Any:
        time.sleep(turn.TURN_SECONDS * 1.5)  # noqa: ASYNC251 - this is what is tested
        await asyncio.sleep(0)
        return await super().call(action, retailer, permit)


async def stepped(sender: Sender) -> None:
    """Step until nothing waits, and wait as long as it says in between."""
    async with asyncio.timeout(PATIENCE):
        while (after := await sender.step()) is not None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(after)


async def test_what_a_slow_vendor_applies_late_is_not_sent_again(
    orders: StockOrders, made: Senders, store: Store, adjust: Adjust
) -> None:
    wanted = adjust(5)
    order = await orders.submit(wanted, "kowhai")
    store.strike("slow", path="/stock_adjustments", seconds=1500.0)  # 1.5 s of ours
    sending = asyncio.create_task(made().step())
    async with asyncio.timeout(PATIENCE):
        while not store.simulator.stage.faults.struck["slow"]:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.005)
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    await stepped(made(settle=3.0))
    assert booked(store) == asked(wanted)
    assert {one.outcome for one in await orders.results(order)} == {"applied"}


async def test_as_long_as_more_of_it_appears_nothing_is_sent_again(
    orders: StockOrders, sender: Sender, made: Senders, store: Store, adjust: Adjust
) -> None:
    await orders.submit(adjust(1, start=900), "kowhai")
    await all_sent(sender)
    (row,) = store.rows("stock_adjustments")
    wanted = adjust(3)
    order = await orders.submit(wanted, "kowhai")
    doubtful = made(Lost, settle=0.3)
    assert await doubtful.step() == 0.0
    for place, one in enumerate(wanted):
        after = await doubtful.step()
        assert after, "it was settled"
        await asyncio.sleep(after)
        facts = {"product_id": one.product_id, "quantity": one.quantity, "id": f"late-{place}"}
        store.simulator.shop("kowhai").put("stock_adjustments", row | facts)
    await stepped(doubtful)
    assert [one.detail for one in await orders.results(order)] == ["late-0", "late-1", "late-2"]
    assert requests(store) == [201]


async def test_a_sender_that_stood_still_for_too_long_sends_nothing(
    orders: StockOrders,
    made: Senders,
    store: Store,
    adjust: Adjust,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turn, "TURN_SECONDS", 0.3)
    wanted = adjust(5)
    await orders.submit(wanted, "kowhai")
    with pytest.raises(LostTurn):
        await made(Stopped).step()
    assert requests(store) == []
    await stepped(made())
    assert booked(store) == asked(wanted)


async def test_a_turn_that_has_ended_is_not_ours_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "TURN_SECONDS", 0.4)

    async def work() -> None:
        async with turn.taken(database, "kowhai"):
            await database.do("DEL", keys.turn("kowhai"))  # another had it meanwhile
            await asyncio.Event().wait()

    with pytest.raises(LostTurn):
        await work()
    assert await database.do("EXISTS", keys.turn("kowhai")) == 0


async def test_a_turn_lasts_as_long_as_it_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "TURN_SECONDS", 0.4)
    async with turn.taken(database, "kowhai") as mine:
        await asyncio.sleep(1.0)
        mine.check()
        assert await database.do("GET", keys.turn("kowhai")) == mine.token.encode()
    assert await database.do("EXISTS", keys.turn("kowhai")) == 0


async def test_nothing_is_sent_that_is_not_on_redis_disk(
    orders: StockOrders,
    sender: Sender,
    database: Database,
    store: Store,
    adjust: Adjust,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = adjust(5)
    await orders.submit(wanted, "kowhai")

    async def never(*_: object) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr(database, "reached_disk", never)
        with pytest.raises(DatabaseAway, match="disk"):
            await sender.step()
    assert requests(store) == []
    await all_sent(sender)
    assert booked(store) == asked(wanted)


async def test_redis_says_whether_what_another_connection_wrote_is_on_its_disk(
    database: Database,
) -> None:
    await database.do("SET", "written", 1)
    assert await database.reached_disk("a hash", "synced", 2000)
    await database.do("CONFIG", "SET", "appendonly", "no")
    try:
        assert await database.reached_disk("a hash", "synced", 2000)
    finally:
        await database.do("CONFIG", "SET", "appendonly", "yes")
