"""Webhooks mend: what the store has afterwards is what it should have, by its own books."""

import secrets
from typing import Any

import pytest
from structlog.testing import capture_logs

from actions.action import Action
from actions.client import Client
from actions.connections import Connection, Connections
from actions.database import Database
from actions.errors import Rejected
from actions.resources.webhooks import CreateWebhook
from tests.stores import Store
from tests.workers.conftest import ready
from tests.workers.hooks.conftest import (
    SECONDS,
    Put,
    all_of,
    granted,
    registered,
    url_of,
)
from workers.events import PING, PRODUCT_UPDATE, SALE_UPDATE, WEBHOOK_TYPES, Event, EventType
from workers.hooks.mending import Hooks
from workers.hooks.wanted import STALE_SECONDS, note, want_all, wanted
from workers.lightspeed import Lightspeed
from workers.plugins import Context, NoSettings, Plugin
from workers.settings import Settings

SALE, PRODUCT = "sale.update", "product.update"
CREATED, LISTED = ("POST /webhooks", 201), ("GET /webhooks", 200)


def wanting(*types: EventType[Any], name: str = "ledger") -> Plugin[NoSettings]:
    plugin = Plugin(name)
    for number, event_type in enumerate(types):

        async def take(event: Event[Any], ctx: Context[NoSettings]) -> None:
            """Do nothing."""

        take.__name__ = f"take_{number}"
        plugin.on(event_type)(take)
    return plugin


async def wants_sales(database: Database) -> None:
    await note(database, ready(wanting(SALE_UPDATE)))


async def test_where_no_worker_ever_started_all_seven_are_registered_once(
    hooks: Hooks, shop: Store, kowhai: Connection
) -> None:
    first = await hooks.mend(kowhai, SECONDS)
    assert first.created == list(WEBHOOK_TYPES)
    assert first.is_whole
    second = await hooks.mend(kowhai, SECONDS)
    assert (second.present, second.created, second.deleted) == (list(WEBHOOK_TYPES), [], [])
    assert registered(shop) == all_of(kowhai)
    assert shop.seen == [LISTED, *[CREATED] * 7, LISTED]


async def test_what_plugins_subscribe_to_is_registered_and_nothing_else(
    hooks: Hooks, shop: Store, kowhai: Connection, database: Database, put: Put
) -> None:
    await note(database, ready(wanting(SALE_UPDATE, PING)))
    put(PRODUCT)
    report = await hooks.mend(kowhai, SECONDS)
    assert [(one.type, one.why) for one in report.deleted] == [(PRODUCT, "not wanted any more")]
    assert registered(shop) == all_of(kowhai, SALE)


async def test_ping_alone_needs_no_webhook(
    hooks: Hooks, shop: Store, kowhai: Connection, database: Database
) -> None:
    await note(database, ready(wanting(PING)))
    assert (await hooks.mend(kowhai, SECONDS)).is_whole
    assert registered(shop) == []


async def test_a_retailer_that_is_to_have_all_keeps_all(
    hooks: Hooks, shop: Store, kowhai: Connection, database: Database
) -> None:
    await wants_sales(database)
    await want_all(database, ["kowhai"], every=True)
    await hooks.mend(kowhai, SECONDS)
    assert registered(shop) == all_of(kowhai)
    await want_all(database, ["kowhai"], every=False)
    await hooks.mend(kowhai, SECONDS)
    assert registered(shop) == all_of(kowhai, SALE)


async def test_a_type_is_over_once_no_worker_has_wanted_it_for_some_hours(
    database: Database,
) -> None:
    both = ready(wanting(SALE_UPDATE, PRODUCT_UPDATE))
    sales = ready(wanting(SALE_UPDATE))
    assert await note(database, both, 1000.0)
    assert not await note(database, sales, 1000.0 + STALE_SECONDS - 1)
    assert await wanted(database, "kowhai") == (PRODUCT, SALE)
    await note(database, sales, 1000.0 + STALE_SECONDS + 1)
    assert await wanted(database, "kowhai") == (SALE,)


