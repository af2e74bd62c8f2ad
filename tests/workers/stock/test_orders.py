"""Orders are kept until they are over, and taken in whole, whatever Redis forgets."""

import asyncio
from typing import Any

import pytest

from actions.budget import Budget
from actions.database import Database
from actions.errors import DatabaseAway
from tests.stores import Store
from tests.workers.stock.conftest import Adjust, all_sent, asked, booked
from workers.keys import ACTIONS_QUEUE
from workers.lightspeed import Lightspeed
from workers.stock import keys
from workers.stock.orders import StockOrders
from workers.stock.runs import ClientWay
from workers.stock.sender import Sender

DAY = 86_400
WINDOW = 300.0


async def test_an_order_is_not_forgotten_before_it_is_over(
    orders: StockOrders, sender: Sender, database: Database, adjust: Adjust
) -> None:
    order = await orders.submit(adjust(5), "kowhai", keep=60)
    assert await database.do("TTL", keys.order(order)) > 7 * DAY
    await all_sent(sender)
    for name in (keys.order(order), keys.results(order)):
        assert 0 < await database.do("TTL", name) <= 60


async def test_what_a_file_holds_is_kept_as_long_as_its_order(
    orders: StockOrders, reach: Lightspeed, database: Database, adjust: Adjust
) -> None:
    order = await orders.submit(adjust(1500), "kowhai", keep=60, by_caller=True)
    await database.together([("EXPIRE", one, 5) for one in (keys.order(order), keys.file(order))])
    way = ClientWay(reach.client, "bulk", 20.0)
    assert await Sender(database, way, "kowhai", keys.file(order)).step() == 0.0
    assert await database.do("LLEN", keys.file(order)) == 500
    for name in (keys.order(order), keys.file(order)):
        assert await database.do("TTL", name) > 7 * DAY


async def test_what_redis_has_forgotten_of_an_order_is_taken_in_again(
    orders: StockOrders,
    sender: Sender,
    database: Database,
    store: Store,
    adjust: Adjust,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, lost = database.run, list[int]()

    async def forgetful(script: Any, names: Any, args: Any) -> Any:
        if not lost and args[7] == 2000:
            lost.append(await database.do("DEL", *names))
        return await run(script, names, args)

    wanted = adjust(4500)
    with monkeypatch.context() as patch:
        patch.setattr(database, "run", forgetful)
        order = await orders.submit(wanted, "kowhai")
    assert lost
    await all_sent(sender)
    assert booked(store) == asked(wanted)
    assert (await orders.progress(order)).is_over


async def test_who_waits_for_an_outcome_waits_through_an_absence_of_redis(
    orders: StockOrders,
    sender: Sender,
    database: Database,
    adjust: Adjust,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = await orders.submit(adjust(2), "kowhai")
    waiting = asyncio.create_task(orders.outcome(order))
    together, away = database.together, asyncio.Event()

    async def absent(_: object) -> Any:
        away.set()
        raise DatabaseAway("No Redis answers.")

    monkeypatch.setattr(database, "together", absent)
    async with asyncio.timeout(20.0):
        await away.wait()
    monkeypatch.setattr(database, "together", together)
    await all_sent(sender)
    assert [one.outcome for one in await waiting] == ["applied"] * 2


async def test_few_jobs_send_what_many_have_submitted(
    orders: StockOrders, database: Database, adjust: Adjust
) -> None:
    for start in range(0, 2000, 500):
        await orders.submit(adjust(500, start=start + 1), "kowhai")
    await orders.submit(adjust(3000, start=5000), "kowhai")
    assert await database.do("ZCARD", ACTIONS_QUEUE) == 2


async def test_an_order_tells_when_the_rate_limit_lets_its_last_request_leave(
    orders: StockOrders, sender: Sender, database: Database, adjust: Adjust
) -> None:
    async with Budget(database) as budget:
        (await budget.take("ListOutlets", "kowhai")).answered(
            {"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "20"}
        )
    first = await orders.submit(adjust(1500), "kowhai")
    assert (await orders.progress(first)).last_in == 0.0
    later = await orders.submit(adjust(2500), "kowhai")
    assert WINDOW - 60 < (await orders.progress(later)).last_in < WINDOW + 2
    await all_sent(sender)
    assert (await orders.progress(later)).last_in == 0.0
