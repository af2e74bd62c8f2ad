"""A store at the simulator that has granted us all by OAuth, and our ingress' address."""

import time
from collections.abc import AsyncIterator, Callable

import pytest
from msgspec import structs

from actions.connections import Connection
from actions.database import Database
from actions.grants import Pair
from actions.secret import Secret
from actions.simulator.scopes import SCOPES
from actions.vault import Vault
from tests.stores import Store, open_store
from workers.environment import load
from workers.events import WEBHOOK_TYPES
from workers.hooks.mending import Hooks
from workers.lightspeed import Lightspeed, lightspeed
from workers.settings import Settings

BASE = "http://127.0.0.1:8000"
SECONDS = 10.0

Put = Callable[..., str]


@pytest.fixture
async def shop() -> AsyncIterator[Store]:
    async with open_store(retailers=("kowhai", "torea")) as shop:
        yield shop


@pytest.fixture
def settings(environ: dict[str, str], shop: Store) -> Settings:
    return load(Settings, environ | shop.environ)


def granted(shop: Store, retailer: str = "kowhai", *scopes: str) -> Pair:
    """Tokens as the consent page leads to them."""
    access, ours = shop.simulator.stage.access, shop.simulator.options.client_id
    grant = access.grant(retailer, ours, frozenset(scopes or SCOPES), "a user")
    return Pair(
        access=Secret(grant.access_token),
        refresh=Secret(grant.refresh_token),
        expires_at=time.time() + 86_400,
        lasts=86_400,
        scopes=frozenset(scopes) or None,
    )


@pytest.fixture
async def reach(
    settings: Settings, database: Database, vault: Vault, shop: Store
) -> AsyncIterator[Lightspeed]:
    async with lightspeed(settings, database, vault) as reach:
        for retailer in ("kowhai", "torea"):
            await reach.grants.keep(retailer, granted(shop, retailer))
        yield reach


@pytest.fixture
def hooks(settings: Settings, database: Database, reach: Lightspeed) -> Hooks:
    return Hooks(settings, database, reach.client)


@pytest.fixture
def unreached(settings: Settings, database: Database, reach: Lightspeed) -> Hooks:
    """As it is where our URLs are of this machine, and the stores are not."""
    far = structs.replace(settings, lightspeed_origin="https://{domain_prefix}.example.com")
    return Hooks(far, database, reach.client)


@pytest.fixture
def put(shop: Store, kowhai: Connection) -> Put:
    """Register something at the store behind our back; return its id."""

    def put(event_type: str, url: str = "", *, active: bool = True) -> str:
        store = shop.simulator.shop("kowhai")
        row = {
            "id": store.new_id(),
            "retailer_id": store.retailer_id,
            "user_id": "somebody",
            "type": event_type,
            "url": url or url_of(kowhai, event_type),
            "active": active,
        }
        return str(store.put("webhooks", row)["id"])

    return put


def url_of(connection: Connection, event_type: str, base: str = BASE) -> str:
    return f"{base}/webhooks/{connection.webhook_key.reveal()}/{event_type}"


def registered(shop: Store, retailer: str = "kowhai") -> list[tuple[str, str]]:
    """Type and URL of every active webhook that the store has."""
    rows = shop.rows("webhooks", retailer)
    return sorted((row["type"], row["url"]) for row in rows if row["active"])


def all_of(connection: Connection, *types: str) -> list[tuple[str, str]]:
    """What `registered` says where these types, or all, are registered as they should be."""
    return sorted((name, url_of(connection, name)) for name in types or WEBHOOK_TYPES)
