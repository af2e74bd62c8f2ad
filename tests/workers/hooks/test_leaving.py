"""A retailer leaves: first its webhooks, then what we keep of it, and nothing of another's."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from actions.connections import Connection, Connections
from actions.database import Database
from actions.errors import NotConnected
from actions.resources.brands import ListBrands
from actions.vault import Vault
from tests.stores import Store
from tests.workers.hooks.conftest import SECONDS, all_of, registered
from workers.hooks.leaving import NotRemoved, disconnect
from workers.hooks.mending import Hooks
from workers.hooks.report import Report
from workers.lightspeed import Lightspeed

Leave = Callable[..., Awaitable[Report]]


@pytest.fixture
def leave(database: Database, vault: Vault, hooks: Hooks) -> Leave:
    return partial(disconnect, database, vault, hooks)


async def test_what_is_kept_of_it_is_forgotten_and_nothing_of_others(
    leave: Leave,
    hooks: Hooks,
    kowhai: Connection,
    connections: Connections,
    shop: Store,
    reach: Lightspeed,
) -> None:
    database = reach.jobs.database
    torea = await connections.link("torea", unsigned=False)
    for one in (kowhai, torea):
        await hooks.mend(one, SECONDS)
        await reach.client.call(ListBrands(), one.retailer)
    await database.do("SADD", "backroom:all-events", "kowhai")
    await database.do("HSET", "backroom:retailer-ids", "kowhai", "1", "torea", "2")
    report = await leave(kowhai, force=False)
    assert len(report.deleted) == 7
    assert (registered(shop), registered(shop, "torea")) == ([], all_of(torea))
    assert [one.retailer for one in await connections.all()] == ["torea"]
    assert await database.do("HLEN", "backroom:webhook-keys") == 1
    assert await database.do("KEYS", "backroom:grant:*") == [b"backroom:grant:torea"]
    assert await database.do("HKEYS", "backroom:retailer-ids") == [b"torea"]
    assert await database.do("EXISTS", "backroom:all-events") == 0
    with pytest.raises(NotConnected):
        await reach.client.reread("kowhai")
    with pytest.raises(NotConnected):
        await reach.client.call(ListBrands(), "kowhai")
    await reach.client.call(ListBrands(), "torea")


@pytest.mark.parametrize("force", [True, False])
async def test_where_webhooks_may_be_left_it_is_forgotten_by_force_alone(
    leave: Leave,
    hooks: Hooks,
    shop: Store,
    kowhai: Connection,
    connections: Connections,
    *,
    force: bool,
) -> None:
    await hooks.mend(kowhai, SECONDS)
    shop.simulator.stage.access.revoke("kowhai")
    if force:
        assert (await leave(kowhai, force=True)).problems
    else:
        with pytest.raises(NotRemoved, match="nothing was forgotten: try again later, or give"):
            await leave(kowhai, force=False)
    assert len(await connections.all()) == (not force)
    assert len(registered(shop)) == 7
