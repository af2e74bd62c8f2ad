"""An agent at the desk: what its key may do, at a simulator's stores, without the protocol."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants, Pair
from actions.secret import Secret
from actions.vault import Vault
from ingress.api.keys import ApiKey
from ingress.mcp.desk import Desk
from ingress.mcp.previews import Previews
from ingress.mcp.results import Result
from ingress.mcp.visits import Visit, visit
from tests.ingress.api.conftest import api_key
from tests.stores import Store, open_store
from workers.environment import load
from workers.lightspeed import lightspeed
from workers.settings import Settings

Call = Callable[..., Awaitable[Result]]
MADE = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
async def store(database: Database, vault: Vault) -> AsyncIterator[Store]:
    """Two stores, both linked, with every scope."""
    async with open_store(retailers=("kowhai", "torea"), products=8) as store:
        for retailer in ("kowhai", "torea"):
            await Grants(database, vault).keep(retailer, store.pair(retailer))
            await Connections(database, vault).link(retailer, unsigned=False)
        yield store


@pytest.fixture
def previews(database: Database, vault: Vault) -> Previews:
    return Previews(database, vault)


@pytest.fixture
async def desk(
    environ: dict[str, str], store: Store, database: Database, vault: Vault, previews: Previews
) -> AsyncIterator[Desk]:
    settings = load(Settings, environ | store.environ)
    async with lightspeed(settings, database, vault) as reach:
        yield Desk(reach.client, previews)


@pytest.fixture
def call(desk: Desk) -> Call:
    """Call a tool as an agent that may write with previews, at kowhai, unless told otherwise."""

    async def call(tool: str, /, by: Visit | None = None, **arguments: Any) -> Result:
        return await desk.call(by or here(), f"lightspeed_{tool}", arguments)

    return call


def here(
    retailer: str = "kowhai",
    scopes: frozenset[str] | None = None,
    style: Any = "plain",
    **more: Any,
) -> Visit:
    """A visit with a key that may do everything, unless told otherwise."""
    key: dict[str, Any] = {"name": "agent", "hint": "bk_12345", "created_at": MADE} | more
    return Visit(ApiKey(**key), retailer, scopes, style)


async def granted(
    store: Store, database: Database, vault: Vault, *scopes: str, **more: Any
) -> Visit:
    """A visit at a store that has granted these scopes alone."""
    grants = Grants(database, vault)
    token = Secret(store.token("kowhai", *scopes))
    await grants.keep("kowhai", Pair(access=token, scopes=frozenset(scopes)))
    return await visit(api_key("agent", **more), "kowhai", grants)
