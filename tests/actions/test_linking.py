"""Linking with OAuth: who left, who comes back, and what is sent before that is known."""

import base64
import hashlib
import time
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import msgspec
import pytest

from actions.client import Client
from actions.connections import BadDomainPrefix, Connections
from actions.database import Database
from actions.errors import BackroomError
from actions.grants import Grants
from actions.linking import STATE_SECONDS, BadState, Declined, Departure, Linking
from actions.oauth import Application, OAuth, TokensRefused, TokensUnanswered
from actions.resources.brands import ListBrands
from actions.secret import Secret
from actions.sending import open_session
from actions.tokens import Tokens
from actions.vault import Vault
from tests.actions.simulator.conftest import CALLBACK
from tests.stores import Store, consented, open_store

SCOPES = ("products:read", "webhooks")
COOKIE = "a cookie of its own"


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(retailers=("kowhai", "torea")) as store:
        yield store


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
def linking(
    database: Database, vault: Vault, session: aiohttp.ClientSession, store: Store
) -> Linking:
    settings = store.environ
    application = Application(
        client_id=settings["LIGHTSPEED_CLIENT_ID"],
        client_secret=Secret(settings["LIGHTSPEED_CLIENT_SECRET"]),
        redirect_uri=CALLBACK,
        scopes=SCOPES,
    )
    oauth = OAuth(session, application, settings["LIGHTSPEED_ORIGIN"])
    return Linking(database, vault, oauth, settings["LIGHTSPEED_AUTHORIZE_URL"])


def asked(departure: Departure) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(departure.url).query))


def sealed(vault: Vault, seconds: float, bound_to: str = "oauth state") -> str:
    """A state as `depart` makes it, that ends in so many seconds."""
    plain = msgspec.msgpack.encode(
        [int(time.time() + seconds), hashlib.sha256(COOKIE.encode()).digest()]
    )
    return base64.urlsafe_b64encode(vault.seal(plain, bound_to)).decode().rstrip("=")


async def refused(
    linking: Linking, query: dict[str, str], cookie: str, error: type[BackroomError] = BadState
) -> str:
    """What is said to one who comes back in vain."""
    with pytest.raises(error) as raised:
        await linking.arrive(query, cookie)
    return str(raised.value)


async def nothing_is_linked(database: Database, vault: Vault, store: Store) -> None:
    assert await Connections(database, vault).all() == []
    assert await database.do("KEYS", "backroom:grant:*") == []
    assert store.seen == []


async def test_consent_becomes_a_linked_retailer_whose_token_opens_its_store(
    linking: Linking,
    database: Database,
    vault: Vault,
    session: aiohttp.ClientSession,
    store: Store,
) -> None:
    departure = linking.depart()
    arrival = await linking.arrive(await consented(departure.url, "torea"), departure.cookie)
    linked = arrival.connection
    assert (linked.retailer, linked.unsigned) == ("torea", False)
    assert [one.retailer for one in await Connections(database, vault).all()] == ["torea"]
    grants = Grants(database, vault)
    grant = await grants.get("torea")
    assert grant.pair.scopes == frozenset(SCOPES)
    assert grant.pair.refresh
    client = Client(Tokens(grants), session, origin=store.environ["LIGHTSPEED_ORIGIN"])
    assert (await client.call(ListBrands(), "torea")).data
    assert store.seen == [("POST /token", 200), ("GET /brands", 200)]


async def test_linking_again_keeps_the_urls_and_replaces_the_grant(
    linking: Linking, database: Database, vault: Vault
) -> None:
    keys, tokens = set(), set()
    for _ in range(2):
        departure = linking.depart()
        arrival = await linking.arrive(await consented(departure.url), departure.cookie)
        linked = arrival.connection
        keys.add(linked.webhook_key.reveal())
        tokens.add((await Grants(database, vault).get("kowhai")).pair.access.reveal())
    assert (len(keys), len(tokens)) == (1, 2)


def test_each_departure_has_a_state_and_a_cookie_of_its_own_and_neither_tells_the_other(
    linking: Linking,
) -> None:
    departures = [linking.depart() for _ in range(3)]
    assert len({one.cookie for one in departures}) == 3
    assert len({asked(one)["state"] for one in departures}) == 3
    for one in departures:
        assert one.cookie not in one.url
        assert hashlib.sha256(one.cookie.encode()).hexdigest() not in one.url
        assert one.url.isascii()


async def test_a_state_is_of_use_once_however_it_is_written(linking: Linking, store: Store) -> None:
    departure = linking.depart()
    given = await consented(departure.url)
    await linking.arrive(given, departure.cookie)
    before = store.seen
    for text in (given["state"], f"{given['state']}=", f"!{given['state']}", f"{given['state']}\n"):
        again = given | {"state": text, "code": "another"}
        assert "has been used already" in await refused(linking, again, departure.cookie)
    assert store.seen == before == [("POST /token", 200)]


