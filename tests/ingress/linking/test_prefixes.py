"""Ten thousand domain prefixes, most of them hostile: the client secret goes to no other host."""

import random
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qsl

import aiohttp
import pytest
from yarl import URL

from actions.connections import BadDomainPrefix
from actions.database import Database
from actions.linking import Linking
from actions.oauth import Application, OAuth, TokensUnanswered, host
from actions.secret import Secret
from actions.vault import Vault
from actions.vendor import ORIGIN

COUNT = 10_000
DOMAIN = ".retail.lightspeed.app"
PIECES = (
    *(("kowhai", "torea", "a", "0", "-") * 4),
    *("KOWHAI", "evil.example", "secure", "127.0.0.1", "[::1]"),
    *(".", "..", "/", "//", "\\", "@", ":", ":443", "?", "#", "&", "=", "%", "%2e", "%2f", "%00"),
    *(" ", "\t", "\r\n", "\0", "\x7f", "\u3002", "\uff0e", "\uff61", "\u2024", "\uff0f", "\u2044"),
    *("\u212a", "\u0130", "\u00df", "\u0430", "\uff41", "\u200b", "\u202e", "\u00ad", "\ud83d"),
    *("_", "+", "~", "*", "{domain_prefix}", "{}", "%s", "javascript:", "https://", "x" * 64),
)


class Nowhere:
    """A session that notes the host of each request, and reaches none."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    def post(self, url: URL, **_: Any) -> Self:
        self.hosts.append(url.raw_host or "")
        assert (url.scheme, url.raw_path, url.port) == ("https", "/api/1.0/token", 443)
        assert url.user is None
        return self

    async def __aenter__(self) -> Self:
        raise aiohttp.ClientConnectionError

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        raise NotImplementedError


def prefixes() -> Iterator[str]:
    dice = random.Random(8)  # noqa: S311 - the same each time
    for _ in range(COUNT):
        yield "".join(dice.choices(PIECES, k=dice.randint(0, 5)))


def is_store(name: str) -> bool:
    label = name.removesuffix(DOMAIN)
    return name.endswith(DOMAIN) and label.replace("-", "").isalnum() and label.isascii()


def test_no_prefix_makes_a_foreign_host() -> None:
    made = 0
    for prefix in prefixes():
        try:
            url = URL(f"{host(ORIGIN, prefix)}/api/1.0/token", encoded=True)
        except BadDomainPrefix:
            continue
        made += 1
        assert is_store(url.raw_host or ""), prefix
    assert 300 < made < COUNT / 3


@pytest.fixture
def nowhere() -> Nowhere:
    return Nowhere()


@pytest.fixture
def linking(database: Database, vault: Vault, nowhere: Nowhere) -> Linking:
    application = Application(
        client_id="id",
        client_secret=Secret("s"),
        redirect_uri="http://x/oauth",
        scopes=("webhooks",),
    )
    session = cast("aiohttp.ClientSession", nowhere)
    return Linking(database, vault, OAuth(session, application))


async def test_who_comes_back_with_any_prefix_leads_to_no_foreign_host(
    linking: Linking, nowhere: Nowhere, database: Database
) -> None:
    refused = 0
    for prefix in prefixes():
        departure = linking.depart()
        state = dict(parse_qsl(departure.url))["state"]
        query = {"state": state, "code": "c", "domain_prefix": prefix}
        try:
            await linking.arrive(query, departure.cookie)
        except BadDomainPrefix:
            refused += 1
        except TokensUnanswered:
            continue
    assert all(map(is_store, nowhere.hosts))
    assert len(nowhere.hosts) == COUNT - refused > 300
    assert await database.do("KEYS", "backroom:grant:*") == []
