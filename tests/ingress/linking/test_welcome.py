"""The page after linking: what it says is what the store's own books say."""

import re

from actions.connections import Connections
from actions.database import Database
from actions.vault import Vault
from tests.conftest import Ingress
from tests.ingress.linking.conftest import CALLBACK, Open, left, nothing_is_linked, told
from tests.stores import Store, consented, open_store
from workers.environment import load
from workers.events import WEBHOOK_TYPES
from workers.hooks.address import webhook_urls
from workers.hooks.mending import Hooks
from workers.hooks.wanted import wanted
from workers.lightspeed import lightspeed
from workers.settings import Settings

BASE = "http://127.0.0.1:8000"


async def linked(browser: Ingress, retailer: str = "kowhai", link: str = "/connect") -> str:
    """Walk the flow; return the page."""
    given = await consented(await left(browser, link), retailer)
    async with browser.get(CALLBACK, params=given) as answer:
        text = await answer.text()
        assert answer.status == 200, text
        assert told(answer, text) == f"{retailer} is linked. You can close this window."
        return text


def listed(page: str, heading: str) -> list[str]:
    found = re.search(rf"<h2>{heading}</h2>\s*<ul>(.*?)</ul>", page)
    return re.findall(r"<li>(.*?)</li>", found[1]) if found else []


async def test_it_names_the_store_its_registers_and_the_webhooks_that_are_there(
    browser: Ingress, store: Store, database: Database, vault: Vault
) -> None:
    page = await linked(browser)
    (retailer,) = store.rows("retailer")
    assert f"<h1>{retailer['name']} is linked</h1>" in page
    assert listed(page, "Registers") == [row["name"] for row in store.rows("registers")]
    assert listed(page, "Webhooks") == sorted(WEBHOOK_TYPES)
    urls = webhook_urls(await Connections(database, vault).get("kowhai"), BASE)
    assert {row["type"]: row["url"] for row in store.rows("webhooks")} == urls
    assert not any(url in page for url in urls.values())
    assert store.rows("webhooks", "torea") == []


async def test_linking_again_registers_nothing_twice(browser: Ingress, store: Store) -> None:
    await linked(browser)
    before = store.rows("webhooks")
    assert listed(await linked(browser), "Webhooks") == sorted(WEBHOOK_TYPES)
    assert store.rows("webhooks") == before


async def test_what_was_registered_unsigned_is_registered_anew_so_that_it_is_signed(
    browser: Ingress, store: Store, database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    before = await Connections(database, vault).link("kowhai", unsigned=True)
    settings = load(Settings, environ)
    async with lightspeed(settings, database, vault) as reach:
        await reach.grants.keep("kowhai", store.pair())
        assert (await Hooks(settings, database, reach.client).mend(before, 10)).is_whole
    old = store.rows("webhooks")
    await linked(browser)
    new = store.rows("webhooks")
    assert {row["url"] for row in new} == {row["url"] for row in old}
    assert not {row["id"] for row in new} & {row["id"] for row in old}
    owners = store.simulator.stage.deliveries._owners  # noqa: SLF001 - who is signed for
    assert {owners[row["id"]] for row in old} == {""}
    assert {owners[row["id"]] for row in new} == {store.simulator.options.client_id}


async def test_what_workers_want_is_registered(
    browser: Ingress, store: Store, database: Database
) -> None:
    await database.do("HSET", "backroom:wanted-types", "sale.update", 1, "ping", 1)
    assert listed(await linked(browser), "Webhooks") == ["sale.update"]
    assert [row["type"] for row in store.rows("webhooks")] == ["sale.update"]


async def test_a_link_for_all_events_registers_every_type_for_good(
    browser: Ingress, store: Store, database: Database
) -> None:
    await database.do("HSET", "backroom:wanted-types", "sale.update", 1)
    assert listed(await linked(browser, link="/connect?events=all"), "Webhooks") == sorted(
        WEBHOOK_TYPES
    )
    assert await wanted(database, "kowhai") == WEBHOOK_TYPES
    assert listed(await linked(browser, "torea"), "Webhooks") == ["sale.update"]
    assert len(store.rows("webhooks")) == 7


async def test_where_none_can_be_registered_it_says_so_and_the_retailer_stays_linked(
    open_ingress: Open, store: Store, database: Database, vault: Vault
) -> None:
    page = await linked(await open_ingress(PORT="0"))
    assert listed(page, "Webhooks") == []
    assert "<p>Its webhooks are not all registered yet: Backroom tries again within" in page
    assert [one.retailer for one in await Connections(database, vault).all()] == ["kowhai"]
    assert store.rows("webhooks") == []


async def test_a_store_that_answers_nothing_more_is_linked_under_its_domain_prefix(
    browser: Ingress, store: Store
) -> None:
    for path in ("/retailer", "/registers"):
        store.strike("slow", path=path, seconds=60)
    page = await linked(browser)
    assert "<h1>kowhai is linked</h1>" in page
    assert listed(page, "Registers") == []
    assert len(listed(page, "Webhooks")) == 7


async def test_what_the_store_calls_itself_is_text_and_no_page_of_its_own(
    browser: Ingress, store: Store
) -> None:
    shop = store.simulator.shop("kowhai")
    evil = '"><script>alert(1)</script>' + "x" * 5_000
    for table in ("retailer", "registers"):
        for row in store.rows(table):
            shop.put(table, row | {"name": evil})
    page = await linked(browser)
    assert page.count("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;x") == 4
    assert len(page) < 4_000


async def test_scopes_that_lack_are_named_and_nothing_is_stored(
    open_ingress: Open, database: Database, vault: Vault
) -> None:
    async with open_store(dropped_scopes=("webhooks", "sales:read")) as store:
        browser = await open_ingress(**store.environ)
        given = await consented(await left(browser))
        async with browser.get(CALLBACK, params=given) as answer:
            assert answer.status == 403
            said = told(answer, await answer.text())
        assert said.startswith("kowhai has not granted sales:read, webhooks, so nothing was linked")
        assert store.seen == [("POST /token", 200)]
        store.simulator.stage.ledger.reset()
        await nothing_is_linked(database, vault, store)
