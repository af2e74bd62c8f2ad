"""`webhooks`, `disconnect` and `connect`: what the store's books say after each command."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from actions.connections import Connections
from actions.database import Database
from actions.simulator import till
from actions.vault import Vault
from tests.end_to_end.conftest import Process, Run
from tests.end_to_end.ports import free_port
from tests.stores import Shell, Store, open_store, shell
from workers.events import WEBHOOK_TYPES

SALE = "sale.update"
AWAY = {"LIGHTSPEED_ORIGIN": "http://127.0.0.1:9/{domain_prefix}"}
PERSONAL = ("connect", "kowhai", "--unsigned", "--personal-token")


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(retailers=("kowhai", "torea")) as store:
        yield store


@pytest.fixture
def public() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def backroom(run: Run, store: Store, public: str) -> Shell:
    bare = shell(run, store)

    async def backroom(*words: str, code: int = 0, **more: str) -> Any:
        return await bare(*words, code=code, **({"PUBLIC_URL": public} | more))

    return backroom


def registered(store: Store) -> list[str]:
    return sorted(row["type"] for row in store.rows("webhooks"))


async def test_connecting_registers_what_is_wanted_or_nothing(
    backroom: Shell, store: Store, public: str
) -> None:
    ended = await backroom(*PERSONAL, store.token(), "--no-webhooks")
    assert (ended.stderr, store.seen) == ("", [])
    said = json.loads((await backroom(*PERSONAL, store.token(), "--json")).stdout)
    assert said["registered"] == list(WEBHOOK_TYPES)
    assert {row["type"]: row["url"] for row in store.rows("webhooks")} == said["webhook_urls"]
    assert all(url.startswith(f"{public}/webhooks/") for url in said["webhook_urls"].values())


async def test_where_none_can_be_registered_the_retailer_is_linked_and_it_is_said(
    backroom: Shell, database: Database, vault: Vault
) -> None:
    ended = await backroom(*PERSONAL, "t", **AWAY)
    assert ended.stdout.count("/webhooks/") == 7
    (line,) = ended.stderr.splitlines()
    assert line.startswith("backroom: Webhooks were not registered.")
    assert [one.retailer for one in await Connections(database, vault).all()] == ["kowhai"]


async def test_webhooks_are_compared_and_mended_and_all_events_are_kept(
    backroom: Shell, store: Store, database: Database
) -> None:
    await database.do("HSET", "backroom:wanted-types", SALE, 1)
    text = (await backroom(*PERSONAL, store.token())).stdout
    assert text.count("  registered") == 1
    shop = store.simulator.shop("kowhai")
    (row,) = shop.table("webhooks").all()
    shop.put("webhooks", row | {"active": False})
    theirs = {"id": "theirs", "url": "https://elsewhere.example/secret/hook"}
    shop.put("webhooks", dict(row) | theirs)
    (found,) = json.loads((await backroom("webhooks", "kowhai", "--json", code=1)).stdout)
    assert (found["wanted"], found["lacking"], found["present"]) == ([SALE], [SALE], [])
    assert [one["why"] for one in found["stale"]] == ["inactive"]
    assert [one["leads_to"] for one in found["foreign"]] == ["https://elsewhere.example"]
    ended = await backroom("webhooks", "--fix", "--all-events")
    assert ended.stdout.count("created") == 7
    assert re.search(rf"{SALE} +deleted +inactive", ended.stdout)
    assert "https://elsewhere.example, left alone" in ended.stdout
    assert (await backroom("webhooks")).stdout.count("present") == 7
    assert registered(store) == sorted([*WEBHOOK_TYPES, SALE])


async def test_who_is_disconnected_has_none_of_our_webhooks_and_none_of_its_tokens_here(
    backroom: Shell, store: Store, database: Database
) -> None:
    await backroom(*PERSONAL, store.token())
    assert len(registered(store)) == 7
    assert (await backroom("disconnect", "kowhai", code=130)).stdout == ""  # nobody says yes
    assert (await backroom("disconnect", "kowhai", "--yes")).stdout == (
        "kowhai is not linked any more: 7 webhooks deleted, its tokens are forgotten.\n"
    )
    assert registered(store) == []
    for name in ("backroom:connections", "backroom:webhook-keys", "backroom:grant:kowhai"):
        assert await database.do("EXISTS", name) == 0


async def test_a_store_that_cannot_be_reached_is_forgotten_by_force(
    backroom: Shell, store: Store, database: Database
) -> None:
    await backroom(*PERSONAL, store.token(), "--no-webhooks")
    ended = await backroom("disconnect", "kowhai", "--yes", "--force", "--json", **AWAY)
    assert "Webhooks of ours may be left at kowhai" in ended.stderr
    assert json.loads(ended.stdout)["deleted"] == []
    assert await database.do("EXISTS", "backroom:grant:kowhai") == 0


async def test_a_worker_mends_at_its_start_and_sales_reach_its_plugin(
    backroom: Shell, store: Store, public: str, start: Callable[..., Process], tmp_path: Path
) -> None:
    await backroom(*PERSONAL, store.token(), "--no-webhooks")
    journal = {"PLUGINS": "workers.journal", "JOURNAL_PATH": str(tmp_path / "journal")}
    more = {**store.environ, **journal, "PORT": public.rpartition(":")[2]}
    await asyncio.to_thread(start, "web", **more)
    worker = await asyncio.to_thread(start, "worker", **more)
    line = await asyncio.to_thread(worker.line, "webhooks.mended", retailer="kowhai")
    assert sorted(line["created"]) == registered(store)
    shop = store.simulator.shop("kowhai")
    selling = asyncio.create_task(till.sell(shop, 600.0))
    await asyncio.to_thread(worker.line, "subscriber.succeeded")
    selling.cancel()
    await asyncio.gather(selling, return_exceptions=True)
