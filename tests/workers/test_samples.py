import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

import pytest

from actions.lenient import decode
from workers.payloads import CustomerUpdate, RegisterClosureCreate, SaleUpdate
from workers.samples import form, fresh, sample

VERSIONED = ["product.update", "inventory.update", "sale.update"]
NAMED_ONCE = ["consignment.send", "consignment.receive", "register_closure.create"]
NOON = datetime(2027, 1, 2, 12, 0, 30, 999_999, tzinfo=UTC)

each = pytest.mark.parametrize("event_type", [*VERSIONED, "customer.update", *NAMED_ONCE])


def delivered(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))


def test_a_caller_may_change_its_sample() -> None:
    sample("sale.update")["totals"].clear()
    assert sample("sale.update")["totals"]


@pytest.mark.parametrize("event_type", VERSIONED)
def test_a_fresh_payload_has_the_given_version(event_type: str) -> None:
    assert fresh(event_type, NOON, 7)["version"] == 7


@pytest.mark.parametrize("event_type", [*VERSIONED, "customer.update"])
def test_a_fresh_payload_keeps_its_id_unless_given_one(event_type: str) -> None:
    assert fresh(event_type, NOON, 7)["id"] == sample(event_type)["id"]
    assert fresh(event_type, NOON, 7, "new")["id"] == "new"


@pytest.mark.parametrize("event_type", NAMED_ONCE)
def test_what_has_no_order_gets_a_new_id(event_type: str) -> None:
    assert fresh(event_type, NOON, 7, "new")["id"] == "new"
    assert fresh(event_type, NOON, 7)["id"] != fresh(event_type, NOON, 7)["id"]


@each
def test_a_fresh_payload_keeps_the_keys_of_its_sample(event_type: str) -> None:
    assert list(fresh(event_type, NOON, 7)) == list(sample(event_type))


def test_each_time_keeps_its_spelling() -> None:
    auckland = NOON.astimezone(timezone(timedelta(hours=13)))
    sale = fresh("sale.update", auckland, 7)
    assert sale["created_at"] == "2027-01-02 12:00:30"
    assert sale["sale_date"] == "2027-01-02T12:00:30Z"
    assert sale["updated_at"] == "2027-01-02T12:00:30+00:00"
    paid = {payment["payment_date"] for payment in sale["register_sale_payments"]}
    assert paid == {"2027-01-02T12:00:30Z"}


def test_a_fresh_sale_orders_after_an_older_one() -> None:
    older, newer = (
        decode(json.dumps(fresh("sale.update", NOON, version)), SaleUpdate).order() or ""
        for version in (99, 100)
    )
    assert older < newer


def test_a_fresh_customer_was_changed_now() -> None:
    customer = decode(json.dumps(fresh("customer.update", NOON, 7)), CustomerUpdate)
    assert customer.updated_at == NOON.replace(microsecond=0)


def test_a_fresh_closure_closed_now_after_opening() -> None:
    payload = json.dumps(fresh("register_closure.create", NOON, 7))
    closure = decode(payload, RegisterClosureCreate)
    assert closure.register_close_time == NOON.replace(microsecond=0)
    assert closure.register_open_time is not None
    assert closure.register_open_time < closure.register_close_time


@each
def test_a_form_decodes_once_back_to_its_payload(event_type: str) -> None:
    payload = fresh(event_type, NOON, 7) | {"note": "a + b = 100 % / ü 🏕 <&>"}
    fields = delivered(form(event_type, payload, "torea", "r1"))
    sent = payload | ({"retailer_id": "r1"} if "retailer_id" in payload else {})
    assert json.loads(fields.pop("payload")) == sent
    assert fields == {
        "domain_prefix": "torea",
        "environment": "prod",
        "retailer_id": "r1",
        "type": event_type,
    }


def test_a_form_leaves_the_given_payload_alone() -> None:
    payload = sample("customer.update")
    form("customer.update", payload, "torea", "r1")
    assert payload == sample("customer.update")


SMALL: dict[str, Any] = {"note": "a + ū/~-_.*", "id": "7", "retailer_id": "r0"}


def test_the_go_service_sorts_keys_and_writes_raw_utf8() -> None:
    assert form("sale.update", SMALL, "torea", "r 1") == (
        b"domain_prefix=torea&environment=prod&payload="
        b"%7B%22id%22%3A%227%22%2C%22note%22%3A%22a+%2B+%C5%AB%2F~-_.%2A%22"
        b"%2C%22retailer_id%22%3A%22r+1%22%7D"
        b"&retailer_id=r+1&type=sale.update"
    )


def test_the_php_service_keeps_the_order_of_keys_and_escapes() -> None:
    assert form("customer.update", SMALL, "torea", "r 1") == (
        b"domain_prefix=torea&environment=prod&payload="
        b"%7B%22note%22%3A%22a+%2B+%5Cu016b%5C%2F~-_.%2A%22%2C%22id%22%3A%227%22"
        b"%2C%22retailer_id%22%3A%22r+1%22%7D"
        b"&retailer_id=r+1&type=customer.update"
    )


@pytest.mark.parametrize("event_type", VERSIONED)
def test_a_sample_from_go_has_sorted_keys(event_type: str) -> None:
    assert json.dumps(sample(event_type)) == json.dumps(sample(event_type), sort_keys=True)
