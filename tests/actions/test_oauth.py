import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from msgspec.structs import replace
from structlog.testing import capture_logs

from actions.connections import BadDomainPrefix
from actions.database import Database
from actions.grants import Grants
from actions.oauth import (
    Application,
    ApplicationRefused,
    OAuth,
    TokensLater,
    TokensRefused,
    TokensUnanswered,
    host,
)
from actions.secret import Secret
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from actions.tokens import NeedsRelink, Tokens
from actions.vault import Vault
from actions.vendor import AUTHORIZE_URL
from tests.actions.simulator.conftest import CALLBACK, Browser
from tests.end_to_end.ports import free_port

SCOPES = ("products:read", "webhooks")
MINUTE = 60
LOST = "the answer to a refresh was lost"


def application(simulator: Simulator | None = None, client_secret: str = "") -> Application:
    options = simulator.options if simulator else Options(client_id="an id", client_secret="shh")
    secret = Secret(client_secret or options.client_secret)
    return Application(
        client_id=options.client_id, client_secret=secret, redirect_uri=CALLBACK, scopes=SCOPES
    )


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def kowhai(session: aiohttp.ClientSession) -> AsyncIterator[Browser]:
    """The merchant's browser; at the end the simulator may not have had a bug."""
    options = Options(retailers=("kowhai", "rimu"), products=1, switches={"token_limit": 100})
    async with Simulator(options) as simulator:
        yield Browser(session, simulator, "kowhai")
    assert simulator.bugs == []


def where(simulator: Simulator) -> str:
    return f"{simulator.origin}/{{domain_prefix}}"


@pytest.fixture
def oauth(kowhai: Browser) -> OAuth:
    return OAuth(kowhai.session, application(kowhai.simulator), where(kowhai.simulator))


@pytest.fixture
def grants(database: Database, vault: Vault) -> Grants:
    return Grants(database, vault)


@pytest.fixture
async def tokens(kowhai: Browser, oauth: OAuth, grants: Grants) -> AsyncIterator[Tokens]:
    """Tokens of a retailer that has consented."""
    await consented(kowhai, oauth, grants)
    tokens = Tokens(grants, oauth)
    yield tokens
    await tokens.close()


async def code(kowhai: Browser) -> str:
    return (await kowhai.consent(scope=" ".join(SCOPES)))["code"]


async def consented(kowhai: Browser, oauth: OAuth, grants: Grants) -> None:
    await grants.keep("kowhai", await oauth.exchange("kowhai", await code(kowhai)))


async def opens(kowhai: Browser, token: Secret) -> bool:
    """Whether the API takes a token."""
    got = await kowhai.call("GET", "/brands", token=token.reveal())
    assert got.status in {200, 401}
    return got.status == 200


def test_the_link_asks_for_what_the_vendor_wants(kowhai: Browser) -> None:
    given = application(kowhai.simulator)
    link = OAuth(kowhai.session, given).link("a state & more")
    assert link.startswith(f"{AUTHORIZE_URL}?")
    assert dict(parse_qsl(urlsplit(link).query, strict_parsing=True)) == {
        "response_type": "code",
        "client_id": given.client_id,
        "redirect_uri": CALLBACK,
        "state": "a state & more",
        "scope": "products:read webhooks",
    }
    assert given.client_secret.reveal() not in link


async def test_a_code_becomes_a_pair_that_opens_the_store(kowhai: Browser, oauth: OAuth) -> None:
    pair = await oauth.exchange("kowhai", await code(kowhai))
    assert await opens(kowhai, pair.access)
    assert pair.scopes == frozenset(SCOPES)
    assert abs(pair.expires_at - time.time() - 86_400) < MINUTE
    assert pair.lasts == 86_400


async def test_scopes_that_were_asked_for_and_not_granted_are_not_kept(kowhai: Browser) -> None:
    options = Options(products=1, dropped_scopes=("webhooks",))
    async with Simulator(options) as simulator:
        browser = Browser(kowhai.session, simulator, "kowhai")
        oauth = OAuth(kowhai.session, application(simulator), where(simulator))
        pair = await oauth.exchange("kowhai", await code(browser))
        assert pair.scopes == frozenset({"products:read"})
        assert (await oauth.refresh("kowhai", pair.refresh)).scopes == pair.scopes


