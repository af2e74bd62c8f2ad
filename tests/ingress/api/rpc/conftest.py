"""The API in front of two stores of a simulator, and a caller with a key."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import hdrs
from aiohttp.test_utils import TestClient, TestServer
from msgspec import Struct

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.vault import Vault
from ingress.api.keys import ApiKeys
from ingress.api.problems import TYPE
from ingress.app import create_app
from tests.conftest import Ingress
from tests.ingress.api.conftest import api_key, basic
from tests.stores import Store, open_store
from workers.settings import Settings

RETAILERS = ("kowhai", "torea")


class Told(Struct, frozen=True):
    """What was answered."""

    status: int
    body: Any
    headers: dict[str, str]


class Api(Struct, frozen=True):
    """The API, for one caller."""

    client: Ingress
    key: dict[str, str]
    retailer: str = "kowhai"

    async def ask(self, method: str, path: str, **more: Any) -> Told:
        """Call, with the key and the retailer unless told otherwise."""
        headers = self.key | {"x-account-id": self.retailer} | more.pop("headers", {})
        headers = {name: value for name, value in headers.items() if value}
        async with self.client.request(method, path, headers=headers, **more) as answer:
            kind = answer.content_type
            assert kind == (TYPE if answer.status >= 400 else "application/json"), kind
            assert answer.headers[hdrs.CACHE_CONTROL] == "no-store"
            body = await answer.json(content_type=kind)
            return Told(answer.status, body, dict(answer.headers))

    async def rpc(self, action: str, *, status: int = 200, **more: Any) -> Any:
        """Run an action; a path, a query, a body and headers are those of the call itself."""
        call = {"action": action} | more
        told = await self.ask("POST", "/actions/rpc", json=call)
        assert told.status == status, told.body
        return told.body


OpenApi = Callable[..., Awaitable[Api]]


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(retailers=RETAILERS, products=5) as store:
        yield store


@pytest.fixture
def environ(environ: dict[str, str], store: Store) -> dict[str, str]:
    return environ | store.environ


@pytest.fixture
async def running(settings: Settings, database: Database) -> AsyncIterator[Ingress]:
    """The application as `backroom web` serves it."""
    server = TestServer(await create_app(settings, database))
    await server.start_server(auto_decompress=False)
    async with TestClient(server) as client:
        yield client


@pytest.fixture
def grants(database: Database, vault: Vault) -> Grants:
    return Grants(database, vault)


@pytest.fixture
async def linked(store: Store, grants: Grants, database: Database, vault: Vault) -> None:
    for retailer in RETAILERS:
        await grants.keep(retailer, store.pair(retailer))
        await Connections(database, vault).link(retailer, unsigned=False)


@pytest.fixture
def open_api(running: Ingress, linked: None, keys: ApiKeys) -> OpenApi:  # noqa: ARG001 - linked
    """Come with a new key, as StackOne's clients do."""

    async def open_api(name: str = "erp", **limits: Any) -> Api:
        return Api(running, basic((await keys.create(api_key(name, **limits))).reveal()))

    return open_api


@pytest.fixture
async def api(open_api: OpenApi) -> Api:
    return await open_api()
