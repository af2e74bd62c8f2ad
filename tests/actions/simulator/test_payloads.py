"""Payloads of webhooks: the members, their order and their types, and the JSON of two services."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from actions.simulator import catalogue, payloads, prices, stock
from actions.simulator.payloads.spelling import go, php, sql, zulu
from actions.simulator.resources.webhooks import TYPES
from actions.simulator.till import close_registers, ring
from tests.actions.simulator.stores import Store, ask, pay, sale
from tests.actions.simulator.test_stock_resources import ordered, received, step
from workers.samples import sample

PHP = ("customer.update", "consignment.send", "consignment.receive", "register_closure.create")


def worn(store: Store) -> None:
    """Let a product have all that a product can have."""
    supplier = {"id": store.new_id(), "name": "Alpine", "description": None, "deleted_at": None}
    book: dict[str, Any] = {
        "id": store.new_id(),
        "type": "BASE",
        "valid_from": None,
        "valid_to": None,
    }
    book["customer_groups"] = list(store.table("customer_groups").all())[:1]
    store.put("suppliers", supplier)
    store.put("price_books", book | {"deleted_at": None})
    row = store.one("products", id=store.products[0])
    brand = {"id": store.new_id(), "name": "Kārearea"}
    row |= {"brand": brand, "type": brand, "supplier_id": supplier["id"], "categories": [brand]}
    row["variant_options"] = [{"id": store.new_id(), "name": "Size", "value": "750 ml"}]
    row |= {"sku": "10442", "description": "<p>24 h & more</p>"}
    catalogue.keep(store, row)
    prices.follow(store, row)


def every_event(store: Store) -> None:
    """Let each type of event happen."""
    worn(store)
    catalogue.keep(store, store.one("products", id=store.products[0]))
    names = {"first_name": "Zoë", "last_name": "O/Brien", "physical_address_1": "1 Tui Street"}
    customer_id = ask(store, "POST", "/customers", names)[1]["data"]["id"]
    payments = [pay(store, 40), pay(store, "6.00", "Card Terminal")]
    body = sale(store, customer_id=customer_id, payments=payments)
    assert ask(store, "POST", "/sales", body)[0] == 200
    path = ordered(store, "OUTLET", 4, source_outlet_id=store.ids("outlets")[1])
    assert step(store, path, "SENT") == 200
    received(store, path, 3)
    assert step(store, path, "RECEIVED") == 200
    close_registers(store)


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    every_event(store)
    return store


def written(store: Store, event_type: str) -> str:
    return payloads.body(store, event_type, store.events(event_type)[-1])


def alike(ours: Any, theirs: Any, where: str) -> None:
    """Compare members, their order and types, wherever neither is null or empty."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if not any(len(key) == 36 for key in theirs):
            assert list(ours) == list(theirs), where
        for (key, one), other in zip(ours.items(), theirs.values(), strict=False):
            alike(one, other, f"{where}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        for one in ours if theirs else ():
            alike(one, theirs[0], f"{where}[]")
    elif ours is not None and theirs is not None:
        number = (int, Decimal)
        same = type(ours) is type(theirs) or (type(ours) in number and type(theirs) in number)
        assert same or (where.endswith(".total") and 0 in {ours, theirs}), where


@pytest.mark.parametrize("event_type", TYPES)
def test_a_payload_has_the_members_of_a_captured_one(store: Store, event_type: str) -> None:
    texts = (written(store, event_type), json.dumps(sample(event_type)))
    ours, theirs = (json.loads(text, parse_float=Decimal) for text in texts)
    alike(ours, theirs, event_type)


@pytest.mark.parametrize("event_type", TYPES)
def test_each_service_writes_json_in_its_own_way(store: Store, event_type: str) -> None:
    text = written(store, event_type)
    if event_type in PHP:
        assert text.isascii()
    else:
        assert text == go(json.loads(text, parse_float=Decimal))
        assert "<" not in text


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (go, '{"a":"W\u0101naka \\u003cb\\u003e \\u0026 / \U0001f600","b":43.7}'),
        (php, '{"b":43.7,"a":"W\\u0101naka <b> & \\/ \\ud83d\\ude00"}'),
    ],
)
def test_the_two_ways_to_write_json(write: Callable[[Any], str], text: str) -> None:
    value = {"b": Decimal("43.7"), "a": "Wānaka <b> & / \U0001f600"}
    assert write(value) == text
    assert json.loads(text, parse_float=Decimal) == value


