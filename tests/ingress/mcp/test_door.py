"""`/mcp` over HTTP: the official client of each age, who gets in, and what rubbish gets."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import httpx2
import pytest
from aiohttp import web as aiohttp_web
from aiohttp.test_utils import TestClient, TestServer
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from actions.database import Database
from actions.vault import Vault
from ingress.app import create_app
from ingress.mcp.door import MOST_BYTES, allowed
from tests.conftest import Ingress
from tests.ingress.api.conftest import Make, basic, keys, make  # noqa: F401 - fixtures
from tests.ingress.mcp.conftest import granted
from tests.stores import Store
from workers.environment import load
from workers.settings import Settings

Agent = Callable[..., AbstractAsyncContextManager[Client]]
JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
KOWHAI = {"x-account-id": "kowhai"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture
async def web(environ: dict[str, str], store: Store, database: Database) -> AsyncIterator[Ingress]:
    """The web process' application, set up for the stores."""
    settings = load(Settings, environ | store.environ)
    server = TestServer(await create_app(settings, database))
    async with TestClient(server, auto_decompress=False) as client:
        yield client


@pytest.fixture
def agent(web: Ingress) -> Agent:
    """The official client, connected with these headers."""

    @asynccontextmanager
    async def connected(
        headers: dict[str, str], mode: str = "auto", query: str = ""
    ) -> AsyncIterator[Client]:
        async with httpx2.AsyncClient(headers=headers, timeout=10) as http:
            transport = streamable_http_client(f"{web.make_url('/mcp')}{query}", http_client=http)
            async with Client(transport, mode=mode) as client:
                yield client

    return connected


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_lists_reads_and_writes(
    agent: Agent,
    make: Make,  # noqa: F811
    store: Store,
    mode: str,
) -> None:
    async with agent(await make() | KOWHAI, mode) as client:
        assert len((await client.list_tools()).tools) == 57
        read = await client.call_tool("lightspeed_list_outlets", {"limit": 1})
        assert not read.is_error
        (outlet,) = read.structured_content["data"]
        assert outlet["id"] in [row["id"] for row in store.rows("outlets")]
        previewed = await client.call_tool("lightspeed_create_brand", {"name": "Koru"})
        assert store.written == []
        token = previewed.structured_content["preview_token"]
        given = {"name": "Koru", "preview_token": token}
        done = await client.call_tool("lightspeed_create_brand", given)
        assert done.structured_content["done"] is True
    assert store.written == [("kowhai", "POST /brands")]


async def test_a_tool_tells_what_it_does_to_the_store(agent: Agent, make: Make) -> None:  # noqa: F811
    async with agent(await make() | KOWHAI) as client:
        found = {tool.name: tool for tool in (await client.list_tools()).tools}
    deleting = found["lightspeed_delete_product"]
    assert deleting.annotations
    assert deleting.annotations.destructive_hint is True
    assert deleting.annotations.read_only_hint is False
    assert "Cannot be undone" in str(deleting.description)


async def test_a_key_for_reading_lists_no_tool_that_writes(agent: Agent, make: Make) -> None:  # noqa: F811
    async with agent(await make(read_only=True) | KOWHAI) as client:
        found = (await client.list_tools()).tools
        assert found
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in found)


async def test_a_store_offers_over_http_what_it_has_granted(
    agent: Agent,
    make: Make,  # noqa: F811
    store: Store,
    database: Database,
    vault: Vault,
) -> None:
    await granted(store, database, vault, "suppliers:read")
    async with agent(await make() | KOWHAI) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        refused: Any = await client.call_tool("lightspeed_list_brands", {})
    assert names == ["lightspeed_list_suppliers", "lightspeed_get_supplier"]
    assert "products:read" in refused.content[0].text
    assert store.seen == []


async def test_a_key_for_one_store_need_not_name_it(agent: Agent, make: Make) -> None:  # noqa: F811
    async with agent(await make(retailers=("torea",))) as client:
        read = await client.call_tool("lightspeed_get_retailer", {})
        assert read.structured_content["retailer"] == "torea"


async def test_parameters_may_be_named_as_stackones_sdk_wants_them(
    agent: Agent,
    make: Make,  # noqa: F811
    store: Store,
) -> None:
    row = store.rows("products")[0]
    headers = await make() | KOWHAI
    async with agent(headers, query="?param-style=flat_prefixed") as client:
        found = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
        assert list(found["lightspeed_get_product"]["properties"]) == ["path_product_id"]
        assert "body_name" in found["lightspeed_create_brand"]["properties"]
        assert "query_page_size" in found["lightspeed_list_products"]["properties"]
        read = await client.call_tool("lightspeed_get_product", {"path_product_id": row["id"]})
        assert read.structured_content["data"]["name"] == row["name"]


async def posted(web: Ingress, headers: dict[str, str], body: Any = None) -> tuple[int, Any]:
    data = body if isinstance(body, str | bytes) else json.dumps(body or PING)
    raw = io.BytesIO(data.encode() if isinstance(data, str) else data)
    async with web.post("/mcp", headers=JSON | headers, data=raw) as answer:
        text = await answer.text()
        assert "Traceback" not in text
        return answer.status, json.loads(text) if text.startswith("{") else text


