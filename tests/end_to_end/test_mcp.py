"""Agents from outside: the official client over HTTP and stdio, and StackOne's unmodified SDK."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.vault import Vault
from ingress.api.keys import ApiKeys
from ingress.commands import cli
from tests.end_to_end.conftest import BIN, PATIENCE, Process, Run
from tests.ingress.api.conftest import api_key
from tests.stores import Store, open_store, shell

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / ".venv-clients" / "bin" / "python"
BLOCKS = re.findall(r"```json\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
(README,) = [json.loads(block)["mcpServers"] for block in BLOCKS if "mcpServers" in block]
"""What the README says to an MCP client: one that starts a command, and one from elsewhere."""
STACKONE = """
import json, os
from stackone_ai import StackOneToolSet

toolset = StackOneToolSet(
    api_key=os.environ["API_KEY"], account_id="kowhai", base_url=os.environ["BASE_URL"]
)
tools = toolset.fetch_tools()
reads = tools.get_tool("lightspeed_list_products").execute({"query_page_size": 1})
further = tools.get_tool("lightspeed_list_products").execute({"query_next": reads["next"]})
one = tools.get_tool("lightspeed_get_product").execute({"path_product_id": reads["data"][0]["id"]})
wrote = tools.get_tool("lightspeed_create_brand").execute(json.dumps({"body_name": "Koru"}))
try:
    tools.get_tool("lightspeed_get_brand").execute({"path_brand_id": "nothing"})
except Exception as error:
    refused = {"status": error.status_code, "body": error.response_body}
print(json.dumps({
    "names": [tool.name for tool in tools],
    "brand": tools.get_tool("lightspeed_create_brand").parameters.properties,
    "openai": len(tools.to_openai()),
    "reads": reads, "further": further, "one": one, "wrote": wrote, "refused": refused,
}))
"""


@pytest.fixture
async def store(database: Database, vault: Vault) -> AsyncIterator[Store]:
    """A linked store."""
    async with open_store(products=4) as store:
        await Grants(database, vault).keep("kowhai", store.pair())
        await Connections(database, vault).link("kowhai", unsigned=False)
        yield store


@pytest.fixture
async def web(start: Any, store: Store) -> str:
    """The URL of a running web process."""
    process: Process = await asyncio.to_thread(start, "web", **store.environ)
    return str(process.line("web.ready")["url"])


@pytest.fixture
async def api(database: Database) -> str:
    return (await ApiKeys(database).create(api_key("agent"))).reveal()


async def used(client: Client, store: Store) -> None:
    """List, read and write as an agent does; the store's ledger is the judge."""
    assert len((await client.list_tools()).tools) == 57
    read = await client.call_tool("lightspeed_list_products", {"limit": 2})
    rows: Any = read.structured_content
    assert {row["id"] for row in rows["data"]} < {row["id"] for row in store.rows("products")}
    asked = {"first_name": "Mere", "last_name": "Tane"}
    preview: Any = (await client.call_tool("lightspeed_create_customer", asked)).structured_content
    assert preview["preview"]["undo"] == "DeleteCustomer takes the customer away again"
    assert store.written == []
    asked |= {"preview_token": preview["preview_token"]}
    done: Any = (await client.call_tool("lightspeed_create_customer", asked)).structured_content
    assert done["data"]["id"] in {row["id"] for row in store.rows("customers")}
    assert store.written == [("kowhai", "POST /customers")]
    assert (await client.call_tool("lightspeed_create_customer", asked)).is_error


async def test_the_official_client_uses_the_web_process(web: str, api: str, store: Store) -> None:
    given = README["kowhai-from-elsewhere"]
    url = web + urlsplit(given["url"]).path
    headers = {name: value.replace("bk_…", api) for name, value in given["headers"].items()}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        await used(client, store)


def stdio(environ: dict[str, str], store: Store, *words: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=str(BIN / README["kowhai"]["command"]),
        args=["mcp", *words],
        env=environ | store.environ,
    )


async def test_the_official_client_starts_the_command_itself(
    environ: dict[str, str], store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    given = README["kowhai"]
    assert given["env"].keys() <= environ.keys()
    async with Client(stdio(environ, store, *given["args"][1:])) as client:
        await used(client, store)
    assert capfd.readouterr() == ("", "")


async def test_the_command_offers_no_write_where_it_may_only_read(
    environ: dict[str, str], store: Store
) -> None:
    async with Client(stdio(environ, store, "--read-only"), mode="legacy") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        refused: Any = await client.call_tool("lightspeed_create_brand", {"name": "Koru"})
    assert "lightspeed_list_brands" in names
    assert "lightspeed_create_brand" not in names
    assert "It may only read" in refused.content[0].text
    assert store.seen == []


async def test_what_is_wrong_is_said_before_anything_is_served(run: Run, store: Store) -> None:
    ended = await shell(run, store)("mcp", "--retailer", "nosuch", code=1)
    assert ended.stdout == ""
    assert ended.stderr.startswith("backroom: nosuch is not linked: run ")


def test_the_command_is_for_writing_freely_or_not_at_all() -> None:
    result = CliRunner().invoke(cli, ["mcp", "--allow-writes", "--read-only"])
    assert result.exit_code == 2
    assert "exclude each other" in result.output


async def test_stackones_sdk_lists_reads_and_writes_when_it_is_pointed_at_us(
    web: str, api: str, store: Store
) -> None:
    if not CLIENTS.exists():
        pytest.skip("StackOne's SDK is not there: make test installs it")
    ended = await asyncio.to_thread(
        subprocess.run,
        [str(CLIENTS), "-c", STACKONE],
        env={**os.environ, "API_KEY": api, "BASE_URL": web, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert len(found["names"]) == found["openai"] == 57
    assert found["brand"]["body_name"]["nullable"] is False
    (first,) = found["reads"]["data"]
    assert first["id"] != found["further"]["data"][0]["id"]
    assert found["one"]["data"]["id"] == first["id"]
    assert {first["id"]} < {row["id"] for row in store.rows("products")}
    assert found["wrote"]["data"] in {row["id"] for row in store.rows("brands")}
    assert (found["refused"]["status"], found["refused"]["body"]["title"]) == (404, "NotFound")
    assert store.written == [("kowhai", "POST /brands")]
