"""`/connect` and `/oauth/callback`: a merchant's browser, our ingress, the consent page."""

import base64
import hashlib
import time
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from actions.catalog import CATALOG
from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.resources.brands import CreateBrand
from actions.vault import Vault
from ingress.linking.consent import COOKIE
from tests.conftest import Ingress
from tests.ingress.linking.conftest import (
    CALLBACK,
    Open,
    back,
    left,
    nothing_is_linked,
    told,
)
from tests.stores import Store, consented
from workers.environment import load
from workers.lightspeed import lightspeed
from workers.settings import Settings


async def test_a_merchant_links_its_store_and_an_action_works_with_the_token(
    browser: Ingress, environ: dict[str, str], database: Database, vault: Vault, store: Store
) -> None:
    given = await consented(await left(browser), "torea")
    assert await back(browser, given, 200) == "torea is linked. You can close this window."
    assert not browser.session.cookie_jar.filter_cookies(browser.make_url(CALLBACK))
    (linked,) = await Connections(database, vault).all()
    assert (linked.retailer, linked.unsigned) == ("torea", False)
    async with browser.post(f"/webhooks/{linked.webhook_key.reveal()}/sale.update") as answer:
        assert answer.status == 401  # the URL exists: it asks for a signature
    async with lightspeed(load(Settings, environ), database, vault) as reach:
        await reach.call(CreateBrand(name="Tussock"), "torea")
    assert [one for one in store.seen if one[0] in {"POST /token", "POST /brands"}] == [
        ("POST /token", 200),
        ("POST /brands", 200),
    ]
    application = store.simulator.stage.ledger.requests[-1].application
    assert application == store.simulator.options.client_id


async def test_the_way_out_asks_for_every_scope_and_is_kept_nowhere(
    browser: Ingress, store: Store
) -> None:
    async with browser.get("/connect", allow_redirects=False) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        location = answer.headers["Location"]
        cookie = answer.cookies[COOKIE]
    assert location.startswith(f"{store.simulator.origin}/connect?response_type=code&client_id=")
    scopes = {one for kind in CATALOG.values() for one in kind.operation.scopes}
    assert f"scope={'+'.join(sorted(scopes))}".replace(":", "%3A") in location
    assert store.simulator.options.client_secret not in location
    assert cookie.value not in location


@pytest.mark.parametrize(
    ("public_url", "path", "secure"),
    [
        ("", CALLBACK, False),
        ("https://shop.test", CALLBACK, True),
        ("https://shop.test/hooks/", f"/hooks{CALLBACK}", True),
    ],
)
async def test_the_cookie_is_for_the_callback_alone_and_out_of_reach_of_scripts(
    open_ingress: Open, public_url: str, path: str, *, secure: bool
) -> None:
    browser = await open_ingress(PUBLIC_URL=public_url)
    async with browser.get("/connect", allow_redirects=False) as answer:
        cookie = answer.cookies[COOKIE]
    assert (cookie["path"], cookie["max-age"], cookie["samesite"]) == (path, "600", "Lax")
    assert cookie["httponly"] is True
    assert bool(cookie["secure"]) is secure
    assert cookie["domain"] in {"", "127.0.0.1"}


async def test_a_state_that_is_used_twice_is_refused(browser: Ingress, store: Store) -> None:
    location = await left(browser)
    (cookie,) = browser.session.cookie_jar
    given = await consented(location)
    await back(browser, given, 200)
    browser.session.cookie_jar.update_cookies({COOKIE: cookie.value}, browser.make_url(CALLBACK))
    assert await back(browser, given, 400) == "This link has been used already: begin again."
    assert [one for one in store.seen if one[0] == "POST /token"] == [("POST /token", 200)]


async def test_who_comes_back_in_another_browser_is_refused(
    browser: Ingress, database: Database, vault: Vault, store: Store
) -> None:
    given = await consented(await left(browser))
    browser.session.cookie_jar.clear()
    assert (await back(browser, given, 400)).startswith("This link was not begun in this browser")
    await left(browser)  # a cookie, and not the one of this state
    await back(browser, given, 400)
    await nothing_is_linked(database, vault, store)


