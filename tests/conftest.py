"""What every test may use: a real Redis, keys, settings, a linked retailer, a worker in burst."""

import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from actions.connections import Connection, Connections
from actions.database import Database
from actions.vault import Vault, new_key
from ingress.app import create_app
from ingress.signatures import HEADER, sign
from workers.discovery import Loaded, Plugins
from workers.embedded import EmbeddedRedis
from workers.environment import load
from workers.inbox import Inbox
from workers.plugins import Plugin
from workers.settings import Settings
from workers.worker import build

CLIENT_SECRET = "example-client-secret"
FORM = "application/x-www-form-urlencoded"

Ingress = TestClient[web.Request, web.Application]
Work = Callable[..., Awaitable[None]]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with EmbeddedRedis() as redis:
        yield redis.url


@pytest.fixture
async def database(redis_url: str) -> AsyncIterator[Database]:
    async with Database(redis_url) as database:
        await database.do("FLUSHALL")
        yield database


@pytest.fixture(scope="session")
def key() -> str:
    return new_key()


@pytest.fixture
def environ(redis_url: str, key: str) -> dict[str, str]:
    """The environment that a process of ours needs."""
    return {
        "REDIS_URL": redis_url,
        "BACKROOM_KEYS": key,
        "LIGHTSPEED_CLIENT_SECRET": CLIENT_SECRET,
        "LOG_FORMAT": "json",
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return load(Settings, environ)


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault(settings.backroom_keys)


@pytest.fixture
def inbox(database: Database, vault: Vault, settings: Settings) -> Inbox:
    return Inbox(database, vault, settings.inbox_seconds)


@pytest.fixture
def connections(database: Database, vault: Vault) -> Connections:
    return Connections(database, vault)


@pytest.fixture
async def kowhai(connections: Connections) -> Connection:
    """A linked retailer whose deliveries are signed."""
    return await connections.link("kowhai", unsigned=False)


@pytest.fixture
async def ingress(settings: Settings, database: Database) -> AsyncIterator[Ingress]:
    """The ingress behind a real socket."""
    server = TestServer(await create_app(settings, database))
    async with TestClient(server, auto_decompress=False) as client:
        yield client


@pytest.fixture
def work(settings: Settings, inbox: Inbox) -> Work:
    """Run a worker with these plugins until the queue is empty."""

    async def work(*plugins: Plugin, **plugin_settings: object) -> None:  # type: ignore[type-arg]
        loaded = [
            Loaded(plugin, "a test", plugin_settings.get(plugin.name) or plugin.settings())
            for plugin in plugins
        ]
        ready = Plugins(loaded)
        async with ready.open():
            worker = build(settings, inbox, ready, burst=True)
            await worker.async_run()
            await worker.close()

    return work


@pytest.fixture
def restored() -> Iterator[None]:
    """Whatever a test does to the logging of this process is undone."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    quiet = {name: logging.getLogger(name).level for name in ("arq.worker", "aiohttp.access")}
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def path(connection: Connection, event_type: str = "") -> str:
    """A retailer's webhook path."""
    tail = f"/{event_type}" if event_type else ""
    return f"/webhooks/{connection.webhook_key.reveal()}{tail}"


def signed(body: bytes, secret: str = CLIENT_SECRET) -> dict[str, str]:
    """The headers of a delivery as the vendor sends it."""
    return {HEADER: sign(body, secret.encode()), "Content-Type": FORM}


def unique(text: str = "") -> bytes:
    """A form body that no other test has sent."""
    return f"payload=%7B%22id%22%3A%22{secrets.token_hex(8)}%22%7D{text}".encode()
