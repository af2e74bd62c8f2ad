"""Workers keep webhooks whole: at their start, and then one of all of them, again and again."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from structlog.testing import capture_logs

from actions.connections import Connection, Connections
from actions.database import Database
from actions.listening import cancelled
from actions.vault import Vault
from tests.stores import Store
from tests.workers.conftest import Ledger, ready
from tests.workers.hooks.conftest import all_of, registered
from workers.discovery import Plugins
from workers.events import INVENTORY_UPDATE
from workers.hooks.upkeep import ROUND, STARTED, Upkeep
from workers.lightspeed import Lightspeed
from workers.settings import Settings

BOUND = 20.0
SALE, STOCK = "sale.update", "inventory.update"

Keep = Callable[..., "asyncio.Task[None]"]


@pytest.fixture
async def torea(connections: Connections) -> Connection:
    return await connections.link("torea", unsigned=False)


@pytest.fixture
def plugins() -> Plugins:
    return ready(Ledger().plugin)


@pytest.fixture
async def keep(
    settings: Settings, database: Database, vault: Vault, plugins: Plugins, reach: Lightspeed
) -> AsyncIterator[Keep]:
    """Let a worker keep webhooks, as long as the test lasts."""
    async with AsyncExitStack() as stack:

        def keep(plugins: Plugins = plugins, **more: float) -> "asyncio.Task[None]":
            upkeep = Upkeep(settings, database, vault, plugins, reach, **more)
            task = asyncio.create_task(upkeep.run())
            stack.push_async_callback(cancelled, task)
            return task

        yield keep


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(BOUND):
        while not is_so():  # noqa: ASYNC110 - the store is another's
            await asyncio.sleep(0.01)


def listed(shop: Store, retailer: str = "kowhai") -> int:
    asked = shop.simulator.stage.ledger.requests
    return sum((one.retailer, one.route) == (retailer, "GET /webhooks") for one in asked)


async def test_at_its_start_a_worker_registers_for_every_retailer_what_its_plugins_want(
    keep: Keep, shop: Store, kowhai: Connection, torea: Connection
) -> None:
    keep()
    await until(lambda: len(registered(shop)) + len(registered(shop, "torea")) == 2)
    assert registered(shop) == all_of(kowhai, SALE)
    assert registered(shop, "torea") == all_of(torea, SALE)


async def test_of_many_that_start_together_one_does_it(
    keep: Keep, shop: Store, kowhai: Connection, database: Database
) -> None:
    keep()
    await until(lambda: registered(shop) == all_of(kowhai, SALE))
    tasks = [keep() for _ in range(10)]
    await asyncio.wait(tasks, timeout=0.3)
    assert listed(shop) == 1
    assert await database.do("PTTL", STARTED) > 0


async def test_one_that_wants_more_than_others_before_registers_that_at_once(
    keep: Keep, shop: Store, kowhai: Connection
) -> None:
    keep()
    await until(lambda: registered(shop) == all_of(kowhai, SALE))
    keep(ready(Ledger(on=INVENTORY_UPDATE).plugin))
    await until(lambda: registered(shop) == all_of(kowhai, SALE, STOCK))


async def test_what_somebody_deletes_is_there_again_in_the_next_round_which_one_worker_makes(
    keep: Keep, shop: Store, kowhai: Connection
) -> None:
    began = time.monotonic()
    for _ in range(4):
        keep(every=0.5)
    await until(lambda: registered(shop) == all_of(kowhai, SALE))
    table = shop.simulator.shop("kowhai").table("webhooks")
    for row in list(table.all()):
        table.remove(row["id"])
    await until(lambda: registered(shop) == all_of(kowhai, SALE))
    assert listed(shop) <= 1 + (time.monotonic() - began) / 0.5


@pytest.mark.usefixtures("kowhai")
async def test_a_store_that_cannot_be_mended_keeps_no_other_from_it(
    keep: Keep, shop: Store, torea: Connection, connections: Connections
) -> None:
    await connections.link("absent", unsigned=False)
    shop.simulator.stage.access.revoke("kowhai")
    with capture_logs() as lines:
        keep()
        await until(lambda: registered(shop, "torea") == all_of(torea, SALE))
        await until(lambda: sum(one["event"] == "webhooks.lacking" for one in lines) == 2)
    told = {one["retailer"]: one["reason"] for one in lines if one["event"] == "webhooks.lacking"}
    assert told == {"absent": ["NotConnected"], "kowhai": ["NeedsRelink"]}
    assert registered(shop) == []


async def test_a_worker_that_died_in_the_middle_is_followed_by_another(
    keep: Keep, shop: Store, kowhai: Connection, database: Database
) -> None:
    await database.do("SET", STARTED, 1, "PX", 30_000)
    await database.do("SET", ROUND, 1, "PX", 300)
    await database.do("HSET", "backroom:wanted-types", SALE, 1)
    keep(every=1.0)
    await until(lambda: registered(shop) == all_of(kowhai, SALE))


async def test_redis_away_ends_nothing(
    settings: Settings, vault: Vault, plugins: Plugins, reach: Lightspeed
) -> None:
    async with away() as database:
        task = asyncio.create_task(Upkeep(settings, database, vault, plugins, reach).run())
        await asyncio.wait({task}, timeout=0.2)
        assert not task.done()
        await cancelled(task)


@asynccontextmanager
async def away() -> AsyncIterator[Database]:
    async with Database("redis://127.0.0.1:9/0") as database:
        yield database
