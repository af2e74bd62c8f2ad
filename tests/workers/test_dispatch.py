from typing import Any

import pytest

from actions.connections import Connection, Connections
from actions.database import Database
from tests.conftest import Work
from tests.workers.conftest import (
    KOWHAI_ID,
    Ledger,
    Lines,
    Step,
    Store,
    die,
    dispatch_again,
    entry_of,
    said,
    sale,
    states,
)
from workers.events import (
    CONSIGNMENT_SEND,
    CUSTOMER_UPDATE,
    EVENT_TYPES,
    INVENTORY_UPDATE,
    PING,
    REGISTER_CLOSURE_CREATE,
    WEBHOOK_TYPES,
)
from workers.keys import EVENTS_QUEUE
from workers.listing import sizes
from workers.samples import form, sample

NOON = "2026-11-23 12:00:00"
ONE = "2026-11-23 13:00:00"


@pytest.mark.parametrize("name", WEBHOOK_TYPES)
async def test_an_event_reaches_the_subscribers_of_its_type_and_no_others(
    store: Store, work: Work, name: str
) -> None:
    event_id = await store(form(name, sample(name), "kowhai", KOWHAI_ID), "")
    wants = Ledger(on=EVENT_TYPES[name])
    others = [
        Ledger(name=f"other_{count}", on=other)
        for count, other in enumerate(EVENT_TYPES.values())
        if other is not EVENT_TYPES[name]
    ]
    await work(wants.plugin, *(other.plugin for other in others))
    ((event, attempt),) = wants.runs
    assert (event.id, event.type, attempt) == (event_id, EVENT_TYPES[name], 1)
    assert event.raw["id"] == event.payload.id == sample(name)["id"]
    assert not any(other.runs for other in others)


async def test_a_delivery_that_nobody_recognises_reaches_the_subscribers_of_ping(
    store: Store, work: Work, database: Database
) -> None:
    event_id = await store(b"payload=hello", "sale.update")
    pings, sales = Ledger(on=PING), Ledger(name="sales")
    await work(pings.plugin, sales.plugin)
    ((event, _),) = pings.runs
    assert (event.payload.declared, event.raw) == ("sale.update", "hello")
    assert sales.runs == []
    entry = await entry_of(database, event_id)
    assert (entry.type, entry.state) == ("ping", "handled")
    assert entry.note == event.payload.reason == "The payload is not JSON."


async def test_an_event_that_nobody_wants_is_handled(
    store: Store, work: Work, database: Database, lines: Lines
) -> None:
    event_id = await store(said(sale()))
    await work(Ledger(on=CUSTOMER_UPDATE).plugin)
    entry = await entry_of(database, event_id)
    assert (entry.state, entry.type, entry.subscribers) == ("handled", "sale.update", {})
    (line,) = lines
    assert (line["event"], line["event_id"]) == ("event.dispatched", event_id)
    assert (line["state"], line["subscribers"]) == ("handled", 0)


async def test_a_dispatch_that_runs_twice_enqueues_nothing_twice(
    store: Store, step: Step, work: Work, database: Database
) -> None:
    event_id = await store(said(sale()))
    ledger, stock = Ledger(), Ledger(name="stock")
    for _ in range(3):
        await dispatch_again(database, event_id)
        await step(ledger.plugin, stock.plugin)
        queued = await database.do("ZRANGE", EVENTS_QUEUE, 0, -1)
        names = {b":ledger.post", b":stock.post"}
        assert {one.removeprefix(event_id.encode()) for one in queued} == names
    await work(ledger.plugin, stock.plugin)
    assert (ledger.attempts, stock.attempts) == ([1], [1])
    await dispatch_again(database, event_id)
    await step(ledger.plugin, stock.plugin)
    assert await database.do("ZCARD", EVENTS_QUEUE) == 0
    assert await states(database, event_id) == ["handled"]


async def test_dispatching_what_is_gone_does_nothing(
    step: Step, database: Database, lines: Lines
) -> None:
    await dispatch_again(database, "0123")
    await step(Ledger().plugin)
    assert await database.do("DBSIZE") == 0
    assert lines == [{"event": "event.gone", "event_id": "0123", "log_level": "warning"}]


def customer(updated_at: str, customer_id: str = "c1") -> dict[str, Any]:
    return {"id": customer_id, "updated_at": updated_at}


GATED: dict[str, tuple[list[bytes], list[str]]] = {
    "an older version is stale": ([said(sale(version=2)), said(sale(version=1))], ["s1"]),
    "an equal version is stale": ([said(sale(version=2)), said(sale(version=2, note="x"))], ["s1"]),
    "versions are numbers": ([said(sale(version=9)), said(sale(version=10))], ["s1", "s1"]),
    "a newer version passes": ([said(sale(version=1)), said(sale(version=2))], ["s1", "s1"]),
    "another sale passes": ([said(sale("s2", 2)), said(sale("s1", 1))], ["s2", "s1"]),
    "no version passes": ([said(sale(version=2)), said(sale(version=None))], ["s1", "s1"]),
}


@pytest.mark.parametrize("rule", GATED)
async def test_of_the_changes_of_one_entity_the_newest_wins(
    store: Store, work: Work, database: Database, rule: str
) -> None:
    bodies, passing = GATED[rule]
    ledger, event_ids = Ledger(), []
    for body in bodies:
        event_ids.append(await store(body))
        await work(ledger.plugin)
    assert ledger.ids == passing
    stale = len(bodies) - len(passing)
    assert (await states(database, *event_ids)).count("stale") == stale
    assert (await sizes(database))[1].get("stale", 0) == stale


