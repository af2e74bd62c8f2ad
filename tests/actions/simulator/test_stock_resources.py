"""Stock, its adjustments and consignments; customers, cards, credit, promotions, webhooks."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.simulator import stock
from actions.simulator.scopes import SCOPES
from tests.actions.simulator.stores import ROUTES, Store, ask

STOCK_ORDER = "consignments:write:stock_order"


@pytest.fixture
def store() -> Store:
    return Store()


def adjustment(store: Store, quantity: str = "-2", reason: str = "DAMAGE", **more: Any) -> Any:
    ids = {"product_id": store.products[0], "outlet_id": store.ids("outlets")[0]}
    return {"stock_adjustments": [ids | {"quantity": quantity, "reason": reason} | more]}


def consignment(store: Store, kind: str = "SUPPLIER", **more: Any) -> dict[str, Any]:
    return {"name": "Order", "type": kind, "outlet_id": store.ids("outlets")[0], **more}


def ordered(store: Store, kind: str, count: int, **more: Any) -> str:
    """Make a consignment with one line of the first product; return its path."""
    _, made = ask(store, "POST", "/consignments", consignment(store, kind, **more))
    path = f"/consignments/{made['data']['id']}"
    line = {"product_id": store.products[0], "count": count, "cost": "4.5"}
    assert ask(store, "POST", f"{path}/products", line)[0] == 201
    return path


def received(store: Store, path: str, amount: int) -> None:
    line = f"{path}/products/{store.products[0]}"
    assert ask(store, "PUT", line, {"received": amount})[0] == 200


def step(store: Store, path: str, status: str, **more: Any) -> int:
    _, found = ask(store, "GET", path)
    return ask(store, "PUT", path, found["data"] | {"status": status, **more})[0]


# Inventory


def test_inventory_is_a_bare_array_with_the_newest_first(store: Store) -> None:
    status, rows = ask(store, "POST", "/inventory", {"size": 4})
    assert status == 200
    versions = [row["version"] for row in rows]
    assert versions == sorted(versions, reverse=True)
    assert len(rows) == 4


def test_every_record_is_met_by_walking_up_from_the_highest_version_seen(store: Store) -> None:
    seen: list[str] = []
    after = 0
    while True:
        body = {"after": after, "size": 4, "sort_direction": "asc"}
        rows = ask(store, "POST", "/inventory", body)[1]
        if not rows:
            break
        seen += [row["id"] for row in rows]
        after = rows[-1]["version"]
    assert len(seen) == len(set(seen)) == 15


def test_inventory_of_one_product_has_a_record_for_each_outlet(store: Store) -> None:
    rows = ask(store, "POST", "/inventory", {"product_id": store.products[1]})[1]
    assert {row["outlet_id"] for row in rows} == set(store.ids("outlets"))
    path = f"/inventory/{store.products[1]}?page_size=2"
    assert [row["id"] for row in ask(store, "GET", path)[1]] == [rows[2]["id"], rows[1]["id"]]


def test_an_inventory_page_above_the_declared_maximum_is_refused(store: Store) -> None:
    assert ask(store, "POST", "/inventory", {"size": 5001})[0] == 400
    assert ask(store, "POST", "/inventory", {"sort_direction": "up"})[0] == 422


@pytest.mark.parametrize("version", ["1e999999999", "0e999999999", "1e-999999999", 2**63, "0.5"])
def test_a_bound_that_is_no_64_bit_integer_is_refused(store: Store, version: Any) -> None:
    assert ask(store, "POST", "/inventory", {"after": version})[0] == 422


def test_a_record_with_a_reorder_point_says_what_is_to_be_procured(store: Store) -> None:
    stock.set_level(store, store.products[0], store.ids("outlets")[0], Decimal(3))
    row = ask(store, "POST", "/inventory", {"size": 1})[1][0]
    figures = ("current_inventory_level", "quantity_to_procure", "reorder_target", "reorder_method")
    assert [row[name] for name in figures] == [3, 10, 15, "FIXED"]


def test_before_2026_inventory_is_read_by_get_in_pages_with_versions(store: Store) -> None:
    status, found = ask(store, "GET", "/inventory?page_size=2", version="2.0")
    assert status == 200
    assert found["data"][0]["inventory_level"] == 20
    assert found["version"]["max"] == found["data"][1]["version"]
    assert ask(store, "GET", "/inventory")[0] == 405


def test_before_2026_inventory_knew_no_deleted(store: Store) -> None:
    stock.delete_records(store, store.products[0])
    found = ask(store, "GET", "/inventory?deleted=true", version="2.0")[1]["data"]
    assert store.products[0] not in {row["product_id"] for row in found}


def test_moving_stock_without_a_record_opens_one_and_is_heard_of(store: Store) -> None:
    outlet_id = store.ids("outlets")[0]
    stock.move(store, "a-new-product", outlet_id, Decimal("-1.5"))
    assert stock.level(store, "a-new-product", outlet_id) == Decimal("-1.5")
    assert store.events("inventory.update")[-1]["current_inventory_level"] == Decimal("-1.5")


def test_deleted_records_are_shown_only_when_they_are_asked_for(store: Store) -> None:
    stock.delete_records(store, store.products[0])
    body = {"product_id": store.products[0]}
    assert ask(store, "POST", "/inventory", body)[1] == []
    assert len(ask(store, "POST", "/inventory", body | {"include_deleted": True})[1]) == 3


# Stock adjustments


def test_an_adjustment_moves_the_stock_and_keeps_its_quantity_as_text(store: Store) -> None:
    status, found = ask(store, "POST", "/stock_adjustments", adjustment(store, "-2.50"))
    assert status == 201
    assert found["data"][0]["quantity"] == "-2.50"
    assert found["data"][0]["created_at"].endswith("Z")
    assert "custom_inventory_adjustment_reason_id" not in found["data"][0]
    assert store.level() == Decimal("17.5")


def test_adjustments_are_answered_in_the_order_of_the_request(store: Store) -> None:
    rows = [adjustment(store, str(n), "STOCK_FOUND")["stock_adjustments"][0] for n in (3, 1, 2)]
    made = ask(store, "POST", "/stock_adjustments", {"stock_adjustments": rows})[1]["data"]
    assert [row["quantity"] for row in made] == ["3", "1", "2"]


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        ("2", "DAMAGE"),
        ("-2", "STOCK_FOUND"),
        ("0", "THEFT"),
        ("2", "CUSTOM"),
        ("9" * 30, "SAMPLE_FOR_SALE"),
    ],
)
def test_a_sign_that_does_not_fit_the_reason_is_a_broken_rule(
    store: Store, quantity: str, reason: str
) -> None:
    assert ask(store, "POST", "/stock_adjustments", adjustment(store, quantity, reason))[0] == 422


def test_a_custom_reason_decides_the_sign_by_its_type(store: Store) -> None:
    reason = store.one("custom_inventory_adjustment_reasons", type="NEGATIVE")["id"]
    custom = {"custom_inventory_adjustment_reason_id": reason}
    good = adjustment(store, "-1", "CUSTOM", **custom)
    assert ask(store, "POST", "/stock_adjustments", good)[0] == 201
    for quantity, kind in (("1", "CUSTOM"), ("-1", "DAMAGE")):
        bad = adjustment(store, quantity, kind, **custom)
        assert ask(store, "POST", "/stock_adjustments", bad)[0] == 422


@pytest.mark.parametrize(
    "change", [{"note": "x"}, {"quantity": -2}, {"quantity": "two"}, {"reason": "MOOD"}]
)
def test_an_adjustment_that_has_not_the_contracts_form_is_malformed(
    store: Store, change: dict[str, Any]
) -> None:
    assert ask(store, "POST", "/stock_adjustments", adjustment(store, **change))[0] == 400
    whole = adjustment(store) | {"dry_run": True}
    assert ask(store, "POST", "/stock_adjustments", whole)[0] == 400


def test_a_batch_holds_one_to_a_thousand_adjustments(store: Store) -> None:
    row = adjustment(store, "1", "STOCK_FOUND")["stock_adjustments"]
    for many, status in ((0, 400), (1000, 201), (1001, 400)):
        assert (
            ask(store, "POST", "/stock_adjustments", {"stock_adjustments": row * many})[0] == status
        )
    assert store.level() == 1020


def test_a_batch_with_one_bad_row_stores_nothing(store: Store) -> None:
    rows = [adjustment(store, n)["stock_adjustments"][0] for n in ("-1", "5")]
    status, found = ask(store, "POST", "/stock_adjustments", {"stock_adjustments": rows})
    assert status == 422
    assert list(found["errors"]) == ["stock_adjustments"]
    assert store.level() == 20


def test_a_switch_lets_the_good_rows_of_a_bad_batch_in_and_another_names_the_bad() -> None:
    store = Store(bad_batch="good-rows", bad_batch_names_rows=True)
    rows = [adjustment(store, n)["stock_adjustments"][0] for n in ("-1", "5")]
    status, found = ask(store, "POST", "/stock_adjustments", {"stock_adjustments": rows})
    assert (status, list(found["errors"])) == (422, ["stock_adjustments[1]"])
    assert store.level() == 19


def test_reading_adjustments_needs_the_scope_for_writing(store: Store) -> None:
    scopes = {r.path: r.scopes for r in ROUTES if r.method == "GET"}
    assert scopes["/stock_adjustments"] == ("inventory:write",)
    assert ask(store, "GET", "/stock_adjustments?page_size=1001")[0] == 400
    empty = ask(store, "GET", "/stock_adjustments")[1]
    assert empty == {"data": [], "version": {"min": None, "max": None}}


# Consignments


def test_an_order_is_accepted_wrapped_or_flat_and_answered_whole(store: Store) -> None:
    for body in (consignment(store), {"data": consignment(store)}):
        status, found = ask(store, "POST", "/consignments", body)
        assert (status, found["data"]["status"]) == (201, "OPEN")
    listed = ask(store, "GET", "/consignments?type=SUPPLIER&status=OPEN")[1]
    assert len(listed["data"]) == 2
    assert ask(store, "GET", "/consignments?type=OUTLET")[1]["data"] == []
    assert ask(store, "GET", "/consignments?status=LOST")[0] == 400


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("SUPPLIER", "stock_order"),
        ("RETURN", "stock_order"),
        ("OUTLET", "stock_transfer"),
        ("STOCKTAKE", "inventory_count"),
    ],
)
def test_which_scope_a_consignment_takes_depends_on_its_type(kind: str, scope: str) -> None:
    store = Store(missing_scope_status=401)
    body = consignment(store, kind, source_outlet_id=store.ids("outlets")[1])
    needed = frozenset({f"consignments:write:{scope}"})
    assert ask(store, "POST", "/consignments", body, scopes=SCOPES - needed)[0] == 401
    assert ask(store, "POST", "/consignments", body, scopes=needed)[0] == 201


def test_an_order_goes_through_its_states_and_its_reception_moves_stock(store: Store) -> None:
    path = ordered(store, "SUPPLIER", 6)
    assert [step(store, path, status) for status in ("SENT", "DISPATCHED")] == [200, 200]
    assert step(store, path, "RECEIVED") == 422
    assert store.level() == 20
    received(store, path, 5)
    assert step(store, path, "RECEIVED") == 200
    assert store.level() == 25
    assert [line["received"] for line in store.events("consignment.receive")] == ["5.00000"]
    assert step(store, path, "CANCELLED") == 422


@pytest.mark.parametrize("status", ["DISPATCHED", "RECEIVED"])
def test_an_order_cannot_jump_ahead(store: Store, status: str) -> None:
    assert step(store, ordered(store, "SUPPLIER", 6), status) == 422
    bad = consignment(store, status=status)
    assert ask(store, "POST", "/consignments", bad)[0] == 422


def test_an_order_without_products_stays_where_it_is(store: Store) -> None:
    _, made = ask(store, "POST", "/consignments", consignment(store))
    assert step(store, f"/consignments/{made['data']['id']}", "SENT") == 422


def test_a_transfer_leaves_one_outlet_and_comes_to_another(store: Store) -> None:
    path = ordered(store, "OUTLET", 4, source_outlet_id=store.ids("outlets")[1])
    assert step(store, path, "SENT") == 200
    assert store.levels() == [20, 16, 20]
    received(store, path, 3)
    assert step(store, path, "RECEIVED") == 200
    assert store.levels() == [23, 16, 20]
    assert len(store.events("consignment.send")) == len(store.events("consignment.receive")) == 1


def test_a_transfer_is_begun_without_its_source_but_not_sent(store: Store) -> None:
    path = ordered(store, "OUTLET", 4)
    assert step(store, path, "SENT") == 422
    assert step(store, path, "SENT", source_outlet_id=store.ids("outlets")[1]) == 200
    assert store.levels() == [20, 16, 20]
    sent = consignment(store, "OUTLET", status="SENT")
    assert ask(store, "POST", "/consignments", sent)[0] == 422


def test_a_transfer_that_is_cancelled_goes_back(store: Store) -> None:
    path = ordered(store, "OUTLET", 4, source_outlet_id=store.ids("outlets")[1])
    assert step(store, path, "CANCELLED") == 422
    assert step(store, path, "SENT") == 200
    assert step(store, path, "CANCELLED") == 200
    assert store.levels() == [20, 20, 20]


def test_a_return_to_a_supplier_takes_stock_when_it_is_sent(store: Store) -> None:
    assert step(store, ordered(store, "RETURN", 4), "SENT") == 200
    assert store.level() == 16


def test_a_stocktake_makes_what_was_counted_the_level(store: Store) -> None:
    path = ordered(store, "STOCKTAKE", 20)
    begin, done = "STOCKTAKE_IN_PROGRESS", "STOCKTAKE_COMPLETE"
    assert step(store, path, begin) == 200
    received(store, path, 17)
    assert [step(store, path, one) for one in (f"{begin}_PROCESSED", done)] == [200, 200]
    assert store.level() == 17
    _, found = ask(store, "GET", path)
    assert (found["data"]["total_count_loss"], found["data"]["total_count_gain"]) == (3, 0)


def test_lines_of_a_consignment_are_added_listed_and_taken_out(store: Store) -> None:
    path = ordered(store, "SUPPLIER", 6)
    line = {"product_id": store.products[0], "count": 1}
    assert ask(store, "POST", f"{path}/products", line)[0] == 422
    listed = ask(store, "GET", f"{path}/products")[1]["data"]
    assert [(one["count"], one["cost"]) for one in listed] == [("6.00000", "4.50000")]
    assert ask(store, "DELETE", f"{path}/products/{store.products[0]}")[0] == 204
    assert ask(store, "GET", f"{path}/products")[1]["data"] == []


# Customers


def test_a_new_customer_needs_both_names_which_may_be_null(store: Store) -> None:
    status, found = ask(store, "POST", "/customers", {"first_name": "Ana", "last_name": None})
    assert status == 201
    assert found["data"]["customer_code"].startswith("Ana-")
    assert ask(store, "POST", "/customers", {"first_name": "Ana"})[0] == 422
    nobody = ask(store, "POST", "/customers", {"first_name": None, "last_name": None})[1]
    assert nobody["data"]["customer_code"].startswith("UNNAMED-")


@pytest.mark.parametrize("date", ["19881102", "1988-W44-3", "2.11.1988", ""])
def test_a_date_of_birth_has_one_form(store: Store, date: str) -> None:
    body = {"first_name": "Ana", "last_name": None, "date_of_birth": date}
    assert ask(store, "POST", "/customers", body)[0] == 422


def test_a_customer_code_is_taken_once(store: Store) -> None:
    body = {"first_name": "Ana", "last_name": "Ngata", "customer_code": "ANA"}
    assert [ask(store, "POST", "/customers", body)[0] for _ in range(2)] == [201, 422]


def test_a_change_keeps_what_is_not_given(store: Store) -> None:
    body = {"first_name": "Ana", "last_name": "Ngata", "email": "ana@example.org"}
    made = ask(store, "POST", "/customers", body)[1]["data"]
    change = {"first_name": "Ana", "last_name": "Te Rangi"}
    status, found = ask(store, "PUT", f"/customers/{made['id']}", {"data": change})
    assert (status, found["data"]["email"]) == (200, "ana@example.org")
    assert found["data"]["name"] == "Ana Te Rangi"
    assert found["data"]["version"] > made["version"]
    assert len(store.events("customer.update")) == 2


def test_a_deleted_customer_stays_readable_but_cannot_be_changed(store: Store) -> None:
    path = f"/customers/{store.ids('customers')[5]}"
    assert ask(store, "DELETE", path) == (204, None)
    assert ask(store, "GET", path)[1]["data"]["deleted_at"]
    names = {"first_name": "A", "last_name": "B"}
    assert [ask(store, "DELETE", path)[0], ask(store, "PUT", path, names)[0]] == [404, 404]
    assert len(ask(store, "GET", "/customers")[1]["data"]) == 59
    assert len(ask(store, "GET", "/customers?deleted=true")[1]["data"]) == 60


def test_digits_that_could_be_a_card_are_masked_without_a_word(store: Store) -> None:
    note = "Card 4111 1111 1111 1111, order 1234567890123"
    body = {"first_name": "4111111111111111", "last_name": None, "note": note}
    status, found = ask(store, "POST", "/customers", body)
    assert status == 201
    assert found["data"]["note"] == "Card **** **** **** 1111, order 1234567890123"
    assert found["data"]["first_name"] == "************1111"


# Gift cards and store credits


def test_gift_cards_are_listed_backwards_until_a_page_is_short(store: Store) -> None:
    seen: list[dict[str, Any]] = []
    before = ""
    while cards := ask(store, "GET", f"/gift_cards?page_size=4&before={before}")[1]["data"]:
        seen += cards
        before = cards[-1]["id"]
    assert len({card["id"] for card in seen}) == len(seen) == 10
    created = [card["created_at"] for card in seen]
    assert created == sorted(created, reverse=True)
    assert isinstance(seen[0]["balance"], str)
    assert "version" not in seen[0]


def test_gift_cards_are_filtered_and_their_page_has_a_maximum(store: Store) -> None:
    empty = ask(store, "GET", "/gift_cards?status=REDEEMED")[1]["data"]
    assert {card["balance"] for card in empty} == {"0.00"}
    assert ask(store, "GET", "/gift_cards?page_size=1001")[0] == 400
    assert ask(store, "GET", "/gift_cards?before=nothing")[0] == 400


def test_a_gift_card_is_found_bare_and_by_its_siblings_wrapped(store: Store) -> None:
    card = ask(store, "GET", "/gift_cards?page_size=1")[1]["data"][0]
    assert ask(store, "GET", f"/gift_cards/{card['number']}")[1] == card
    for path in (f"by_number/{card['number']}", f"by_id/{card['id']}"):
        assert ask(store, "GET", f"/gift_cards/{path}")[1] == {"data": card}
    assert ask(store, "GET", "/gift_cards/none")[0] == 404


def test_switches_wrap_a_gift_card_and_let_its_pages_overlap() -> None:
    store = Store(gift_card_wrapped=True, gift_card_before_inclusive=True)
    last = ask(store, "GET", "/gift_cards?page_size=3")[1]["data"][-1]
    found = ask(store, "GET", f"/gift_cards?before={last['id']}")[1]["data"]
    assert found[0] == last
    assert ask(store, "GET", f"/gift_cards/{last['number']}")[1] == {"data": last}


def test_store_credits_come_all_at_once_and_bare(store: Store) -> None:
    status, rows = ask(store, "GET", "/store_credits?page_size=1000000&includes[]=customer")
    assert (status, len(rows)) == (200, 6)
    assert rows[0]["customer"]["id"] == rows[0]["customer_id"]
    assert ask(store, "GET", "/store_credits", version="2.0")[1]["data"][0]["balance"] > 0


def test_a_customer_without_store_credit_is_not_found(store: Store) -> None:
    rows = ask(store, "GET", "/store_credits")[1]
    assert ask(store, "GET", f"/store_credits/{rows[0]['customer_id']}")[1] == rows[0]
    walk_in = store.one("customers", customer_code="WALKIN")["id"]
    assert ask(store, "GET", f"/store_credits/{walk_in}")[0] == 404


# Promotions


def promotion(**more: Any) -> dict[str, Any]:
    return {
        "name": "Sale",
        "start_time": "2026-07-01T00:00:00Z",
        "use_promo_code": False,
        "action": {"type": "fixed_discount", "value": 5},
        "condition": {"type": "product_set", "quantity": 1},
        **more,
    }


def test_a_promotion_is_created_bare_with_a_number_written_as_text(store: Store) -> None:
    status, made = ask(store, "POST", "/promotions", promotion())
    assert (status, made["id"].isdigit(), made["start_time"]) == (201, True, "2026-07-01T00:00:00")
    assert ask(store, "GET", f"/promotions/{made['id']}")[1] == {"data": made}
    assert ask(Store(promotion_create_status=200), "POST", "/promotions", promotion())[0] == 200


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"action": {"type": "gift"}}, {"condition": {}}, {"start_time": "soon"}],
)
def test_a_promotion_that_breaks_a_rule_is_refused(store: Store, change: dict[str, Any]) -> None:
    assert ask(store, "POST", "/promotions", promotion(**change))[0] == 422


def test_in_2_0_a_condition_may_leave_its_type_and_quantity_open(store: Store) -> None:
    for condition, old, new in (({}, 200, 422), ({"quantity": 0}, 422, 422)):
        body = promotion(condition=condition)
        assert ask(store, "POST", "/promotions", body, version="2.0")[0] == old
        assert ask(store, "POST", "/promotions", body)[0] == new


def test_a_promotion_of_the_first_century_can_be_listed(store: Store) -> None:
    made = ask(store, "POST", "/promotions", promotion(end_time="0012-03-04T05:06:07Z"))[1]
    assert made["end_time"] == "0012-03-04T05:06:07"
    assert made in ask(store, "GET", "/promotions?end_time_to=2020-08-08T12:00:00")[1]["data"]


def test_promotions_are_bounded_by_one_end_only_and_archived_ones_unlisted(store: Store) -> None:
    assert len(ask(store, "GET", "/promotions")[1]["data"]) == 2
    late = "/promotions?end_time_from=2047-06-21T13:00:00"
    assert ask(store, "GET", late)[1]["data"] == []
    assert ask(store, "GET", f"{late}&end_time_to=2020-08-08T12:00:00Z")[0] == 400
    archived = store.one("promotions", status="archived")["id"]
    assert ask(store, "GET", f"/promotions/{archived}")[0] == 200


# Webhooks


def test_a_type_and_url_are_subscribed_once(store: Store) -> None:
    body = {"active": True, "type": "sale.update", "url": "https://example.org/hook"}
    status, made = ask(store, "POST", "/webhooks", body)
    assert (status, set(made["data"])) == (201, {"id", "retailer_id", *body})
    assert ask(store, "POST", "/webhooks", body)[0] == 409
    assert ask(store, "GET", "/webhooks")[1] == {"data": [made["data"]]}
    path = f"/webhooks/{made['data']['id']}"
    assert [ask(store, "DELETE", path)[0] for _ in range(2)] == [200, 404]


@pytest.mark.parametrize(
    "change", [{"type": "sale.create"}, {"url": "example.org"}, {"url": "x"}, {"active": "yes"}]
)
def test_a_webhook_that_cannot_be_is_malformed(store: Store, change: dict[str, Any]) -> None:
    body = {"active": True, "type": "sale.update", "url": "https://example.org/hook"}
    assert ask(store, "POST", "/webhooks", body | change)[0] == 400


def test_the_oldest_webhooks_are_a_form_and_answer_without_an_envelope(store: Store) -> None:
    form = {"data": '{"active":true,"type":"sale.update","url":"https://example.org/h"}'}
    status, made = ask(store, "POST", "/webhooks", form, version="0.9")
    assert (status, made["user_id"]) == (200, store.ids("users")[0])
    assert ask(store, "GET", "/webhooks", version="0.9")[1] == [made]
    path = f"/webhooks/{made['id']}"
    assert ask(store, "DELETE", path, version="0.9")[1] == {"status": "success"}


@pytest.mark.parametrize("text", ["[" * 100_000, f"1e{'9' * 30}", "{", "NaN", ""])
def test_a_form_of_the_oldest_webhooks_without_json_is_malformed(store: Store, text: str) -> None:
    assert ask(store, "POST", "/webhooks", {"data": text}, version="0.9")[0] == 400


# Whatever is sent

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, Decimal("1E+999999"), Decimal("1E-999999"), Decimal("NaN"), ""])
    | st.sampled_from(["1e999999999", "0e999999999", "-1e-999999999", "1_0", "\u0663"])
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SHARED = Store()
_LIST = [{"field": "product_id", "value": "x"}]
BODIES: dict[str, dict[str, Any]] = {
    "/customers": {
        "first_name": "Ana",
        "last_name": None,
        "gender": "F",
        "date_of_birth": "1988-11-02",
        "enable_loyalty": True,
        "on_account_limit": 5,
        "customer_group_id": SHARED.ids("customer_groups")[0],
        "note": "note",
    },
    "/consignments": consignment(
        SHARED,
        "OUTLET",
        status="OPEN",
        source_outlet_id=SHARED.ids("outlets")[1],
        due_at="2026-07-01T00:00:00Z",
        supplier_id=None,
        reference="PO-1",
    ),
    "/promotions": promotion(
        action={"type": "loyalty", "value": 1, "quantity": 1, "include": _LIST},
        end_time="2026-08-01T00:00:00",
        channels=["Register"],
        add_promo_code=[{"code": "A", "limit": 1}],
        outlet_ids=["x"],
        loyalty_multiplier=2,
    ),
    "/stock_adjustments": adjustment(SHARED, "-1"),
    "/inventory": {"after": 0, "before": 2**60, "size": 9, "sort_direction": "asc"},
    "/webhooks": {"active": True, "type": "sale.update", "url": "https://example.org/x"},
}


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where something is in a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, one in inner:
        found.append((*here, key))
        if isinstance(one, dict | list):
            found += paths(one, (*here, key))
    return found


def bent(body: dict[str, Any], path: tuple[Any, ...], odd: Any) -> dict[str, Any]:
    """Return a body with something odd in one place."""
    body = copy.deepcopy(body)
    inner: Any = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = odd
    return body


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([(to, place) for to in BODIES for place in paths(BODIES[to])]), ODD)
def test_a_body_with_anything_in_any_place_is_answered_or_refused(
    where: tuple[str, tuple[Any, ...]], odd: Any
) -> None:
    to, place = where
    assert 200 <= ask(SHARED, "POST", to, bent(BODIES[to], place, odd))[0] < 500


@settings(max_examples=200, deadline=None)
@given(
    route=st.sampled_from(ROUTES),
    body=ODD,
    own=st.sampled_from(["customers", "sales", "consignments", "products"]) | st.text(min_size=1),
    query=st.sampled_from(["", "page_size=x", "after=1&before=0", "page_size=-1", "end_time_to=1"]),
)
def test_whatever_is_sent_gets_an_answer_or_the_vendors_refusal(
    route: Any, body: Any, own: str, query: str
) -> None:
    known = SHARED.table(own).ids()[:1] if own in SHARED.tables else []
    parts = [
        ((known or [own.replace("/", "_")])[0] if part.startswith("{") else part)
        for part in route.path.split("/")
    ]
    path = "/".join(parts).replace("?", "_")
    status, _ = ask(SHARED, route.method, f"{path}?{query}", body, version=route.versions[-1])
    assert 200 <= status < 500