async def test_a_worker_without_subscribers_takes_nothing_away(database: Database) -> None:
    await wants_sales(database)
    assert not await note(database, ready())
    assert await wanted(database, "kowhai") == (SALE,)


async def test_only_our_own_that_are_stale_are_deleted(
    hooks: Hooks, shop: Store, kowhai: Connection, connections: Connections, put: Put
) -> None:
    torea = await connections.link("torea", unsigned=False)
    put(SALE, f"http://127.0.0.1:8000/webhooks/{secrets.token_urlsafe(24)}/{SALE}")
    put(PRODUCT, active=False)
    put("customer.update", url_of(kowhai, SALE))
    put("customer.update", url_of(kowhai, ""))
    others = [
        (SALE, "https://elsewhere.example/webhooks/x/sale.update"),
        (SALE, url_of(kowhai, SALE, "https://moved.example")),
        (SALE, "http://127.0.0.1:80001/webhooks/x/sale.update"),
        (SALE, "http://127.0.0.1:8000/webhooks"),
        (SALE, "http://127.0.0.1:8000/webhooks/"),
        (SALE, "http://127.0.0.1:8000/webhooks/a/b/c"),
        (SALE, "http://127.0.0.1:8000/shop/webhooks/x/sale.update"),
        (SALE, url_of(torea, SALE)),
        (SALE, url_of(kowhai, "")[:-1]),
    ]
    for event_type, url in others:
        put(event_type, url)
    report = await hooks.mend(kowhai, SECONDS)
    assert sorted(one.why for one in report.deleted) == [
        "inactive",
        "its URL names another type",
        "of an older key",
    ]
    by_hand = ("customer.update", url_of(kowhai, ""))
    assert registered(shop) == sorted([*all_of(kowhai), *others, by_hand])
    assert report.is_whole
    assert len(report.foreign) == len(others) + 1


async def test_what_another_has_created_meanwhile_counts_as_present(
    hooks: Hooks, shop: Store, kowhai: Connection, put: Put
) -> None:
    looked = await hooks.look(kowhai, SECONDS)
    put(SALE)
    looked.lacking = [SALE]
    await hooks._create(looked, kowhai)  # noqa: SLF001 - between listing and creating
    assert (looked.present, looked.created, looked.lacking) == ([SALE], [], [])
    assert registered(shop) == all_of(kowhai, SALE)


async def test_a_lost_answer_neither_doubles_a_webhook_nor_leaves_it_out(
    hooks: Hooks, shop: Store, kowhai: Connection, database: Database
) -> None:
    await wants_sales(database)
    shop.strike("lost-answer", path="POST /webhooks")
    report = await hooks.mend(kowhai, SECONDS)
    assert (report.created, report.problems) == ([SALE], [])
    assert registered(shop) == all_of(kowhai, SALE)


async def test_what_was_registered_when_nothing_was_signed_is_registered_anew(
    hooks: Hooks, shop: Store, kowhai: Connection, database: Database, put: Put
) -> None:
    await wants_sales(database)
    old = put(SALE)
    report = await hooks.mend(kowhai, SECONDS, anew=True)
    assert [(one.id, one.why) for one in report.deleted] == [
        (old, "registered when nothing was signed")
    ]
    assert registered(shop) == all_of(kowhai, SALE)


@pytest.mark.parametrize("unsigned", [True, False])
async def test_a_personal_token_registers_for_those_alone_whose_deliveries_need_no_signature(
    hooks: Hooks, shop: Store, connections: Connections, reach: Lightspeed, *, unsigned: bool
) -> None:
    await reach.grants.keep("kowhai", shop.pair())
    kowhai = await connections.link("kowhai", unsigned=unsigned)
    report = await hooks.mend(kowhai, SECONDS)
    assert report.is_whole is unsigned
    assert registered(shop) == (all_of(kowhai) if unsigned else [])
    if not unsigned:
        (said,) = report.problems
        assert said.startswith("The token of kowhai is personal")