async def test_who_comes_back_after_more_than_ten_minutes_is_refused(
    browser: Ingress, database: Database, vault: Vault, store: Store
) -> None:
    await left(browser)
    (cookie,) = browser.session.cookie_jar
    digest = hashlib.sha256(cookie.value.encode()).digest()
    for seconds, status in ((-1, 400), (5, 502)):
        await nothing_is_linked(database, vault, store)
        plain = msgspec.msgpack.encode([int(time.time()) + seconds, digest])
        state = base64.urlsafe_b64encode(vault.seal(plain, "oauth state")).decode()
        given = {"state": state, "code": "x", "domain_prefix": "kowhai"}
        await back(browser, given, status)
    assert store.seen == [("POST /token", 400)]


@pytest.mark.parametrize("query", ["", "state=", "state=forged", "state=%ff%00", "state=a&state=b"])
async def test_a_state_that_is_forged_or_missing_is_refused(
    browser: Ingress, database: Database, vault: Vault, store: Store, query: str
) -> None:
    await left(browser)
    async with browser.get(f"{CALLBACK}?code=x&domain_prefix=kowhai&{query}") as answer:
        assert answer.status == 400
        said = told(answer, await answer.text())
    assert said.startswith("This link was not begun in this browser")
    await nothing_is_linked(database, vault, store)


async def test_a_merchant_that_declines_is_told_so(
    browser: Ingress, database: Database, vault: Vault, store: Store
) -> None:
    given = await consented(await left(browser), decision="refuse")
    said = await back(browser, given, 400)
    assert said == "The retailer has declined, so nothing was linked."
    await nothing_is_linked(database, vault, store)


async def test_a_store_that_is_no_name_is_refused_before_anything_is_sent(
    browser: Ingress, database: Database, vault: Vault, store: Store
) -> None:
    given = await consented(await left(browser))
    said = await back(browser, given | {"domain_prefix": "evil.example.com/x"}, 400)
    assert said.startswith("'evil.example.com/x' is no domain prefix")
    await nothing_is_linked(database, vault, store)


async def test_a_refused_code_and_a_lost_answer_are_said_in_a_sentence(
    browser: Ingress, database: Database, vault: Vault, store: Store
) -> None:
    given = await consented(await left(browser)) | {"code": "another"}
    assert (await back(browser, given, 502)).endswith("Begin again.")
    given = await consented(await left(browser))
    store.strike("reset", path="/token")
    assert (await back(browser, given, 502)).endswith("Begin again.")
    assert await Connections(database, vault).all() == []


@pytest.mark.parametrize("place", ["/connect", f"{CALLBACK}?code=x&state=y"])
async def test_without_a_client_id_nobody_can_be_linked(
    open_ingress: Open, store: Store, place: str
) -> None:
    browser = await open_ingress(LIGHTSPEED_CLIENT_ID="")
    async with browser.get(place, allow_redirects=False) as answer:
        assert answer.status == 503
        said = told(answer, await answer.text())
    assert said.startswith("LIGHTSPEED_CLIENT_ID and LIGHTSPEED_CLIENT_SECRET must be set")
    assert store.seen == []


async def test_neither_code_nor_state_nor_tokens_are_logged(
    browser: Ingress, database: Database, vault: Vault
) -> None:
    secrets: list[str] = []
    with capture_logs() as lines:
        for change in ({"code": "a-canary-of-a-code"}, {"domain_prefix": "canary.example"}, {}):
            location = await left(browser)
            secrets.extend(cookie.value for cookie in browser.session.cookie_jar)
            given: dict[str, Any] = await consented(location) | change
            secrets.extend((given["code"], given["state"]))
            async with browser.get(CALLBACK, params=given) as answer:
                secrets.append(answer.headers.get("Set-Cookie", "canary"))
    pair = (await Grants(database, vault).get("kowhai")).pair
    secrets.extend((pair.access.reveal(), pair.refresh.reveal(), "canary"))
    assert [one for one in secrets if one in repr(lines)] == []
    of_links = [line for line in lines if line["event"].startswith("retailer.")]
    assert [(one["event"], one.get("reason", one.get("retailer"))) for one in of_links] == [
        ("retailer.not_linked", "TokensRefused"),
        ("retailer.not_linked", "BadDomainPrefix"),
        ("retailer.linked", "kowhai"),
    ]


async def test_who_calls_this_machine_by_another_name_begins_where_the_callback_is(
    browser: Ingress,
) -> None:
    link, headers = "/connect?events=all", {"Host": "localhost:8000"}
    async with browser.get(link, headers=headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers.getall("Set-Cookie", [])) == (302, [])
        assert answer.headers["Location"] == f"http://127.0.0.1:8000{link}"