async def test_a_code_works_once(kowhai: Browser, oauth: OAuth) -> None:
    one = await code(kowhai)
    await oauth.exchange("kowhai", one)
    with pytest.raises(TokensRefused, match="The authorization code is invalid"):
        await oauth.exchange("kowhai", one)


async def test_a_code_is_over_after_ten_minutes(kowhai: Browser, oauth: OAuth) -> None:
    late = await code(kowhai)
    kowhai.simulator.stage.clock.set(advance=10 * MINUTE)
    with pytest.raises(TokensRefused):
        await oauth.exchange("kowhai", late)
    early = await code(kowhai)
    kowhai.simulator.stage.clock.set(advance=10 * MINUTE - 5)
    await oauth.exchange("kowhai", early)


@pytest.mark.parametrize(
    ("prefix", "uri"), [("kowhai", f"{CALLBACK}/"), ("rimu", CALLBACK)], ids=["redirect", "store"]
)
async def test_a_code_is_refused_where_it_was_not_given(
    kowhai: Browser, oauth: OAuth, prefix: str, uri: str
) -> None:
    other = OAuth(
        kowhai.session, replace(oauth.application, redirect_uri=uri), where(kowhai.simulator)
    )
    with pytest.raises(TokensRefused):
        await other.exchange(prefix, await code(kowhai))


async def test_a_refresh_rotates_and_ends_the_old_pair(kowhai: Browser, oauth: OAuth) -> None:
    old = await oauth.exchange("kowhai", await code(kowhai))
    new = await oauth.refresh("kowhai", old.refresh)
    assert [await opens(kowhai, pair.access) for pair in (old, new)] == [False, True]
    assert new.scopes == old.scopes
    with pytest.raises(TokensRefused, match=r"\(400\): The refresh token is invalid"):
        await oauth.refresh("kowhai", old.refresh)
    assert await opens(kowhai, new.access)


async def test_a_wrong_client_secret_says_so_and_costs_no_grant(
    kowhai: Browser, tokens: Tokens, grants: Grants
) -> None:
    ours = application(kowhai.simulator, client_secret="wrong")
    wrong = OAuth(kowhai.session, ours, where(kowhai.simulator))
    grant = await tokens.get("kowhai")
    with pytest.raises(ApplicationRefused, match="LIGHTSPEED_CLIENT_SECRET: Client auth"):
        await Tokens(grants, wrong).after_refusal(grant)
    assert (await grants.get("kowhai")).state == "linked"
    assert await opens(kowhai, (await tokens.after_refusal(grant)).pair.access)