CUSTOMERS = {
    "an older time is stale": ([customer(ONE), customer(NOON)], 1),
    "a newer time passes": ([customer(NOON), customer(ONE)], 2),
    "two changes in one second pass": ([customer(NOON), customer(NOON) | {"note": "x"}], 2),
    "another customer passes": ([customer(ONE), customer(NOON, "c2")], 2),
}


@pytest.mark.parametrize("rule", CUSTOMERS)
async def test_customers_order_by_their_time_of_change(store: Store, work: Work, rule: str) -> None:
    payloads, runs = CUSTOMERS[rule]
    ledger = Ledger(on=CUSTOMER_UPDATE)
    for payload in payloads:
        await store(said(payload, "customer.update"))
        await work(ledger.plugin)
    assert len(ledger.runs) == runs


@pytest.mark.parametrize("kind", [CONSIGNMENT_SEND, REGISTER_CLOSURE_CREATE], ids=lambda k: k.name)
async def test_what_has_no_order_always_passes(store: Store, work: Work, kind: Any) -> None:
    ledger = Ledger(on=kind)
    for note in ("first", "second"):
        await store(said({"id": "x1", "note": note}, kind.name))
        await work(ledger.plugin)
    assert len(ledger.runs) == 2


async def test_the_gate_is_kept_for_each_type(store: Store, work: Work) -> None:
    sales, counts = Ledger(), Ledger(name="counts", on=INVENTORY_UPDATE)
    await store(said({"id": "x1", "version": 9}))
    await work(sales.plugin, counts.plugin)
    await store(said({"id": "x1", "version": 1}, "inventory.update"))
    await work(sales.plugin, counts.plugin)
    assert (len(sales.runs), len(counts.runs)) == (1, 1)


async def test_the_gate_is_kept_for_each_retailer(
    store: Store, work: Work, torea: Connection
) -> None:
    ledger = Ledger()
    await store(said(sale(version=9)))
    await work(ledger.plugin)
    await store(said(sale(version=1)), connection=torea)
    await work(ledger.plugin)
    assert [event.retailer for event, _ in ledger.runs] == ["kowhai", "torea"]


HOME = {"domain_prefix": "kowhai", "retailer_id": KOWHAI_ID}
AWAY: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "another domain prefix": (sale("s9"), {"domain_prefix": "torea"}),
    "another id in the form": (sale("s9"), {**HOME, "retailer_id": "r2"}),
    "another id in the payload": (sale("s9", retailer_id="r2"), {"domain_prefix": "kowhai"}),
    "two ids": (sale("s9", retailer_id="r2"), HOME),
    "another id and no prefix": (sale("s9"), {"retailer_id": "r2"}),
}
TEACHERS = {
    "form": said(sale(), **HOME),
    "payload": said(sale(retailer_id=KOWHAI_ID), domain_prefix="kowhai"),
}


@pytest.mark.parametrize("teacher", TEACHERS)
@pytest.mark.parametrize("what", AWAY)
async def test_another_stores_delivery_is_kept_flagged_and_never_dispatched(
    store: Store, work: Work, database: Database, teacher: str, what: str
) -> None:
    ledger, pings = Ledger(), Ledger(name="pings", on=PING)
    await store(TEACHERS[teacher])
    await work(ledger.plugin, pings.plugin)
    payload, fields = AWAY[what]
    event_id = await store(said(payload, **fields))
    await work(ledger.plugin, pings.plugin)
    assert (ledger.ids, pings.runs) == (["s1"], [])
    assert await states(database, event_id) == ["misdirected"]
    assert (await sizes(database))[1]["misdirected"] == 1


async def test_another_stores_version_does_not_close_the_gate(store: Store, work: Work) -> None:
    ledger = Ledger()
    for payload, fields in ((sale(version=9), {"domain_prefix": "torea"}), (sale(version=1), HOME)):
        await store(said(payload, **fields))
        await work(ledger.plugin)
    assert ledger.ids == ["s1"]


async def test_a_domain_prefix_may_be_spelt_in_capitals(store: Store, work: Work) -> None:
    ledger = Ledger()
    await store(said(sale(), domain_prefix="Kowhai"))
    await work(ledger.plugin)
    assert ledger.ids == ["s1"]


async def test_an_unsigned_delivery_teaches_no_retailer_id(
    store: Store, work: Work, connections: Connections
) -> None:
    hand = await connections.link("tui", unsigned=True)
    ledger = Ledger()
    for version, retailer_id in ((1, "forged"), (2, "true")):
        fields = {"domain_prefix": "tui", "retailer_id": retailer_id}
        await store(said(sale(version=version), **fields), connection=hand)
        await work(ledger.plugin)
    assert len(ledger.runs) == 2


async def test_what_came_first_is_delivered_before_what_came_later_is_dispatched(
    store: Store, step: Step
) -> None:
    ledger = Ledger()
    for number in range(4):
        await store(said(sale(f"s{number}")))
    for _ in range(2):
        await step(ledger.plugin)
    assert len(ledger.runs) == 1


async def test_an_event_that_nobody_survives_to_dispatch_is_failed(
    event_id: str, step: Step, database: Database, lines: Lines
) -> None:
    ledger = Ledger()
    await die(database, event_id, times=5)
    await step(ledger.plugin)
    entry = await entry_of(database, event_id)
    assert (entry.state, ledger.runs) == ("failed", [])
    assert entry.note == "5 workers in turn ended while they dispatched it."
    assert await database.do("ZCARD", EVENTS_QUEUE) == 0
    assert [line["event"] for line in lines] == ["event.failed"]
