"""A real browser walks the link flow: our link, the simulator's consent page, our page."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from actions.database import Database
from ingress.api.keys import ApiKeys
from tests.end_to_end.browser import CHROMIUM, Browser, open_browser
from tests.end_to_end.conftest import Process
from tests.end_to_end.ports import free_port
from tests.ingress.api.conftest import api_key, bearer
from tests.stores import Store, open_store
from workers.events import WEBHOOK_TYPES

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on the PATH")

TEXT = "document.body.innerText"


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store() as store:
        yield store


@pytest.fixture
async def application() -> AsyncIterator[str]:
    """The page of an application, where a browser comes back to."""

    async def done(_: web.Request) -> web.Response:
        return web.Response(text="Welcome back.")

    app = web.Application()
    app.router.add_get("/done", done)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/done"))


async def consent(browser: Browser, decision: str) -> None:
    """Decide on the consent page."""
    assert "asks for" in await browser.run(TEXT)
    await browser.fill("input[name=domain_prefix]", "kowhai")
    await browser.click(f"button[value={decision}]")


async def test_a_merchant_links_its_store_in_a_browser(
    store: Store,
    database: Database,
    application: str,
    start: Callable[..., Process],
    tmp_path: Path,
) -> None:
    base = f"http://127.0.0.1:{free_port()}"
    environ = {**store.environ, "PORT": base.rpartition(":")[2], "RETURN_URLS": application}
    await asyncio.to_thread(start, "web", **environ)
    key = (await ApiKeys(database).create(api_key("app"))).reveal()
    async with open_browser(tmp_path / "profile") as browser:
        await browser.go(f"{base}/connect")
        await consent(browser, "refuse")
        assert await browser.run(TEXT) == (
            "Not linked\n\nThe retailer has declined, so nothing was linked."
        )
        await browser.go(f"{base}/connect")
        await consent(browser, "allow")
        (retailer,) = store.rows("retailer")
        assert await browser.run("document.title") == f"{retailer['name']} is linked"
        shown = await browser.run(TEXT)
        assert "kowhai is linked. You can close this window." in shown
        assert all(name in shown for name in WEBHOOK_TYPES)
        assert await browser.run("getComputedStyle(document.body).maxWidth") == "544px"
        assert len(store.rows("webhooks")) == 7
        await browser.go(await session(base, key, application))
        await consent(browser, "allow")
        assert await browser.run(TEXT) == "Welcome back."
        assert await browser.run("location.href") == (
            f"{application}?status=linked&retailer=kowhai&reference=42"
        )
        assert browser.complaints == []


async def session(base: str, key: str, application: str) -> str:
    """Ask for a link session, as an application does; return its URL."""
    given = {"return_url": application, "reference": "42"}
    async with aiohttp.request(
        "POST", f"{base}/connect_sessions", data=json.dumps(given), headers=bearer(key)
    ) as answer:
        assert answer.status == 201, await answer.text()
        url: str = (await answer.json())["url"]
        return url
