"""Redis restarted, and its power cut, while stock adjustments are sent."""

import asyncio
import random
from typing import Any

import pytest

from actions.database import Database
from actions.errors import BackroomError, DatabaseAway
from actions.listening import cancelled
from actions.vault import Vault
from tests.faults.refresh_store import is_thorough
from tests.faults.stock_book import PATIENCE, RETAILER, Book, busy_store
from tests.redis_server import RedisServer
from workers.environment import load
from workers.lightspeed import Lightspeed, lightspeed
from workers.settings import Settings
from workers.stock import keys, turn
from workers.stock.orders import StockOrders
from workers.stock.runs import ClientWay
from workers.stock.sender import Sender
from workers.stock.turn import NotYourTurn

SETTLE = 0.3
SPREAD = 0.6
"""Redis is killed within so many seconds."""
SIZES = (1, 3, 40, 1500)


class Noting(Database):
    """Notes how much of Redis' file was on disk for sure when it last said so."""

    def __init__(self, redis: RedisServer) -> None:
        super().__init__(redis.url)
        self.on_disk = redis.written
        self._server = redis

    async def reached_disk(self, name: str, field: str, ms: int) -> bool:
        """Say whether all that was written before is on Redis' disk."""
        is_there = await super().reached_disk(name, field, ms)
        if is_there:
            self.on_disk = self._server.written
        return is_there


class Giver:
    """Gives orders in, each until it was taken, and again where Redis has forgotten it."""

    def __init__(self, book: Book, orders: StockOrders) -> None:
        self._book = book
        self._orders = orders

    async def give(self) -> None:
        """Give one order after the other."""
        while True:
            wanted = self._book.some(random.choice(SIZES))  # noqa: S311 - no secret
            order_id = f"order-{len(self._book.orders)}"
            self._book.orders[order_id] = wanted
            await self._given(order_id, wanted)
            await asyncio.sleep(0.05)

    async def again(self) -> None:
        """Give all in again: what is known already is taken in no second time."""
        for order_id, wanted in self._book.orders.items():
            await self._given(order_id, wanted)

    async def _given(self, order_id: str, wanted: Any) -> None:
        while True:
            try:
                await self._orders.submit(wanted, RETAILER, order_id=order_id)
            except DatabaseAway:
                await asyncio.sleep(0.02)
            else:
                return


async def sending(sender: Sender) -> None:
    """Send whatever waits."""
    while True:
        try:
            after = await sender.step()
        except NotYourTurn as error:
            after = error.after
        except BackroomError:
            after = 0.02
        await asyncio.sleep(0.01 if after is None else after)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("appendfsync", "is_cut"), [("always", False), ("everysec", False), ("everysec", True)]
)
async def test_redis_restarted_in_the_middle_applies_nothing_twice(
    environ: dict[str, str],
    vault: Vault,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
    appendfsync: str,
    *,
    is_cut: bool,
) -> None:
    kills = 30 if is_thorough(pytestconfig) else 2
    monkeypatch.setattr(turn, "TURN_SECONDS", 1.0)
    with RedisServer(appendfsync) as redis:
        async with busy_store() as busy, Noting(redis) as database:
            settings = load(Settings, environ | busy.store.environ | {"REDIS_URL": redis.url})
            async with lightspeed(settings, database, vault) as reach:
                await reach.grants.keep(RETAILER, busy.store.pair())
                await database.reached_disk("test", "linked", 2000)
                book = Book(busy.store)
                await restarted(redis, database, reach, book, kills if not is_cut else -kills)
                verdict = await book.verdict(reach.stock)
    what = "its power cut" if is_cut else "killed"
    print(f"\nRedis, appendfsync {appendfsync}, {what} {kills} times: {verdict}")
    verdict.check()


async def restarted(
    redis: RedisServer, database: Noting, reach: Lightspeed, book: Book, kills: int
) -> None:
    """Kill Redis so many times under load, or cut its power; wait until every order is over."""
    giver, way = Giver(book, reach.stock), ClientWay(reach.client, "bulk", PATIENCE)
    sender = Sender(database, way, RETAILER, keys.waiting(RETAILER), settle=SETTLE)
    at_work = asyncio.create_task(sending(sender))
    for _ in range(abs(kills)):
        giving = asyncio.create_task(giver.give())
        await asyncio.sleep(random.uniform(0, SPREAD))  # noqa: S311 - the instant of the kill
        await cancelled(giving)
        redis.cut(database.on_disk) if kills < 0 else redis.kill()
        await asyncio.sleep(random.uniform(0, 0.3))  # noqa: S311 - how long it is away
        await asyncio.to_thread(redis.start)
        await giver.again()
    over = asyncio.gather(*map(reach.stock.outcome, book.orders))
    waited: set[asyncio.Future[Any]] = {at_work, over}
    await asyncio.wait(waited, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    await cancelled(at_work)
    assert at_work.cancelled(), at_work.exception()
    assert over.done()
    await over