@pytest.mark.parametrize("cookie", ["", "another browser's", "\udcff"])
async def test_another_browser_gets_nothing(
    linking: Linking, database: Database, vault: Vault, store: Store, cookie: str
) -> None:
    departure = linking.depart()
    given = await consented(departure.url)
    assert "not begun in this browser" in await refused(linking, given, cookie)
    await nothing_is_linked(database, vault, store)
    await linking.arrive(given, departure.cookie)  # and spends nothing of whom it belongs to


@pytest.mark.parametrize(
    "state", ["", "a", "forged!", "AAAA", "é", "\udcff", "A" * 90, "=" * 9, "A" * 100_001]
)
async def test_a_forged_or_missing_state_is_refused_and_nothing_is_sent(
    linking: Linking, database: Database, vault: Vault, store: Store, state: str
) -> None:
    given = {"state": state, "code": "a code", "domain_prefix": "kowhai"}
    said = await refused(linking, given, linking.depart().cookie)
    assert said.endswith("begin again.")
    assert await refused(linking, {}, "") == said
    await nothing_is_linked(database, vault, store)


async def test_a_state_is_good_for_ten_minutes(
    linking: Linking, database: Database, vault: Vault, store: Store
) -> None:
    given = {"code": "a code", "domain_prefix": "kowhai"}
    old = given | {"state": sealed(vault, -1)}
    assert "within the last ten minutes" in await refused(linking, old, COOKIE)
    elsewhere = given | {"state": sealed(vault, STATE_SECONDS, "another thing")}
    assert "within the last ten minutes" in await refused(linking, elsewhere, COOKIE)
    await nothing_is_linked(database, vault, store)
    late = given | {"state": sealed(vault, 5)}
    assert "code" in await refused(linking, late, COOKIE, TokensRefused)
    assert store.seen == [("POST /token", 400)]


async def test_a_retailer_that_declines_is_not_linked(
    linking: Linking, database: Database, vault: Vault, store: Store
) -> None:
    departure = linking.depart()
    given = await consented(departure.url, decision="refuse")
    assert given == {"error": "access_denied"}
    said = await refused(linking, given, departure.cookie, Declined)
    assert said == "The retailer has declined, so nothing was linked."
    await nothing_is_linked(database, vault, store)


@pytest.mark.parametrize(
    "prefix",
    [
        "evil.example.com/x",
        "evil.example.com",
        "kowhai@evil",
        "",
        "..",
        "kowhai:80",
        "kowhai#",
        "é",
    ],
)
async def test_a_store_that_is_no_name_is_refused_before_the_secret_leaves(
    linking: Linking, database: Database, vault: Vault, store: Store, prefix: str
) -> None:
    departure = linking.depart()
    given = await consented(departure.url) | {"domain_prefix": prefix}
    said = await refused(linking, given, departure.cookie, BadDomainPrefix)
    assert "is no domain prefix" in said
    await nothing_is_linked(database, vault, store)


async def test_a_store_that_has_not_consented_gets_no_tokens(
    linking: Linking, database: Database, vault: Vault, store: Store
) -> None:
    departure = linking.depart()
    given = await consented(departure.url, "kowhai") | {"domain_prefix": "torea"}
    await refused(linking, given, departure.cookie, TokensRefused)
    assert await Connections(database, vault).all() == []
    assert store.seen == [("POST /token", 400)]


async def test_an_answer_that_is_lost_links_nothing_and_one_can_begin_again(
    linking: Linking, database: Database, vault: Vault, store: Store
) -> None:
    departure = linking.depart()
    given = await consented(departure.url)
    store.strike("reset", path="/token")
    await refused(linking, given, departure.cookie, TokensUnanswered)
    assert await Connections(database, vault).all() == []
    assert "used already" in await refused(linking, given, departure.cookie)
    again = linking.depart()
    arrival = await linking.arrive(await consented(again.url), again.cookie)
    assert arrival.connection.retailer == "kowhai"


async def test_what_is_kept_of_a_used_state_goes_after_ten_minutes(
    linking: Linking, database: Database
) -> None:
    departure = linking.depart()
    assert await database.do("KEYS", "*") == []
    await linking.arrive(await consented(departure.url), departure.cookie)
    (spent,) = await database.do("KEYS", "backroom:spent-state:*")
    assert STATE_SECONDS - 60 < await database.do("TTL", spent) <= STATE_SECONDS
    assert departure.cookie.encode() not in spent
