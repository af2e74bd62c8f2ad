"""Sales: their shape, their states, and what they do to stock, customers, cards and credit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.actions.simulator.stores import Store, ask, pay, sale
from tests.actions.simulator.test_stock_resources import ODD, bent, paths


@pytest.fixture
def store() -> Store:
    return Store()


def made(store: Store, body: dict[str, Any]) -> dict[str, Any]:
    status, found = ask(store, "POST", "/sales", body)
    assert status == 200, found
    row: dict[str, Any] = found["data"]
    return row


def put(store: Store, sale_id: str, body: dict[str, Any]) -> int:
    return ask(store, "PUT", f"/sales/{sale_id}", body)[0]


def person(store: Store) -> dict[str, Any]:
    """Return a customer who owes nothing and has store credit."""
    credits_ = {row["customer_id"] for row in store.table("store_credits").all()}
    rows = store.table("customers").all()
    return next(row for row in rows if row["id"] in credits_ and row["balance"] == 0)


# The shape


def test_a_sale_is_answered_whole_with_its_version_among_the_metadata(store: Store) -> None:
    row = made(store, sale(store, payments=[pay(store, 46)]))
    assert row["totals"] == {
        "price": 40,
        "price_incl_tax": 46,
        "tax": 6,
        "loyalty": 2,
        "surcharge": 0,
    }
    assert "version" not in row
    listed = ask(store, "GET", "/sales")[1]
    assert listed["version"]["max"] == row["_metadata"]["version"]
    assert listed["data"] == [row]
    assert ask(store, "GET", f"/sales/{row['id']}")[1] == {"data": row}


def test_a_line_is_computed_to_five_places(store: Store) -> None:
    body = sale(store, quantity="1.5")
    body["line_items"][0] |= {
        "pricing": {"price": "34.69565", "discount": Decimal("0.333333")},
        "tax": body["line_items"][0]["tax"] | {"amount": Decimal("5.20435")},
    }
    line = made(store, body)["line_items"][0]
    assert line["pricing"]["total"] == Decimal("52.04348")
    assert line["pricing"]["discount"] == Decimal("0.33333")
    assert line["pricing"]["cost_total"] == 6
    assert line["tax"]["total"] == Decimal("7.80653")
    assert line["_metadata"]["tax_components"][0]["total_tax"] == Decimal("7.80653")


def test_numbers_may_be_texts(store: Store) -> None:
    body = sale(store, quantity="2", payments=[pay(store, "46")])
    body["line_items"][0]["pricing"]["price"] = "20"
    assert made(store, body)["totals"]["price_incl_tax"] == 46


def test_adjustments_of_the_whole_sale_change_its_price(store: Store) -> None:
    off = {"type": "DISCOUNT", "amount": {"type": "PERCENT", "value": "10"}, "name": "Club"}
    fee = {"type": "NON_CASH_FEE", "amount": {"type": "FIXED", "value": "1.5"}}
    row = made(store, sale(store, pricing={"adjustments": [off, fee]}))
    assert [one["total"] for one in row["adjustments"]] == [-4, Decimal("1.5")]
    assert row["totals"]["price"] == Decimal("37.5")


def test_invoice_numbers_come_from_the_registers_sequence(store: Store) -> None:
    rows = [made(store, sale(store)) for _ in range(2)]
    register = store.table("registers").get(rows[0]["source"]["register_id"]) or {}
    start = register["invoice_prefix"]
    assert [row["invoice_number"] for row in rows] == [f"{start}1000", f"{start}1001"]
    assert register["invoice_sequence"] == 1002
    assert made(store, sale(store, invoice_number="W-7"))["invoice_number"] == "W-7"


def test_date_filters_are_ignored(store: Store) -> None:
    made(store, sale(store))
    assert len(ask(store, "GET", "/sales?date_from=2099-01-01T00:00:00Z")[1]["data"]) == 1


def test_card_like_digits_of_a_note_are_masked(store: Store) -> None:
    assert made(store, sale(store, note="4111111111111111"))["note"] == "*" * 12 + "1111"


# Refusals


@pytest.mark.parametrize(
    "change",
    [
        {"state": "open"},
        {"source": {}},
        {"source": {"author_id": "nobody"}},
        {"customer_id": "nobody"},
        {"attributes": ["layby", "onaccount"]},
        {"attributes": ["onaccount"]},
        {"date": "yesterday"},
        {"id": "mine"},
        {"line_items": [{}]},
        {"payments": [{"amount": 1, "type": {"config_id": "shells"}}]},
    ],
)
def test_a_sale_that_breaks_a_rule_changes_nothing(store: Store, change: dict[str, Any]) -> None:
    assert ask(store, "POST", "/sales", sale(store) | change)[0] == 422
    assert store.ids("sales") == []
    assert store.told == []
    assert store.level() == 20


def test_a_sale_that_comes_to_more_than_can_be_kept_is_refused(store: Store) -> None:
    body = sale(store, quantity=999_999_999)
    body["line_items"][0]["pricing"]["price"] = 999_999_999
    assert ask(store, "POST", "/sales", body)[1]["errors"].keys() == {"line_items"}
    assert store.level() == 20


def test_a_composite_of_more_parts_than_can_be_kept_is_not_sold(store: Store) -> None:
    bill = {"is_composite": True, "composite_bom": {store.products[1]: 999_999_999}}
    store.put("products", store.one("products", id=store.products[0]) | bill)
    body = sale(store, quantity=999_999_999)
    assert ask(store, "POST", "/sales", body)[1]["errors"].keys() == {"line_items"}
    assert store.level(1) == 20


def test_an_id_that_is_used_twice_is_a_conflict_or_the_first_sale_again() -> None:
    own = "0af7b240-abc5-11e7-eddc-dbf5c1f8e3a1"
    for switch, status in (("conflict", 409), ("same-sale", 200)):
        store = Store(same_sale_id=switch)
        first = made(store, sale(store, id=own))
        again, found = ask(store, "POST", "/sales", sale(store, id=own, quantity=9))
        assert (first["id"], again) == (own, status)
        assert status == 409 or found["data"] == first
        assert store.level() == 18


# States


@pytest.mark.parametrize(
    ("state", "attributes", "level"),
    [
        ("parked", [], 20),
        ("pending", [], 20),
        ("pending", ["layby"], 20),
        ("pending", ["onaccount"], 18),
        ("closed", [], 18),
        ("voided", [], 20),
    ],
)
def test_stock_goes_when_a_sale_is_closed_or_on_account(
    store: Store, state: str, attributes: list[str], level: int
) -> None:
    customer_id = person(store)["id"]
    made(store, sale(store, state, attributes=attributes, customer_id=customer_id))
    assert store.level() == level
    assert len(store.events("inventory.update")) == (20 - level) // 2


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("parked", "pending", 200),
        ("parked", "closed", 200),
        ("pending", "closed", 200),
        ("pending", "parked", 422),
        ("closed", "voided", 200),
        ("closed", "closed", 422),
        ("closed", "parked", 422),
        ("voided", "closed", 422),
    ],
)
def test_what_a_sale_may_become(store: Store, before: str, after: str, status: int) -> None:
    row = made(store, sale(store, before))
    assert put(store, row["id"], sale(store, after)) == status


def test_voiding_returns_the_stock_and_removes_the_payments(store: Store) -> None:
    row = made(store, sale(store, payments=[pay(store, 46)]))
    status, found = ask(store, "PUT", f"/sales/{row['id']}", sale(store, "voided"))
    assert (status, found["data"]["payments"]) == (200, [])
    assert store.level() == 20


def test_lines_that_are_not_sent_again_are_lost(store: Store) -> None:
    body = sale(store, "parked")
    body["line_items"] *= 2
    row = made(store, body)
    kept = body | {"line_items": [body["line_items"][0] | {"id": row["line_items"][1]["id"]}]}
    found = ask(store, "PUT", f"/sales/{row['id']}", kept)[1]["data"]
    assert [line["id"] for line in found["line_items"]] == [row["line_items"][1]["id"]]
    assert found["_metadata"]["version"] > row["_metadata"]["version"]


def test_payments_come_together_until_a_layby_is_closed(store: Store) -> None:
    more = {"attributes": ["layby"], "customer_id": person(store)["id"]}
    row = made(store, sale(store, "pending", payments=[pay(store, 20)], **more))
    last = sale(store, payments=[pay(store, 26)], **more)
    found = ask(store, "PUT", f"/sales/{row['id']}", last)[1]["data"]
    assert [one["amount"] for one in found["payments"]] == [20, 26]
    assert [one["state"] for one in store.events("sale.update")] == ["pending", "closed"]


def test_in_2026_01_a_changed_sale_is_not_sent_back(store: Store) -> None:
    row = made(store, sale(store, "parked"))
    path = f"/sales/{row['id']}"
    assert ask(store, "PUT", path, sale(store), version="2026-01") == (204, None)
    assert ask(store, "PUT", "/sales/none", sale(store))[0] == 404


def test_a_return_is_a_parked_sale_that_points_at_the_first(store: Store) -> None:
    row = made(store, sale(store))
    status, found = ask(store, "POST", f"/sales/{row['id']}/actions/return")
    back = found["data"]
    assert (status, back["status"], back["return_for"]) == (200, "SAVED", row["id"])
    body = sale(store, quantity=-2, payments=[pay(store, -46)])
    closed = ask(store, "PUT", f"/sales/{back['id']}", body)[1]["data"]
    assert closed["return"]["is_return"]
    assert closed["line_items"][0]["return"]["is_return"]
    assert store.level() == 20
    _, first = ask(store, "GET", f"/sales/{row['id']}")
    assert first["data"]["return"]["return_sale_ids"] == [back["id"]]


# Customers, cards and credit


def test_a_closed_sale_counts_for_its_customer_and_earns_loyalty(store: Store) -> None:
    before = person(store)
    made(store, sale(store, customer_id=before["id"], payments=[pay(store, 46)]))
    after = store.events("customer.update")[-1]
    assert after["year_to_date"] - before["year_to_date"] == 46
    assert after["loyalty_balance"] - before["loyalty_balance"] == 2
    assert after["balance"] == 0


def test_a_sale_on_account_is_owed_until_it_is_paid(store: Store) -> None:
    customer_id = person(store)["id"]
    more = {"attributes": ["onaccount"], "customer_id": customer_id}
    row = made(store, sale(store, "pending", **more))
    owed = store.table("customers").get(customer_id) or {}
    assert owed["balance"] == -46
    assert put(store, row["id"], sale(store, payments=[pay(store, 46)], **more)) == 200
    assert store.events("customer.update")[-1]["balance"] == 0
    assert store.level() == 18


def test_a_gift_card_pays_as_long_as_there_is_something_on_it(store: Store) -> None:
    card = store.one("gift_cards", status="ACTIVE")
    number = [{"name": "gift_card_number", "value": card["number"]}]
    some = pay(store, Decimal(card["balance"]), "Gift Card", external_attributes=number)
    row = made(store, sale(store, payments=[some]))
    empty = ask(store, "GET", f"/gift_cards/{card['number']}")[1]
    assert (empty["balance"], empty["status"]) == ("0.00", "REDEEMED")
    assert ask(store, "POST", "/sales", sale(store, payments=[some]))[0] == 422
    assert put(store, row["id"], sale(store, "voided")) == 200
    again = ask(store, "GET", f"/gift_cards/{card['number']}")[1]
    assert again["balance"] == card["balance"]
    kinds = [one["type"] for one in again["gift_card_transactions"]]
    assert kinds == ["ACTIVATION", "REDEEMING", "REVERSING"]


def test_store_credit_pays_for_its_customer_only(store: Store) -> None:
    customer = person(store)
    path = f"/store_credits/{customer['id']}"
    credit = ask(store, "GET", path)[1]
    all_of_it = [pay(store, credit["balance"], "Store Credit")]
    made(store, sale(store, customer_id=customer["id"], payments=all_of_it))
    assert ask(store, "GET", path)[1]["balance"] == 0
    assert ask(store, "GET", path)[1]["total_credit_redeemed"] == credit["balance"]
    for more in ({"customer_id": customer["id"]}, {}):
        body = sale(store, payments=all_of_it, **more)
        assert ask(store, "POST", "/sales", body)[0] == 422


def test_loyalty_pays_up_to_what_was_earned(store: Store) -> None:
    customer = person(store)
    too_much = [pay(store, customer["loyalty_balance"] + 1, "Loyalty")]
    body = sale(store, customer_id=customer["id"], payments=too_much)
    assert ask(store, "POST", "/sales", body)[0] == 422
    body["payments"] = [pay(store, customer["loyalty_balance"], "Loyalty")]
    made(store, body)
    assert store.events("customer.update")[-1]["loyalty_balance"] == 2


def test_a_composite_takes_its_components_and_an_untracked_product_nothing(store: Store) -> None:
    for number, change in (
        (0, {"is_composite": True, "composite_bom": {store.products[1]: 3}}),
        (2, {"has_inventory": False}),
    ):
        store.put("products", store.one("products", id=store.products[number]) | change)
    body = sale(store)
    body["line_items"].append(body["line_items"][0] | {"product": {"id": store.products[2]}})
    made(store, body)
    assert [store.level(number) for number in range(3)] == [20, 14, 20]


# Before 2026


def test_before_2026_sales_are_flat_with_the_version_on_top(store: Store) -> None:
    row = made(store, sale(store, payments=[pay(store, 46)]))
    listed = ask(store, "GET", "/sales", version="2.0")[1]
    flat = listed["data"][0]
    assert (flat["version"], flat["status"]) == (row["_metadata"]["version"], "CLOSED")
    assert (flat["total_price"], flat["line_items"][0]["price"]) == (40, 20)
    assert ask(store, "GET", f"/sales/{row['id']}", version="2.0")[1] == {"data": flat}


def old(store: Store, status: str, **more: Any) -> tuple[int, Any]:
    """Send a sale of two to the oldest route, with its numbers as texts."""
    today = sale(store)
    line = {"product_id": store.products[0], "quantity": "2", "price": "20", "tax": "3"}
    line["tax_id"] = today["line_items"][0]["tax"]["id"]
    body = {"status": status, "register_sale_products": [line], **more}
    body |= {"register_id": today["source"]["register_id"], "user_id": store.ids("users")[0]}
    return ask(store, "POST", "/register_sales", body, version="0.9")


def test_the_oldest_route_creates_and_changes(store: Store) -> None:
    status, found = old(store, "SAVED")
    assert (status, found["register_sale"]["status"]) == (200, "SAVED")
    sale_id = found["register_sale"]["id"]
    found = old(store, "CLOSED", id=sale_id)[1]["register_sale"]
    assert found["register_sale_products"][0]["price_total"] == "40.00000"
    assert store.level() == 18
    status, trouble = old(store, "CLOSED", id=sale_id)
    assert (status, set(trouble)) == (422, {"status", "error", "details"})


# Whatever happens

STEP = st.one_of(
    st.tuples(
        st.just("sale"), st.sampled_from(["closed", "parked", "pending"]), st.integers(-3, 5)
    ),
    st.tuples(st.just("put"), st.sampled_from(["closed", "voided", "pending"]), st.integers(-3, 5)),
    st.tuples(st.just("return"), st.just(""), st.just(0)),
    st.tuples(st.just("adjust"), st.just(""), st.integers(1, 9)),
    st.tuples(st.just("receive"), st.just(""), st.integers(1, 9)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP, max_size=25), st.randoms(use_true_random=False))
def test_stock_is_what_it_was_and_the_sum_of_all_effects(steps: list[Any], chance: Any) -> None:
    store, moved = Store(), 0
    versions = [0]
    for what, state, number in steps:
        if what in {"sale", "put", "return"}:
            _write(store, what, sale(store, state or "parked", quantity=number), chance)
        elif what == "adjust":
            moved += _adjust(store, number)
        else:
            moved += _receive(store, number)
        versions.append(store.next_version())
    closed = [row for row in store.table("sales").all() if row["state"] == "closed"]
    sold = sum(line["quantity"] for row in closed for line in row["line_items"])
    assert store.level() == 20 + moved - sold
    assert versions == sorted(set(versions))
    heard = [row["version"] for row in store.events("inventory.update")]
    assert heard == sorted(set(heard))


def _write(store: Store, what: str, body: dict[str, Any], chance: Any) -> None:
    ids = store.ids("sales")
    if what == "sale" or not ids:
        ask(store, "POST", "/sales", body)
    elif what == "put":
        ask(store, "PUT", f"/sales/{chance.choice(ids)}", body)
    else:
        ask(store, "POST", f"/sales/{chance.choice(ids)}/actions/return")


def _adjust(store: Store, number: int) -> int:
    ids = {"product_id": store.products[0], "outlet_id": store.ids("outlets")[0]}
    rows = [ids | {"quantity": str(-number), "reason": "THEFT"}]
    status, _ = ask(store, "POST", "/stock_adjustments", {"stock_adjustments": rows})
    return -number if status == 201 else 0


def _receive(store: Store, number: int) -> int:
    body = {"name": "Order", "type": "SUPPLIER", "outlet_id": store.ids("outlets")[0]}
    path = f"/consignments/{ask(store, 'POST', '/consignments', body)[1]['data']['id']}"
    line = {"product_id": store.products[0], "count": number, "received": number}
    assert ask(store, "POST", f"{path}/products", line)[0] == 201
    for status in ("SENT", "DISPATCHED", "RECEIVED"):
        assert ask(store, "PUT", path, body | {"status": status})[0] == 200
    return number


SHARED = Store()
WHOLE = sale(
    SHARED,
    id="0af7b240-abc5-11e7-eddc-dbf5c1f8e3a1",
    customer_id=SHARED.ids("customers")[3],
    payments=[pay(SHARED, 46, "Gift Card", external_attributes=[{"name": "x", "value": "y"}])],
    attributes=["layby"],
    pricing={"adjustments": [{"type": "TIP", "amount": {"type": "FIXED", "value": "1"}}]},
    date="2026-07-01T00:00:00Z",
    note="note",
    short_code="abc",
    invoice_number="1",
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(paths(WHOLE)), ODD)
def test_a_sale_with_anything_in_any_place_is_answered_or_refused(
    path: tuple[Any, ...], odd: Any
) -> None:
    status, found = ask(SHARED, "POST", "/sales", bent(WHOLE, path, odd))
    assert status in {200, 400, 409, 422}
    if status == 200:
        assert ask(SHARED, "GET", f"/sales/{found['data']['id']}", version="2.0")[0] == 200
