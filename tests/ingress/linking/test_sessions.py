"""Link sessions: an application's own user links a store, once, and comes back to it."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from actions.connections import Connections
from actions.database import Database
from actions.vault import Vault
from ingress.api.keys import ApiKeys
from tests.conftest import Ingress
from tests.ingress.api.conftest import api_key, basic, bearer
from tests.ingress.linking.conftest import CALLBACK, Open, left, nothing_is_linked, told
from tests.stores import Store, consented
from tests.workers.conftest import everything_in

RETURN = "https://app.example/done?tab=shops"
BASE = "http://127.0.0.1:8000"

Make = Callable[..., Awaitable[str]]


@pytest.fixture
async def browser(open_ingress: Open) -> Ingress:
    return await open_ingress(RETURN_URLS="https://app.example/done,http://localhost:3000")


@pytest.fixture
def make(database: Database) -> Make:
    """Make an API key."""

    async def make(name: str = "app", **more: Any) -> str:
        return (await ApiKeys(database).create(api_key(name, **more))).reveal()

    return make


@pytest.fixture
async def owner(make: Make) -> str:
    return await make()


async def asked(
    browser: Ingress, headers: dict[str, str], status: int = 201, **body: Any
) -> dict[str, Any]:
    """Ask for a session."""
    given = {"return_url": RETURN} | body
    async with browser.post("/connect_sessions", json=given, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"
        found: dict[str, Any] = await answer.json(content_type=None)
        return found


async def session(browser: Ingress, owner: str, **body: Any) -> str:
    """Ask for a session; return the path of its URL."""
    url = (await asked(browser, bearer(owner), **body))["url"]
    assert url.startswith(f"{BASE}/connect/")
    return str(url.removeprefix(BASE))


async def opened(browser: Ingress, path: str) -> str:
    """Open a session's URL; return the address of the consent page."""
    async with browser.get(path, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        return answer.headers["Location"]


async def over(browser: Ingress, path: str, status: int = 410) -> str:
    async with browser.get(path, allow_redirects=False) as answer:
        assert answer.status == status
        assert "Set-Cookie" not in answer.headers
        return told(answer, await answer.text())


async def returned(browser: Ingress, given: dict[str, str]) -> dict[str, str]:
    """Come back from the consent page; return what the application is told."""
    async with browser.get(CALLBACK, params=given, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        url = answer.headers["Location"]
        assert url.startswith(f"{RETURN}&")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    return dict(parse_qsl(urlsplit(url.removeprefix(RETURN)).path.lstrip("&")))


async def test_a_user_links_a_store_and_comes_back_with_it(
    browser: Ingress, owner: str, store: Store, database: Database, vault: Vault
) -> None:
    location = await opened(browser, await session(browser, owner, reference="customer-42 & co"))
    found = await returned(browser, await consented(location, "torea"))
    assert found == {"status": "linked", "retailer": "torea", "reference": "customer-42 & co"}
    assert [one.retailer for one in await Connections(database, vault).all()] == ["torea"]
    assert len(store.rows("webhooks", "torea")) == 7


async def test_without_a_reference_none_comes_back(browser: Ingress, owner: str) -> None:
    location = await opened(browser, await session(browser, owner))
    found = await returned(browser, await consented(location))
    assert found == {"status": "linked", "retailer": "kowhai"}


async def test_who_declines_comes_back_too(
    browser: Ingress, owner: str, database: Database, vault: Vault, store: Store
) -> None:
    location = await opened(browser, await session(browser, owner, reference="42"))
    found = await returned(browser, await consented(location, decision="refuse"))
    assert found == {"status": "refused", "reference": "42"}
    await nothing_is_linked(database, vault, store)


async def test_its_url_works_once(browser: Ingress, owner: str) -> None:
    path = await session(browser, owner)
    async with browser.head(path) as answer:  # as programs do that show a preview of a link
        assert answer.status == 405
    await opened(browser, path)
    said = await over(browser, path)
    assert said.startswith("This link has been used already, or is older than half an hour")


@pytest.mark.parametrize("token", ["x", "x" * 32, "%00" * 32, "a" * 5_000, "..%2f"])
async def test_a_url_that_nobody_made_is_as_one_that_is_over(browser: Ingress, token: str) -> None:
    await over(browser, f"/connect/{token}")


async def test_it_ends_after_half_an_hour(browser: Ingress, owner: str, database: Database) -> None:
    path = await session(browser, owner)
    (name,) = await database.do("KEYS", "backroom:link-session:*")
    assert 1790 < await database.do("TTL", name) <= 1800
    await database.do("PEXPIRE", name, 0)
    await over(browser, path)


async def test_redis_holds_neither_its_url_nor_where_it_leads(
    browser: Ingress, owner: str, database: Database
) -> None:
    path = await session(browser, owner, reference="customer-42")
    kept = await everything_in(database)
    await opened(browser, path)
    kept += await everything_in(database)
    for secret in (path.rpartition("/")[2], "app.example", "customer-42"):
        assert secret.encode() not in kept


async def test_a_link_without_a_session_ends_on_our_page(browser: Ingress, owner: str) -> None:
    await opened(browser, await session(browser, owner))
    given = await consented(await left(browser))
    async with browser.get(CALLBACK, params=given, allow_redirects=False) as answer:
        assert answer.status == 200
        assert "is linked" in told(answer, await answer.text())


async def test_another_browser_cannot_come_back_with_it(
    browser: Ingress, owner: str, database: Database, vault: Vault, store: Store
) -> None:
    given = await consented(await opened(browser, await session(browser, owner)))
    browser.session.cookie_jar.clear()
    async with browser.get(CALLBACK, params=given, allow_redirects=False) as answer:
        assert answer.status == 400
    await nothing_is_linked(database, vault, store)


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_session_for_some_retailers_links_no_other(
    browser: Ingress,
    make: Make,
    database: Database,
    vault: Vault,
    store: Store,
    *,
    by_header: bool,
) -> None:
    owner = await make("limited", retailers=() if by_header else ("kowhai",))
    headers = bearer(owner) | ({"x-account-id": "kowhai"} if by_header else {})
    for retailer, status in (("torea", 403), ("kowhai", 303)):
        await nothing_is_linked(database, vault, store)
        url = (await asked(browser, headers))["url"]
        location = await opened(browser, url.removeprefix(BASE))
        given = await consented(location, retailer)
        async with browser.get(CALLBACK, params=given, allow_redirects=False) as answer:
            assert answer.status == status
            if status == 403:
                said = told(answer, await answer.text())
                assert said == "This link is not for torea: choose the right store."


async def test_a_key_that_is_revoked_takes_its_sessions_with_it(
    browser: Ingress, make: Make, database: Database, vault: Vault, store: Store
) -> None:
    owner = await make("old")
    waiting, underway = await session(browser, owner), await session(browser, owner)
    given = await consented(await opened(browser, underway))
    await ApiKeys(database).revoke("old")
    await make("old")  # another of that name
    await over(browser, waiting)
    async with browser.get(CALLBACK, params=given, allow_redirects=False) as answer:
        assert answer.status == 410
    await nothing_is_linked(database, vault, store)


@pytest.mark.parametrize(
    ("rights", "status"),
    [
        ({"read_only": True}, 403),
        ({"actions": ("List*",)}, 403),
        ({"actions": ("*Webhook*",)}, 201),
    ],
)
async def test_a_key_that_may_register_no_webhook_may_link_nobody(
    browser: Ingress, make: Make, rights: dict[str, Any], status: int
) -> None:
    await asked(browser, basic(await make(**rights)), status)


async def test_nobody_gets_one_without_a_key_nor_for_another_keys_retailer(
    browser: Ingress, make: Make
) -> None:
    await asked(browser, {}, 401)
    await asked(browser, bearer("bk_" + "x" * 43), 401)
    headers = bearer(await make(retailers=("kowhai",))) | {"x-account-id": "torea"}
    await asked(browser, headers, 404)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"return_url": "https://evil.example/done"}, 422),
        ({"return_url": "https://app.example/done/../../x"}, 422),
        ({"return_url": "https://app.example/" + "x" * 2_000}, 400),
        ({"return_url": None}, 400),
        ({"reference": 42}, 400),
        ({"reference": "x" * 201}, 400),
        ({"redirect": "https://app.example/done"}, 400),
    ],
)
async def test_what_is_asked_for_wrongly_is_said_in_a_sentence(
    browser: Ingress, owner: str, body: dict[str, object], status: int, database: Database
) -> None:
    said = await asked(browser, bearer(owner), status, **body)
    assert said["status"] == status
    assert said["detail"].endswith(".")
    assert await database.do("KEYS", "backroom:link-session:*") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), (b"\xff", 400), (b"[" * 9_000, 400), (b"x" * 20_000, 413)],
)
async def test_rubbish_is_no_session(
    browser: Ingress, owner: str, body: bytes, status: int
) -> None:
    async with browser.post("/connect_sessions", data=body, headers=bearer(owner)) as answer:
        assert answer.status == status


async def test_without_an_application_there_are_none(open_ingress: Open, owner: str) -> None:
    browser = await open_ingress(LIGHTSPEED_CLIENT_ID="", RETURN_URLS="https://app.example")
    said = await asked(browser, bearer(owner), 503)
    assert said["detail"].startswith("LIGHTSPEED_CLIENT_ID and")
    await over(browser, "/connect/" + "x" * 32, 503)