async def trouble(session: aiohttp.ClientSession, response: web.Response) -> Exception:
    """Return what a refresh raises when it is answered so."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return response

    async with RawTestServer(answer) as server:
        origin = f"http://127.0.0.1:{server.port}"
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each test says which
            await OAuth(session, application(), origin).refresh("kowhai", Secret("spent"))
    return caught.value


async def test_the_endpoints_own_limit_says_how_long_to_wait(kowhai: Browser, oauth: OAuth) -> None:
    kowhai.simulator.stage.switches.change({"token_limit": 1})
    pair = await oauth.exchange("kowhai", await code(kowhai))
    with pytest.raises(TokensLater) as caught:
        await oauth.refresh("kowhai", pair.refresh)
    assert 1 <= caught.value.retry_after <= MINUTE + 1
    kowhai.simulator.stage.clock.set(advance=caught.value.retry_after)
    await oauth.refresh("kowhai", pair.refresh)


@pytest.mark.parametrize(
    ("reset", "least", "most"),
    [
        ("", 60, 60),
        ("soon", 60, 60),
        ("0", 1, 1),
        ("-5", 1, 1),
        ("nan", 1, 1),
        ("inf", 600, 600),
        ("99999999999", 600, 600),
        pytest.param(f"{time.time() + 300:.0f}", 100, 300, id="a moment"),
    ],
)
async def test_a_wait_is_never_nothing_and_never_for_ever(
    session: aiohttp.ClientSession, reset: str, least: float, most: float
) -> None:
    headers = {"X-RateLimit-Reset": reset} if reset else {}
    error = await trouble(session, web.Response(status=429, headers=headers))
    assert isinstance(error, TokensLater)
    assert least <= error.retry_after <= most


@pytest.mark.parametrize("ahead", [-3600, 3600])
async def test_a_wait_is_as_long_whatever_time_it_is_here(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    there = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
    monkeypatch.setattr(time, "time", lambda: there.timestamp() + ahead)
    reset = f"{there.timestamp() + 40:.0f}"
    headers = {"X-RateLimit-Reset": reset, "Date": format_datetime(there, usegmt=True)}
    error = await trouble(session, web.Response(status=429, headers=headers))
    assert isinstance(error, TokensLater)
    assert error.retry_after == 40


@pytest.mark.parametrize("fault", ["5xx", "html-error", "reset"])
async def test_an_outage_may_have_done_it(
    kowhai: Browser, oauth: OAuth, tokens: Tokens, fault: str
) -> None:
    grant = await tokens.get("kowhai")
    await kowhai.control("POST", "/faults", {"name": fault, "path": "/token", "times": 1})
    with pytest.raises(TokensUnanswered) as caught:
        await oauth.refresh("kowhai", grant.pair.refresh)
    assert caught.value.sent
    await oauth.refresh("kowhai", grant.pair.refresh)


async def test_an_answer_that_takes_too_long_may_have_been_done(
    kowhai: Browser, oauth: OAuth, tokens: Tokens
) -> None:
    async def hurry(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        async with asyncio.timeout(0.1):
            return await handler(request)

    grant = await tokens.get("kowhai")
    fault = {"name": "slow", "path": "/token", "times": 1, "seconds": MINUTE}
    await kowhai.control("POST", "/faults", fault)
    async with aiohttp.ClientSession(middlewares=[hurry]) as session:
        hurried = OAuth(session, oauth.application, where(kowhai.simulator))
        with pytest.raises(TokensUnanswered, match="broke off") as caught:
            await hurried.refresh("kowhai", grant.pair.refresh)
    assert caught.value.sent
    kowhai.simulator.stage.clock.set(advance=MINUTE)


async def test_where_nothing_listens_nothing_was_sent(session: aiohttp.ClientSession) -> None:
    for origin in (f"http://127.0.0.1:{free_port()}", "http://{domain_prefix}.invalid"):
        with pytest.raises(TokensUnanswered, match="Nothing answers at ") as caught:
            await OAuth(session, application(), origin).refresh("kowhai", Secret("good"))
        assert not caught.value.sent


class Crowded(aiohttp.TCPConnector):
    """Has no connection to give until the caller's patience is over."""

    async def connect(self, req: Any, traces: Any, timeout: aiohttp.ClientTimeout) -> Any:  # noqa: ASYNC109 - aiohttp's own
        del req, traces
        assert timeout.connect, "it would wait until the whole request's time is over"
        raise TimeoutError


async def test_where_no_connection_is_to_be_had_in_time_nothing_was_sent() -> None:
    async with aiohttp.ClientSession(connector=Crowded()) as session:
        with pytest.raises(TokensUnanswered, match="Nothing answers at ") as caught:
            await OAuth(session, application()).refresh("kowhai", Secret("good"))
    assert not caught.value.sent


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"access_token": null}', b"\xff", b'{"access_token": ""}'],
)
async def test_tokens_that_cannot_be_read_may_have_been_given(
    session: aiohttp.ClientSession, body: bytes
) -> None:
    error = await trouble(session, web.Response(body=body))
    assert isinstance(error, TokensUnanswered)
    assert error.sent


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (302, b""),
        (400, b"<html>Bad Request"),
        (400, b"\xff"),
        (401, b"{}"),
        (403, b'{"error": "blocked"}'),
        (404, b'{"error": "store not found"}'),
    ],
)
async def test_what_says_nothing_of_a_grant_buries_none(
    session: aiohttp.ClientSession, status: int, body: bytes
) -> None:
    error = await trouble(session, web.Response(status=status, body=body))
    assert isinstance(error, TokensUnanswered)
    assert not error.sent


@pytest.mark.parametrize("status", [400, 401])
async def test_a_refusal_is_told_in_the_endpoints_words(
    session: aiohttp.ClientSession, status: int
) -> None:
    for body, words in (
        ({"error": "invalid_grant", "error_description": "It is over. " * 99}, "It is over."),
        ({"error": "invalid_grant"}, "invalid_grant"),
    ):
        error = await trouble(session, web.json_response(body, status=status))
        assert isinstance(error, TokensRefused)
        assert f"({status}): {words}" in str(error)
        assert len(str(error)) < 150


