import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from msgspec import Struct
from structlog.testing import capture_logs

from actions.connections import Connection, Connections
from actions.database import Database, place
from actions.vault import Vault
from ingress.app import create_app
from tests.conftest import Ingress, path, signed, unique
from workers.embedded import EmbeddedRedis
from workers.installation import HEADER, INSTALLATION, installation
from workers.keys import EVENTS_QUEUE, OPEN
from workers.listing import sizes
from workers.settings import Settings


class Shop(Struct):
    """An ingress on a Redis of its own, reached by a link that can be cut."""

    client: Ingress
    torea: Connection
    redis: EmbeddedRedis
    link: Path
    control: Database

    async def post(self, body: bytes) -> ClientResponse:
        async with asyncio.timeout(4):
            return await self.client.post(path(self.torea), data=body, headers=signed(body))

    async def ready(self) -> ClientResponse:
        async with asyncio.timeout(4):
            return await self.client.get("/ready")

    async def do(self, *command: str) -> None:
        await self.control.do(*command)


@asynccontextmanager
async def opened(settings: Settings, vault: Vault, folder: Path) -> AsyncIterator[Shop]:
    link = folder / "redis.sock"
    with EmbeddedRedis() as redis:
        link.symlink_to(place(redis.url))
        async with Database(f"unix://{link}", 1.5) as database, Database(redis.url) as control:
            connections = Connections(database, vault)
            torea = await connections.link("torea", unsigned=False)
            server = TestServer(await create_app(settings, database))
            async with TestClient(server) as client:
                yield Shop(client, torea, redis, link, control)
                redis.stop()  # a slow one would keep the ingress waiting


@pytest.fixture
async def shop(settings: Settings, vault: Vault) -> AsyncIterator[Shop]:
    with TemporaryDirectory(prefix="backroom-") as folder:
        async with opened(settings, vault, Path(folder)) as shop:
            yield shop


Ill = Callable[[Shop], Awaitable[None]]


async def stopped(shop: Shop) -> None:
    shop.redis.stop()


async def unreachable(shop: Shop) -> None:
    shop.link.unlink()
    await shop.do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


async def full(shop: Shop) -> None:
    await shop.do("CONFIG", "SET", "maxmemory", "1")


async def read_only(shop: Shop) -> None:
    await shop.do("REPLICAOF", "127.0.0.1", "1")


async def slow(shop: Shop) -> None:
    await shop.do("CLIENT", "PAUSE", "60000", "ALL")


async def slow_to_write(shop: Shop) -> None:
    await shop.do("CLIENT", "PAUSE", "60000", "WRITE")


each_illness = pytest.mark.parametrize("fall_ill", [stopped, unreachable, full, read_only, slow])


async def reachable(shop: Shop) -> None:
    shop.link.symlink_to(place(shop.redis.url))


async def emptied(shop: Shop) -> None:
    await shop.do("CONFIG", "SET", "maxmemory", "0")


async def writable(shop: Shop) -> None:
    await shop.do("REPLICAOF", "NO", "ONE")


async def unpaused(shop: Shop) -> None:
    await shop.do("CLIENT", "UNPAUSE")


async def test_the_process_is_healthy_though_redis_is_gone(shop: Shop) -> None:
    for _ in range(2):
        response = await shop.client.get("/health")
        assert (response.status, await response.json()) == (200, {"status": "ok"})
        await stopped(shop)


async def test_an_ingress_tells_by_its_health_which_installation_it_is_of(shop: Shop) -> None:
    name = (await shop.client.get("/health")).headers[HEADER]
    assert name == await installation(shop.control)
    assert await shop.control.do("GET", INSTALLATION) == name.encode()


async def test_a_ready_ingress_says_what_waits(shop: Shop) -> None:
    for stored in range(3):
        response = await shop.ready()
        assert (response.status, response.content_type) == (200, "application/json")
        answer = await response.json()
        assert list(answer) == ["status", "inbox", "queues"]
        assert answer["status"] == "ready"
        assert 0 <= answer["inbox"].pop("oldest") < 60
        sizes = {"open": stored, "failed": 0, "handled": 0, "overdue": 0, "unseen": 0}
        assert answer["inbox"] == sizes
        assert answer["queues"]["events"]["jobs"] == stored
        none = {"jobs": 0, "overdue": 0, "oldest": 0.0, "workers": 0}
        assert answer["queues"]["actions"] == none
        assert (await shop.post(unique())).status == 200


