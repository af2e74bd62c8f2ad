"""A set-up in which all is well, to seed faults in, and the doctor who examines it."""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner
from msgspec import Struct
from msgspec.structs import replace
from redis.asyncio import Redis

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.secret import Secret
from actions.vault import Vault
from ingress.commands import cli
from ingress.health import Health
from tests.stores import Store, open_store
from workers import keys
from workers.deliveries import Delivery, keep
from workers.embedded import EmbeddedRedis
from workers.events import WEBHOOK_TYPES
from workers.hooks.address import webhook_urls
from workers.installation import installation

HIDDEN = "hunter2"
"""What no line may show."""
LONGEST = 300
STORES = ("kowhai", "torea", *(f"store-{number}" for number in range(6)))
TILL = """
from msgspec import Struct
from workers.events import SALE_UPDATE
from workers.plugins import Plugin

class Settings(Struct):
    account: int

print("a plugin that prints")
plugin = Plugin("till", Settings)

@plugin.on(SALE_UPDATE)
async def post(event, ctx):
    pass
"""


class Patient(Struct):
    """The set-up, on a Redis of its own, with a `web` and a store."""

    redis: EmbeddedRedis
    database: Database
    vault: Vault
    folder: Path
    environ: dict[str, str]
    store: Store

    async def config(self, name: str, value: str | int) -> None:
        await self.database.do("CONFIG", "SET", name, value)

    async def link(self, retailer: str, *, unsigned: bool = False, **more: Any) -> None:
        await Connections(self.database, self.vault).link(retailer, unsigned=unsigned)
        pair = replace(self.store.pair(retailer), refresh=Secret("r"), **more)
        await Grants(self.database, self.vault).keep(retailer, pair)

    async def register(self, retailer: str, *types: str) -> None:
        """Let a store have webhooks of ours, for all types unless told otherwise."""
        connection = await Connections(self.database, self.vault).get(retailer)
        for name, url in webhook_urls(connection, self.environ["PUBLIC_URL"]).items():
            if name in (types or WEBHOOK_TYPES):
                self.hook(retailer, name, url)

    def hook(self, retailer: str, event_type: str, url: str) -> None:
        """Let a store have this webhook."""
        shop = self.store.simulator.shop(retailer)
        row = {"id": shop.new_id(), "user_id": "u", "retailer_id": shop.retailer_id}
        shop.put("webhooks", row | {"type": event_type, "url": url, "active": True})

    async def aged(self, name: str, member: str, seconds: float = 130) -> None:
        """Let something stand in a set for so long."""
        score = int((time.time() - seconds) * 1000)
        await self.database.do("ZADD", name, score, member)

    async def event(self, name: str, vault: Vault | None = None, seconds: float = 130) -> None:
        """Keep an event, sealed with a vault of its own if need be."""
        body = (vault or self.vault).seal(b"payload=%7B%7D", "e1")
        delivery = Delivery(
            "kowhai", "sale.update", 1, signed=True, content_type="text/plain", body=body
        )
        await self.database.do("SET", keys.delivery("e1"), keep(delivery))
        await self.aged(name, "e1", seconds)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where plugins are; what is imported from there is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "till.py").write_text(TILL)
    yield tmp_path
    for name in ("till", "shop"):
        sys.modules.pop(name, None)


async def health(database: Database) -> web.Application:
    """As much of `web` as the doctor calls."""
    app = web.Application()
    app.router.add_get("/health", Health(await installation(database)).health)
    return app


@pytest.fixture
async def patient(
    environ: dict[str, str], key: str, folder: Path, restored: None
) -> AsyncIterator[Patient]:
    assert restored is None
    with EmbeddedRedis() as redis:
        async with (
            Database(redis.url) as database,
            Redis.from_url(redis.url).pubsub() as worker,
            open_store(products=0, retailers=STORES) as store,
            TestServer(await health(database)) as ours,
        ):
            await worker.subscribe("backroom:events:wake", "backroom:actions:wake")
            well = {
                "REDIS_URL": redis.url,
                "PUBLIC_URL": str(ours.make_url("")).rstrip("/"),
                "LIGHTSPEED_ORIGIN": store.environ["LIGHTSPEED_ORIGIN"],
                "PLUGINS": "till",
                "PLUGINS_OFF": "*",
                "TILL_ACCOUNT": "4000",
            }
            vault = Vault([Secret(key)])
            patient = Patient(redis, database, vault, folder, environ | well, store)
            await patient.link("kowhai")
            yield patient
            redis.stop()  # one that hangs would keep its clients waiting


async def examined(patient: Patient, code: int, **more: str) -> list[str]:
    """Run `backroom doctor` to that exit code and return its lines, one for each finding."""
    environ = patient.environ | more
    ended = await asyncio.to_thread(CliRunner().invoke, cli, ["doctor"], env=environ)
    assert ended.exit_code == code, ended.output
    heading, *lines = ended.stdout.splitlines()
    assert heading.split() == ["check", "found"]
    return [re.sub(" +", " ", line).strip() for line in lines]


async def names(
    patient: Patient, level: str, cause: str, mend: str, but: tuple[str, ...] = (), /, **more: str
) -> None:
    """See that one line of that level, and no other, says the cause and how to mend it.

    Of the checks `but` nothing is asked: where the cause is, they cannot be well.
    """
    lines = await examined(patient, {"warn": 0, "wrong": 1}[level], **more)
    assert HIDDEN not in str(lines)
    told = [one for one in lines if one.split()[1] not in but]
    (said,) = [one for one in told if not one.startswith(("ok ", "skipped "))]
    assert said.startswith(f"{level} ")
    assert cause in said
    assert mend in said.partition(cause)[2]
    assert len(said) < LONGEST
