"""`backroom connect` without a retailer: the OAuth link, and what `retailers` says afterwards."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from actions.database import Database
from actions.grants import Grants, Mine
from actions.vault import Vault
from tests.end_to_end.conftest import Process, Run
from tests.end_to_end.ports import free_port
from tests.stores import Shell, Store, consented, open_store, shell
from workers.events import WEBHOOK_TYPES


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store() as store:
        yield store


@pytest.fixture
def backroom(run: Run, store: Store) -> Shell:
    return shell(run, store)


async def test_without_a_retailer_the_link_is_printed(backroom: Shell) -> None:
    public = {"PUBLIC_URL": "https://shop.test/hooks/"}
    text = (await backroom("connect", **public)).stdout
    assert "Open https://shop.test/hooks/connect in a browser" in text
    assert "the redirect URI https://shop.test/hooks/oauth/callback\n" in text
    text = (await backroom("connect", "--all-events", **public)).stdout
    assert "Open https://shop.test/hooks/connect?events=all in a browser" in text
    assert json.loads((await backroom("connect", "--json", **public)).stdout) == {
        "url": "https://shop.test/hooks/connect",
        "redirect_uri": "https://shop.test/hooks/oauth/callback",
    }


@pytest.mark.parametrize("name", ["LIGHTSPEED_CLIENT_ID", "LIGHTSPEED_CLIENT_SECRET"])
async def test_an_application_that_is_not_set_is_one_sentence(backroom: Shell, name: str) -> None:
    ended = await backroom("connect", code=2, **{name: ""})
    assert ended.stdout == ""
    (said,) = ended.stderr.splitlines()
    assert said.startswith("backroom: LIGHTSPEED_CLIENT_ID and LIGHTSPEED_CLIENT_SECRET must be")


async def test_the_link_leads_over_the_consent_page_to_a_linked_retailer(
    backroom: Shell,
    store: Store,
    database: Database,
    vault: Vault,
    start: Callable[..., Process],
) -> None:
    environ = {**store.environ, "PORT": str(free_port())}
    web = await asyncio.to_thread(start, "web", **environ)
    url = json.loads((await backroom("connect", "--json", **environ)).stdout)["url"]
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(url, allow_redirects=False) as answer:
            given = await consented(answer.headers["Location"])
        async with browser.get(url.replace("connect", "oauth/callback"), params=given) as answer:
            assert "<p>kowhai is linked. You can close this window.</p>" in await answer.text()
    assert web.line("retailer.linked")["retailer"] == "kowhai"
    pair = (await Grants(database, vault).get("kowhai")).pair
    log = web.log.read_text()
    for secret in (given["code"], given["state"], pair.access.reveal(), pair.refresh.reveal()):
        assert secret not in log
    (one,) = json.loads((await backroom("retailers", "--json")).stdout)
    assert (one["retailer"], one["signed"], one["state"]) == ("kowhai", True, "linked")
    assert list(one["webhook_urls"]) == list(WEBHOOK_TYPES)
    brands = json.loads((await backroom("call", "ListBrands")).stdout)
    assert len(brands["data"]) == len(store.rows("brands"))


async def test_a_retailer_that_must_be_linked_again_is_listed_with_the_reason(
    backroom: Shell, database: Database, vault: Vault
) -> None:
    await backroom("connect", "kowhai", "--personal-token", "t")
    grants = Grants(database, vault)
    grant = await grants.get("kowhai")
    turn = await grants.begin(grant)
    assert isinstance(turn, Mine)
    await grants.bury(grant, turn, "it was revoked")
    assert "needs_relink: it was revoked" in (await backroom("retailers")).stdout
    (one,) = json.loads((await backroom("retailers", "--json")).stdout)
    assert (one["state"], one["reason"]) == ("needs_relink", "it was revoked")
    await backroom("connect", "kowhai", "--personal-token", "t")
    (one,) = json.loads((await backroom("retailers", "--json")).stdout)
    assert (one["state"], one["reason"]) == ("linked", "")


async def test_a_personal_token_of_the_environment_opens_the_store(
    backroom: Shell, store: Store
) -> None:
    token = store.token()
    ended = await backroom("connect", "kowhai", LIGHTSPEED_PERSONAL_TOKEN=token)
    assert token not in ended.stdout + ended.stderr
    assert json.loads((await backroom("call", "ListBrands")).stdout)["data"]
