"""A merchant's browser, our ingress, the consent page, and two stores behind it."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from html import unescape

import pytest
from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer

from actions.connections import Connections
from actions.database import Database
from actions.vault import Vault
from ingress.app import create_app
from tests.conftest import Ingress
from tests.stores import Store, open_store
from workers.environment import load
from workers.settings import Settings

CALLBACK = "/oauth/callback"
POLICY = "Content-Security-Policy"
Open = Callable[..., Awaitable[Ingress]]


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(retailers=("kowhai", "torea")) as store:
        yield store


@pytest.fixture
def environ(environ: dict[str, str], store: Store) -> dict[str, str]:
    return environ | store.environ


@pytest.fixture
async def open_ingress(environ: dict[str, str], database: Database) -> AsyncIterator[Open]:
    """Start an ingress and a browser with a cookie jar in front of it."""
    async with AsyncExitStack() as stack:

        async def open_ingress(**more: str) -> Ingress:
            settings = load(Settings, environ | more)
            server = TestServer(await create_app(settings, database))
            jar = CookieJar(unsafe=True)
            return await stack.enter_async_context(TestClient(server, cookie_jar=jar))

        yield open_ingress


@pytest.fixture
async def browser(open_ingress: Open) -> Ingress:
    return await open_ingress()


async def left(browser: Ingress, link: str = "/connect") -> str:
    """Follow our link; return the address of the consent page."""
    async with browser.get(link, allow_redirects=False) as answer:
        assert answer.status == 302
        return answer.headers["Location"]


async def back(browser: Ingress, given: dict[str, str], status: int) -> str:
    """Come back from the consent page; return the sentence that is shown."""
    async with browser.get(CALLBACK, params=given, allow_redirects=False) as answer:
        said = await answer.text()
        assert answer.status == status, said
        return told(answer, said)


def told(answer: ClientResponse, text: str) -> str:
    """The sentence of a page, which is as every page of the flow is to be."""
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = dict(part.split(" ", 1) for part in answer.headers[POLICY].split("; "))
    style = re.findall(r"<style>(.*?)</style>", text)[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.pop("style-src") == f"'sha256-{digest}'"
    assert set(policy.values()) == {"'none'"}
    assert "default-src" in policy
    assert answer.content_type == "text/html"
    assert not re.search(r"<script|<img|<link|src=|href=|url\(| on\w+=|Traceback", text)
    paragraphs = re.findall(r"<p>(.*?)</p>", text)
    if answer.status != 200:
        assert len(paragraphs) == 1
        assert "<h1>Not linked</h1>" in text
    return unescape(paragraphs[0])


async def nothing_is_linked(database: Database, vault: Vault, store: Store) -> None:
    assert await Connections(database, vault).all() == []
    assert await database.do("KEYS", "backroom:grant:*") == []
    assert store.seen == []
