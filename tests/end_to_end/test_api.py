"""The API of a `backroom web` that runs: a key from the command line, and a stop amid a write."""

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.vault import Vault
from tests.end_to_end.conftest import Process, Run
from tests.ingress.api.conftest import basic
from tests.stores import Store, open_store


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store() as store:
        yield store


async def test_a_write_that_is_under_way_is_answered_before_the_process_stops(
    run: Run, start: Callable[..., Process], store: Store, database: Database, vault: Vault
) -> None:
    await Grants(database, vault).keep("kowhai", store.pair())
    await Connections(database, vault).link("kowhai", unsigned=False)
    made = await asyncio.to_thread(run, "keys", "create", "erp", "--retailer", "kowhai")
    key = made.stdout.splitlines()[0]
    web = await asyncio.to_thread(start, "web", **store.environ)
    url = f"{web.line('web.ready')['url']}/actions/rpc"
    store.strike("slow", path="POST /brands", seconds=1.0)
    call = {"action": "lightspeed_create_brand", "body": {"name": "Tussock"}}
    async with aiohttp.ClientSession(headers=basic(key)) as caller:
        calling = asyncio.create_task(caller.post(url, json=call))
        await asyncio.to_thread(web.line, "api.write", key="erp", action="CreateBrand")
        assert await asyncio.to_thread(web.stop) == 0
        async with await calling as answer:
            assert answer.status == 200
            assert (await answer.json())["data"] == store.rows("brands")[-1]["id"]
    assert store.written == [("kowhai", "POST /brands")]
    assert "Tussock" not in web.log.read_text()
    assert key not in web.log.read_text()