async def test_an_ingress_whose_events_are_overdue_is_not_ready_and_still_stores(
    shop: Shop,
) -> None:
    event_id = (await (await shop.post(unique())).json())["event_id"]
    for name in (OPEN, EVENTS_QUEUE):
        await shop.do("ZINCRBY", name, "-90000", event_id)
    response = await shop.ready()
    answer = await response.json()
    assert (response.status, answer["status"]) == (503, "overdue")
    assert answer["reason"] == (
        "Overdue: 1 event without dispatch for more than 60 s, the oldest for 90 s; 1 job of the "
        "events queue for more than 60 s, the oldest for 90 s, with no worker."
    )
    assert (answer["inbox"]["overdue"], answer["queues"]["events"]["overdue"]) == (1, 1)
    assert (await shop.client.get("/health")).status == 200
    assert (await shop.post(unique())).status == 200


async def test_how_late_is_overdue_is_a_setting(settings: Settings, vault: Vault) -> None:
    patient = msgspec.structs.replace(settings, overdue_seconds=3600)
    with TemporaryDirectory(prefix="backroom-") as folder:
        async with opened(patient, vault, Path(folder)) as shop:
            event_id = (await (await shop.post(unique())).json())["event_id"]
            await shop.do("ZINCRBY", OPEN, "-3500000", event_id)
            assert (await shop.ready()).status == 200
            await shop.do("ZINCRBY", OPEN, "-3500000", event_id)
            assert (await shop.ready()).status == 503


@each_illness
async def test_an_ingress_that_cannot_store_is_not_ready_and_says_why(
    shop: Shop, fall_ill: Ill
) -> None:
    await fall_ill(shop)
    response = await shop.ready()
    answer = await response.json()
    assert (response.status, answer["status"]) == (503, "away")
    assert "Redis" in answer["reason"]


@each_illness
async def test_deliveries_that_cannot_be_stored_are_to_be_sent_again(
    shop: Shop, fall_ill: Ill
) -> None:
    assert (await shop.post(unique())).status == 200
    await fall_ill(shop)
    with capture_logs() as logs:
        answers = await asyncio.gather(*(shop.post(unique()) for _ in range(20)))
    assert [(line["status"], line["reason"]) for line in logs] == [(503, "redis away")] * 20
    for answer in answers:
        assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (503, True)
        assert await answer.text() == "The delivery could not be stored: send it again.\n"


@pytest.mark.parametrize("fall_ill", [stopped, unreachable, slow])
async def test_a_retailer_that_cannot_be_looked_up_is_to_be_sent_again_not_unknown(
    shop: Shop, fall_ill: Ill
) -> None:
    await fall_ill(shop)
    response = await shop.post(unique())
    assert (response.status, "Retry-After" in response.headers) == (503, True)


@pytest.mark.parametrize(
    ("fall_ill", "recover"),
    [(unreachable, reachable), (full, emptied), (read_only, writable), (slow_to_write, unpaused)],
)
async def test_once_redis_is_back_the_same_delivery_is_stored_once(
    shop: Shop, fall_ill: Ill, recover: Ill
) -> None:
    body = unique()
    await fall_ill(shop)
    assert (await shop.post(body)).status == 503
    await recover(shop)
    async with asyncio.timeout(10):
        while (await shop.post(body)).status != 200:
            assert (await shop.ready()).status == 200
    inbox, counts = await sizes(shop.control)
    assert (inbox["open"], counts["stored"]) == (1, 1)
    assert await shop.control.do("ZCARD", "backroom:events") == 1


@pytest.mark.parametrize(("fall_ill", "recover"), [(unreachable, reachable), (full, emptied)])
async def test_an_ingress_that_was_not_ready_is_ready_again(
    shop: Shop, fall_ill: Ill, recover: Ill
) -> None:
    for _ in range(3):
        await fall_ill(shop)
        assert (await shop.ready()).status == 503
        await recover(shop)
        assert (await shop.ready()).status == 200


async def test_connections_that_redis_dropped_cost_no_delivery(shop: Shop) -> None:
    for _ in range(5):
        await shop.do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        answers = await asyncio.gather(*(shop.post(unique()) for _ in range(5)))
        assert {answer.status for answer in answers} == {200}


async def test_a_redis_that_forgot_its_scripts_costs_no_delivery(shop: Shop) -> None:
    for _ in range(3):
        assert (await shop.post(unique())).status == 200
        await shop.do("SCRIPT", "FLUSH")
