"""The till: each sequence, what it leaves behind, and the closures at the end of the day."""

import asyncio
import contextlib
from decimal import Decimal

import pytest

from actions.simulator.closures import TABLE
from actions.simulator.till import KINDS, Till, close_registers, ring, sell
from tests.actions.simulator.stores import Store, ask


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("sale", [("closed", [])]),
        ("parked", [("parked", []), ("closed", [])]),
        ("layby", [("pending", ["layby"])] * 2 + [("closed", ["layby"])]),
        ("onaccount", [("pending", ["onaccount"]), ("closed", ["onaccount"])]),
        ("void", [("closed", []), ("voided", [])]),
    ],
)
def test_a_sequence_is_one_sale_that_goes_from_state_to_state(
    store: Store, kind: str, statuses: list[tuple[str, list[str]]]
) -> None:
    sale_id = ring(store, kind)
    told = store.events("sale.update")
    assert {row["id"] for row in told} == {sale_id}
    assert [(row["state"], row["attributes"]) for row in told] == statuses


def test_a_return_gives_back_another_sale(store: Store) -> None:
    sale_id = ring(store, "return")
    back = store.one("sales", id=sale_id)
    first = store.one("sales", id=back["return"]["original_sale_id"])
    assert first["return"]["return_sale_ids"] == [sale_id]
    assert back["totals"]["price_incl_tax"] == -first["totals"]["price_incl_tax"]
    assert sum(one["amount"] for one in back["payments"]) < 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_closed_is_paid_to_the_cent(store: Store, kind: str) -> None:
    row = store.one("sales", id=ring(store, kind))
    paid = sum((one["amount"] for one in row["payments"]), Decimal(0))
    assert paid == (0 if kind == "void" else round(Decimal(row["totals"]["price_incl_tax"]), 2))


def test_after_many_steps_the_levels_are_what_the_closed_sales_left(store: Store) -> None:
    till = Till(store)
    done = [till.step() for _ in range(300)]
    sold = Decimal(0)
    for row in store.table("sales").all():
        if row["state"] == "closed" or "onaccount" in row["attributes"]:
            sold += sum(line["quantity"] for line in row["line_items"])
    levels = sum(store.level(number, outlet) for number in range(5) for outlet in range(3))
    assert sum(1 for one in done if one) > 290
    assert levels == 300 - sold
    balances = [row["balance"] for row in store.table("customers").all()]
    assert sum(balances) < 0


def test_the_same_seed_sells_the_same(store: Store) -> None:
    other = Store()
    for one in (store, other):
        till = Till(one)
        for _ in range(50):
            till.step()
    assert store.ids("sales") == other.ids("sales")


def test_a_sale_that_somebody_else_has_changed_is_given_up(store: Store) -> None:
    till = Till(store)
    sale_id = till.step("void")
    row = store.one("sales", id=sale_id)
    voided = {"state": "voided", "source": {"author_id": row["source"]["author"]["id"]}}
    assert ask(store, "PUT", f"/sales/{sale_id}", voided)[0] == 200
    for _ in range(40):
        till.step()
    assert len([one for one in store.events("sale.update") if one["id"] == sale_id]) == 2


def test_closing_sums_up_what_each_register_sold(store: Store) -> None:
    for _ in range(20):
        ring(store, "sale")
    rows = close_registers(store)
    assert len(store.events("register_closure.create")) == len(rows) == 3
    total = sum(row["totals"]["price"] for row in store.table("sales").all())
    assert sum(row["totals"]["sales"] for row in rows) == total
    for row in rows:
        assert sum(one["total"] for one in row["payments"]) == row["totals"]["payments"]
    assert close_registers(store) == []


def test_the_next_day_counts_from_nothing(store: Store) -> None:
    ring(store, "sale")
    close_registers(store)
    last = store.one("sales", id=ring(store, "sale"))
    (again,) = close_registers(store)
    closures = [
        one for one in store.table(TABLE).all() if one["register_id"] == again["register_id"]
    ]
    assert again["open_count_sequence"] == len(closures) == 2
    assert again["totals"]["sales"] == last["totals"]["price"]


async def test_it_sells_so_many_a_minute_and_closes_at_midnight(store: Store) -> None:
    store.clock.set(scale=3600)
    task = asyncio.create_task(sell(store, per_minute=2))
    while not store.table(TABLE).ids() or len(store.events("sale.update")) <= 60:
        store.clock.set(advance=3600)
        await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_till_that_is_behind_leaves_others_their_turn(store: Store) -> None:
    task = asyncio.create_task(sell(store, per_minute=60))
    await asyncio.sleep(0)
    store.clock.set(advance=7200)
    for _ in range(50):
        await asyncio.sleep(0)
    assert 0 < len(store.events("sale.update")) < 100
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