async def test_where_lightspeed_cannot_reach_us_nothing_is_sent(
    unreached: Hooks, shop: Store, kowhai: Connection
) -> None:
    report = await unreached.mend(kowhai, SECONDS)
    assert report.lacking == list(WEBHOOK_TYPES)
    assert report.problems[0].startswith("Lightspeed cannot reach http://127.0.0.1:8000: set PUB")
    assert shop.seen == []


async def test_a_scope_that_lacks_an_outage_and_silence_are_told_and_change_nothing(
    hooks: Hooks, shop: Store, kowhai: Connection, reach: Lightspeed
) -> None:
    shop.strike("slow", path="/webhooks", seconds=5.0)
    slow = await hooks.mend(kowhai, 0.3)
    await reach.grants.keep("kowhai", granted(shop, "kowhai", "sales:read"))
    with capture_logs() as lines:
        scope = await hooks.mend(kowhai, SECONDS)
        scope.log()
    assert slow.problems == ["Lightspeed did not answer for kowhai within 0.3 s."]
    assert "the scope webhooks was not granted" in scope.problems[0]
    assert slow.lacking == scope.lacking == list(WEBHOOK_TYPES)
    assert [(one["event"], one["reason"]) for one in lines] == [
        ("webhooks.lacking", ["MissingScope"])
    ]
    assert registered(shop) == []


async def test_one_that_the_store_refuses_keeps_no_other_from_being_registered(
    settings: Settings, database: Database, reach: Lightspeed, shop: Store, kowhai: Connection
) -> None:
    class Choosy(Client):
        async def reread(self, retailer: str) -> None:
            await reach.client.reread(retailer)

        async def call(self, action: Action[Any], retailer: str, **more: Any) -> Any:
            if isinstance(action, CreateWebhook) and action.type == SALE:
                said = f"{action.url} is refused."
                raise Rejected("CreateWebhook", retailer, said)
            return await reach.client.call(action, retailer, **more)

    hooks = Hooks(settings, database, Choosy.__new__(Choosy))
    report = await hooks.mend(kowhai, SECONDS)
    assert report.lacking == [SALE]
    assert len(registered(shop)) == 6
    (said,) = report.problems
    assert "http://127.0.0.1:8000/webhooks/…/sale.update is refused" in said


async def test_neither_report_nor_log_holds_a_webhook_key(
    hooks: Hooks, kowhai: Connection, put: Put
) -> None:
    put(SALE, url_of(kowhai, SALE, "https://moved.example"))
    with capture_logs() as lines:
        report = await hooks.mend(kowhai, SECONDS)
        report.log()
    assert kowhai.webhook_key.reveal() not in repr(report) + repr(lines)


async def test_looking_changes_nothing(
    hooks: Hooks, shop: Store, kowhai: Connection, database: Database, put: Put
) -> None:
    await wants_sales(database)
    put(SALE, active=False)
    report = await hooks.look(kowhai, SECONDS)
    assert (report.lacking, [one.why for one in report.stale]) == ([SALE], ["inactive"])
    every = await hooks.look(kowhai, SECONDS, every=True)
    assert every.lacking == list(WEBHOOK_TYPES)
    assert shop.seen == [LISTED, LISTED]


async def test_a_retailer_that_leaves_has_none_of_ours_left_and_keeps_those_of_others(
    hooks: Hooks, shop: Store, kowhai: Connection, put: Put
) -> None:
    await hooks.mend(kowhai, SECONDS)
    put(SALE, f"http://127.0.0.1:8000/webhooks/{secrets.token_urlsafe(24)}/{SALE}")
    put(SALE, url_of(kowhai, SALE, "https://moved.example"))
    put(SALE, url_of(kowhai, "")[:-1])
    put(SALE, "https://elsewhere.example/hook")
    report = await hooks.remove(kowhai, SECONDS)
    assert len(report.deleted) == 10
    assert registered(shop) == [(SALE, "https://elsewhere.example/hook")]