def test_figures_of_a_sale_are_texts_of_five_places_and_payments_numbers(store: Store) -> None:
    found = json.loads(written(store, "sale.update"))
    assert found["totals"] == {
        "total_loyalty": "2.00000",
        "total_payment": "46.00000",
        "total_price": "40.00000",
        "total_tax": "6.00000",
        "total_to_pay": "0.00000",
    }
    assert [one["amount"] for one in found["register_sale_payments"]] == [40, 6]
    assert [type(found[name]) for name in ("version", "status")] == [int, str]
    assert found["taxes"][0]["id"] != found["register_sale_products"][0]["tax_id"]


def test_a_year_always_has_four_digits() -> None:
    assert sql("0012-03-04T05:06:07+00:00") == "0012-03-04 05:06:07"
    assert zulu("0012-03-04T05:06:07+00:00") == "0012-03-04T05:06:07Z"


def test_a_sale_shows_its_times_in_three_ways(store: Store) -> None:
    found = json.loads(written(store, "sale.update"))
    assert found["created_at"] == "2026-07-14 03:33:20"
    assert found["sale_date"] == "2026-07-14T03:33:20Z"
    assert found["updated_at"] == "2026-07-14T03:33:20+00:00"


@pytest.mark.parametrize(
    ("state", "attributes", "status"),
    [
        ("parked", [], "SAVED"),
        ("pending", ["layby"], "LAYBY"),
        ("closed", ["onaccount"], "ONACCOUNT_CLOSED"),
        ("pending", ["pickup"], "AWAITING_PICKUP"),
        ("voided", ["layby"], "VOIDED"),
    ],
)
def test_states_and_attributes_become_the_old_status(
    state: str, attributes: list[str], status: str
) -> None:
    store = Store()
    customer_id = store.one("customers", first_name="Ana")["id"]
    body = sale(store, state, attributes=attributes, customer_id=customer_id)
    assert ask(store, "POST", "/sales", body)[0] == 200
    assert json.loads(written(store, "sale.update"))["status"] == status


def test_a_sale_to_nobody_has_no_customer() -> None:
    store = Store()
    assert ask(store, "POST", "/sales", sale(store))[0] == 200
    assert json.loads(written(store, "sale.update"))["customer"] is None


def test_a_return_names_the_sale_that_it_is_for() -> None:
    store = Store()
    back = store.one("sales", id=ring(store, "return"))
    found = json.loads(payloads.body(store, "sale.update", back))
    assert found["return_for"] == back["return"]["original_sale_id"]
    assert float(found["totals"]["total_price"]) < 0


def test_a_deleted_product_has_a_time_and_no_prices() -> None:
    store = Store()
    worn(store)
    row = store.one("products", id=store.products[0])
    found = json.loads(payloads.body(store, "product.update", row))
    assert found["price_book_entries"][0]["price"] == "20.00000"
    gone = row | {"deleted_at": store.timestamp()}
    deleted = json.loads(payloads.body(store, "product.update", gone))
    assert "price_book_entries" not in deleted
    assert (deleted["active"], deleted["deleted_at"]) == (True, "2026-07-14 03:33:20")


def test_stock_may_be_negative_or_a_fraction() -> None:
    store = Store()
    for level in (Decimal(-3), Decimal("0.125")):
        stock.set_level(store, store.products[0], store.ids("outlets")[0], level)
        assert f'"count":{level},' in written(store, "inventory.update")


def test_a_line_on_its_way_has_received_nothing(store: Store) -> None:
    assert '"received":null,"cost":4.5,' in written(store, "consignment.send")
    assert '"count":"4.00000","received":"3.00000"' in written(store, "consignment.receive")


def test_a_closure_writes_the_number_0_where_nothing_was_taken(store: Store) -> None:
    closed = [
        json.loads(payloads.body(store, "register_closure.create", row))
        for row in store.events("register_closure.create")
    ]
    found = next(one for one in closed if one["totals"]["sales"] != "0")
    summary = {one["payment_type_name"]: one["total"] for one in found["payments_summary"].values()}
    assert summary["Cash"] == "40.00000"
    assert summary["Loyalty"] == 0
    assert found["totals"]["laybys"] == "0"
    assert isinstance(found["open_count_sequence"], str)
