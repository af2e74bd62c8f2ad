"""Stock adjustments on a worker: gathered from many callers, and patient."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest
import structlog
from structlog.testing import capture_logs

from actions.budget import Budget
from actions.database import Database
from actions.grants import Pair
from actions.listening import cancelled
from actions.vault import Vault
from tests.stores import Store
from tests.workers.stock.conftest import Adjust, requests
from workers.environment import load
from workers.jobs import Listed, Wanted, listed
from workers.lightspeed import Lightspeed, lightspeed
from workers.plugins import Context, NoSettings
from workers.queue import SEND_STOCK
from workers.settings import Settings
from workers.stock import runs
from workers.worker import build_actions

PATIENCE = 20.0
WAITS = 3
"""After so many it would have been given up, were they attempts."""


@pytest.fixture
def settings(environ: dict[str, str], store: Store) -> Settings:
    return load(Settings, environ | store.environ)


@asynccontextmanager
async def working(settings: Settings, reach: Lightspeed) -> AsyncIterator[None]:
    """A worker of the actions queue."""
    engine = build_actions(settings, reach, burst=False)
    at_work = asyncio.create_task(engine.async_run())
    try:
        yield
    finally:
        engine.stop()
        await asyncio.wait({at_work}, timeout=PATIENCE)
        await cancelled(at_work)
        await engine.close()


@pytest.fixture
def anew(
    settings: Settings, database: Database, vault: Vault
) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Run another process' worker, which has seen nothing yet."""

    @asynccontextmanager
    async def anew() -> AsyncIterator[None]:
        async with lightspeed(settings, database, vault) as reach, working(settings, reach):
            yield

    return anew


async def stock_jobs(database: Database) -> list[Listed]:
    """The jobs that send, as `backroom jobs` lists them."""
    return [one for one in await listed(database, Wanted(), 100) if one.name == SEND_STOCK]


async def test_singles_of_several_processes_leave_in_one_request(
    settings: Settings, database: Database, vault: Vault, reach: Lightspeed, store: Store
) -> None:
    products = [row["id"] for row in store.rows("products")]
    outlet = store.rows("outlets")[0]["id"]
    async with AsyncExitStack() as stack:
        others = [
            await stack.enter_async_context(lightspeed(settings, database, vault)) for _ in range(3)
        ]
        contexts = [
            Context(NoSettings(), structlog.get_logger(), retailer="kowhai", reach=one)
            for one in others
        ]
        ids = await asyncio.gather(
            *(
                ctx.adjust_stock(one, outlet, 2, "STOCK_FOUND")
                for ctx in contexts
                for one in products
            )
        )
        (job,) = await stock_jobs(database)
        assert (job.queue, job.retailer, job.state, job.attempts) == (
            "actions",
            "kowhai",
            "waiting",
            0,
        )
        engine = build_actions(settings, reach, burst=True)
        await engine.async_run()
        await engine.close()
        outcomes = await asyncio.gather(*map(contexts[0].stock_outcome, ids))
        for one in others:
            await one.stock.close()
    assert {one.outcome for one in outcomes} == {"applied"}
    assert requests(store) == [201]
    assert len(store.rows("stock_adjustments")) == len(ids)
    assert await stock_jobs(database) == []


async def not_linked(reach: Lightspeed) -> None:
    await reach.stock.database.do("DEL", "backroom:grant:kowhai")


async def without_scope(reach: Lightspeed) -> None:
    pair = Pair(access=(await reach.grants.get("kowhai")).pair.access, scopes=frozenset({"none"}))
    await reach.grants.keep("kowhai", pair)


@pytest.mark.parametrize("spoilt", [not_linked, without_scope])
async def test_what_a_person_must_mend_is_waited_for_without_an_attempt(
    reach: Lightspeed,
    anew: Callable[[], AbstractAsyncContextManager[None]],
    store: Store,
    adjust: Adjust,
    monkeypatch: pytest.MonkeyPatch,
    spoilt: Callable[[Lightspeed], Awaitable[None]],
) -> None:
    monkeypatch.setattr(runs, "_LOOK_SECONDS", 0.2)
    await spoilt(reach)
    reach.stock.linger = 0.0
    order = await reach.stock.submit(adjust(3), "kowhai")
    with capture_logs() as lines:
        async with anew():
            async with asyncio.timeout(PATIENCE):
                while sum(one["event"] == "stock.waited" for one in lines) < WAITS:  # noqa: ASYNC110 - a list tells nobody
                    await asyncio.sleep(0.01)
            (job,) = await stock_jobs(reach.stock.database)
            assert (job.state in {"waiting", "queued", "running"}, job.attempts) == (True, 0)
            assert requests(store) == []
            await reach.grants.keep("kowhai", store.pair())
            async with asyncio.timeout(PATIENCE):
                outcomes = await reach.stock.outcome(order)
    assert [one.outcome for one in outcomes] == ["applied"] * 3


async def test_the_rate_limit_is_waited_for_without_an_attempt(
    reach: Lightspeed,
    anew: Callable[[], AbstractAsyncContextManager[None]],
    database: Database,
    store: Store,
    adjust: Adjust,
) -> None:
    async with Budget(database) as budget:
        (await budget.take("ListOutlets", "kowhai")).refused({}, 3.0)
    reach.stock.linger = 0.0
    order = await reach.stock.submit(adjust(3), "kowhai")
    assert 0 < (await reach.stock.progress(order)).last_in <= 3.0
    with capture_logs() as lines:
        async with anew(), asyncio.timeout(PATIENCE):
            while not (waited := [one for one in lines if one["event"] == "stock.waited"]):  # noqa: ASYNC110 - a list tells nobody
                await asyncio.sleep(0.01)
            assert (waited[0]["error"], requests(store)) == ("RateLimited", [])
            (job,) = await stock_jobs(database)
            assert (job.state in {"waiting", "queued", "running"}, job.attempts) == (True, 0)
            outcomes = await reach.stock.outcome(order)
    assert [one.outcome for one in outcomes] == ["applied"] * 3