async def test_nobody_gets_in_without_a_key(web: Ingress, store: Store) -> None:
    for headers in ({}, {"Authorization": "Bearer bk_no"}, basic("bk_" + "x" * 43)):
        status, said = await posted(web, headers | KOWHAI)
        assert (status, said["title"]) == (401, "NotAdmitted")
    assert store.seen == []


async def test_a_store_that_is_absent_and_one_of_somebody_else_look_the_same(
    web: Ingress,
    make: Make,  # noqa: F811
) -> None:
    headers = await make(retailers=("torea",))
    answers = [await posted(web, headers | {"x-account-id": name}) for name in ("kowhai", "nosuch")]
    everybodys = await posted(web, await make("all") | {"x-account-id": "nosuch"})
    told = [(status, said["detail"].replace("nosuch", "kowhai")) for status, said in answers]
    assert told[0] == told[1] == (404, "No retailer 'kowhai' is linked here for this key.")
    assert everybodys == answers[1]


async def test_a_key_for_all_stores_must_name_one(web: Ingress, make: Make) -> None:  # noqa: F811
    status, said = await posted(web, await make())
    assert (status, "Whose store?" in said["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("header", "status"),
    [({"Host": "evil.example"}, 421), ({"Origin": "http://evil.example"}, 403)],
)
@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28"])
async def test_a_page_that_rebinds_our_name_is_refused_in_words(
    web: Ingress,
    make: Make,  # noqa: F811
    header: dict[str, str],
    status: int,
    version: str,
) -> None:
    headers = await make() | KOWHAI | header | {"MCP-Protocol-Version": version}
    found, said = await posted(web, headers)
    assert found == status
    assert said["detail"].startswith("This ")


async def test_our_own_names_are_allowed(environ: dict[str, str]) -> None:
    public = {"PUBLIC_URL": "https://pos.example.nz/backroom", "HOST": "0.0.0.0", "PORT": "8000"}  # noqa: S104
    hosts, origins = allowed(load(Settings, environ | public))
    assert {"localhost:*", "127.0.0.1:*", "[::1]:*", "pos.example.nz"} <= set(hosts)
    assert "https://pos.example.nz" in origins
    assert not any("0.0.0.0" in one for one in hosts)  # noqa: S104


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ('{"jsonrpc":"2.0","id":1}', 400),
        ("[" * 100_000, 400),
        (b"\xff\xfe", 400),
        ("x" * (MOST_BYTES + 1), 413),
    ],
)
async def test_rubbish_is_refused(
    web: Ingress,
    make: Make,  # noqa: F811
    body: str | bytes,
    status: int,
) -> None:
    headers = await make() | KOWHAI
    for version in ("2025-06-18", "2026-07-28"):
        found, _ = await posted(web, headers | {"MCP-Protocol-Version": version}, body)
        assert found == status


async def test_only_post_is_answered_and_only_unpacked(web: Ingress, make: Make) -> None:  # noqa: F811
    headers = await make() | KOWHAI
    for method in ("GET", "DELETE", "PUT"):
        async with web.request(method, "/mcp", headers=headers) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    status, _ = await posted(web, headers | {"Content-Encoding": "compress"})
    assert status == 415
    async with web.post("/mcp?param-style=nested", headers=headers) as answer:
        assert answer.status == 400


async def test_a_client_that_leaves_leaves_nothing_behind(
    web: Ingress,
    make: Make,  # noqa: F811
    store: Store,
) -> None:
    headers = await make() | KOWHAI
    assert (await posted(web, headers))[0] == 200
    store.strike("slow", seconds=0.2)
    before = asyncio.all_tasks()
    asked = {"name": "lightspeed_get_retailer", "arguments": {}}
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await posted(web, headers, PING | {"method": "tools/call", "params": asked})
    assert (await posted(web, headers))[0] == 200
    async with asyncio.timeout(5):
        while store.seen == [] or len(asyncio.all_tasks()) > len(before) + 1:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_call_that_was_begun_is_answered_before_the_application_leaves(
    environ: dict[str, str],
    make: Make,  # noqa: F811
    store: Store,
    database: Database,
) -> None:
    app = await create_app(load(Settings, environ | store.environ), database)
    runner = aiohttp_web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await aiohttp_web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    store.strike("slow", seconds=1, path="POST /brands")
    headers = JSON | KOWHAI | await make(allow_writes=True)
    call = {"name": "lightspeed_create_brand", "arguments": {"name": "Koru"}}
    async with aiohttp.ClientSession(f"http://{host}:{port}", headers=headers) as session:

        async def asked(body: dict[str, Any]) -> Any:
            async with session.post("/mcp", json=body) as answer:
                return await answer.json()

        await asked(PING)  # the first one waits for the import
        answering = asyncio.create_task(asked(PING | {"method": "tools/call", "params": call}))
        async with asyncio.timeout(5):
            while not store.simulator.stage.faults.struck:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await runner.cleanup()
        answer = await answering
    assert answer["result"]["structuredContent"]["done"] is True
    assert store.written == [("kowhai", "POST /brands")]
