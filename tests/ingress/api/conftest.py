"""What tests of the API share: a key, and a handler that needs one."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from actions.database import Database
from ingress.api.gate import Caller, Gate
from ingress.api.keys import ApiKey, ApiKeys
from tests.conftest import Ingress

Make = Callable[..., Awaitable[dict[str, str]]]


def api_key(name: str, **more: Any) -> ApiKey:
    return ApiKey(name=name, hint="", created_at=datetime.now(UTC), **more)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def basic(key: str) -> dict[str, str]:
    """The key as the user of Basic, as StackOne's clients send it."""
    return {"Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"}


@pytest.fixture
def keys(database: Database) -> ApiKeys:
    return ApiKeys(database)


@pytest.fixture
def make(keys: ApiKeys) -> Make:
    """Make a key and return the header that brings it."""

    async def make(name: str = "erp", **more: Any) -> dict[str, str]:
        return bearer((await keys.create(api_key(name, **more))).reveal())

    return make


async def echo(request: web.Request, caller: Caller) -> web.Response:
    """Say who calls; go wrong where the path asks for it."""
    if "mistake" in request.query:
        raise RuntimeError("the secret of a shopper")
    return web.json_response({"key": caller.key.name, "retailer": caller.store()})


@pytest.fixture
async def guarded(database: Database) -> AsyncIterator[Ingress]:
    app = web.Application()
    app.router.add_get("/", Gate(database).guarded(echo))
    async with TestClient(TestServer(app)) as client:
        yield client