async def test_a_redirect_is_not_followed(session: aiohttp.ClientSession) -> None:
    elsewhere = {"Location": f"http://127.0.0.1:{free_port()}/"}
    error = await trouble(session, web.Response(status=307, headers=elsewhere))
    assert isinstance(error, TokensUnanswered)
    assert "answered 307" in str(error)


@pytest.mark.parametrize(
    "prefix", ["evil.example.com/x", "a.b", "", "-a", "a-", "a/b", "a@b", "a:1", "ā", "x" * 64]
)
async def test_what_is_no_domain_prefix_is_refused_before_anything_is_sent(
    kowhai: Browser, oauth: OAuth, prefix: str
) -> None:
    for asking in (oauth.exchange(prefix, "code"), oauth.refresh(prefix, Secret("good"))):
        with pytest.raises(BadDomainPrefix):
            await asking
    assert not kowhai.simulator.stage.ledger.requests


def test_the_host_is_the_stores() -> None:
    assert host("https://{domain_prefix}.retail.lightspeed.app", "Kowhai") == (
        "https://kowhai.retail.lightspeed.app"
    )


async def test_no_secret_is_shown_or_logged(
    kowhai: Browser, oauth: OAuth, tokens: Tokens, grants: Grants
) -> None:
    with capture_logs() as logs:
        old = await tokens.get("kowhai")
        new = await tokens.after_refusal(old)
        kowhai.simulator.stage.access.revoke("kowhai")
        with pytest.raises(NeedsRelink) as caught:
            await tokens.after_refusal(new)
    pairs = (old.pair, new.pair)
    secrets = [token.reveal() for pair in pairs for token in (pair.access, pair.refresh)]
    secrets.append(oauth.application.client_secret.reveal())
    buried = await grants.get("kowhai")
    shown = f"{logs} {caught.value!r} {old!r} {new} {buried!r} {oauth.application!r}"
    assert [line["event"] for line in logs] == ["grant.refreshed", "grant.lost"]
    assert not [secret for secret in secrets if secret in shown]


async def test_a_lost_answer_buries_the_grant_at_the_next_refusal(
    kowhai: Browser, oauth: OAuth, tokens: Tokens, grants: Grants
) -> None:
    grant = await tokens.get("kowhai")
    await kowhai.control("POST", "/faults", {"name": "refresh-lost", "times": 1})
    with pytest.raises(TokensUnanswered):
        await tokens.after_refusal(grant)
    assert (await grants.get("kowhai")).state == "linked", "it may not have been done"
    with pytest.raises(NeedsRelink, match=LOST):
        await tokens.after_refusal(grant)
    buried = await grants.get("kowhai")
    assert (buried.state, buried.why) == ("needs_relink", LOST)
    await consented(kowhai, oauth, grants)
    assert await opens(kowhai, (await tokens.get("kowhai")).pair.access)


async def test_a_revoked_grant_is_buried_in_the_endpoints_words(
    kowhai: Browser, tokens: Tokens, grants: Grants
) -> None:
    grant = await tokens.get("kowhai")
    await kowhai.control("POST", "/revoke", {"retailer": "kowhai"})
    with pytest.raises(NeedsRelink, match="The refresh token is invalid"):
        await tokens.after_refusal(grant)
    assert (await grants.get("kowhai")).why == (
        "Lightspeed refuses tokens (400): The refresh token is invalid."
    )


async def test_an_endpoint_that_is_away_buries_nothing(
    kowhai: Browser, oauth: OAuth, tokens: Tokens, grants: Grants
) -> None:
    grant = await tokens.get("kowhai")
    away = OAuth(kowhai.session, oauth.application, f"http://127.0.0.1:{free_port()}")
    for _ in range(3):
        with pytest.raises(TokensUnanswered):
            await Tokens(grants, away).after_refusal(grant)
    assert (await grants.get("kowhai")).state == "linked"
    kowhai.simulator.stage.access.revoke("kowhai")
    with pytest.raises(NeedsRelink, match="refuses tokens"):  # and nobody speaks of lost answers
        await tokens.after_refusal(grant)
