"""Answers of any shape: a result, or the one error that says what to do; never another."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from actions.action import Action, Page
from actions.answers import Reading, limited, read, refusal, wait
from actions.catalog import CATALOG
from actions.errors import (
    Conflict,
    MissingScope,
    NotFound,
    Rejected,
    Unreadable,
)
from actions.resources.brands import CreateBrand, GetBrand, ListBrands
from actions.resources.gift_cards import FindGiftCard
from actions.resources.product_categories import ListProductCategories, ProductCategory
from actions.resources.products import CreateProduct, UpdateProduct
from actions.resources.suppliers import UpdateSupplier

LONGEST: Final = 400
NOON: Final = datetime(2026, 10, 24, 12, tzinfo=UTC)
NOON_HTTP: Final = format_datetime(NOON, usegmt=True)


def of_kind(kind: type[Action[Any]]) -> Action[Any]:
    """Make an action whose parameters are of no matter: reading an answer asks for none."""
    required = [field.name for field in kind.operation.parameters if field.required]
    return kind(**{name: "SUPPLIER" if name == "type" else "x" for name in required})


ACTIONS: Final = {name: of_kind(kind) for name, kind in CATALOG.items()}
BRAND: Final = GetBrand("b1")

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
names = st.sampled_from(
    [
        "data",
        "id",
        "version",
        "categories",
        "page_info",
        "min",
        "max",
        "has_next",
        "error",
        "errors",
        "message",
        "name",
    ]
)
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(names | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
enveloped = plain.map(lambda value: {"data": value})
bodies = st.binary() | (plain | enveloped).map(lambda value: json.dumps(value).encode())
actions = st.sampled_from(sorted(ACTIONS)).map(ACTIONS.__getitem__)


def outcome(action: Action[Any], body: bytes) -> Reading | Unreadable:
    """Read a body; any other error than the one foreseen fails the test."""
    try:
        return read(action, "kowhai", body)
    except Unreadable as error:
        return error


def is_promised(value: Any, kind: Any) -> bool:
    """Whether a value is of the type that an operation promises."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    return any(isinstance(value, get_origin(one) or one or NoneType) for one in kinds)


@given(action=actions, body=bodies)
@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@example(ACTIONS["ListBrands"], b"{}")
@example(ACTIONS["ListBrands"], b"\x00" * 300)
@example(ACTIONS["CreateBrand"], b'{"data":{}}')
@example(ACTIONS["ListBrands"], b'{"data":[],"version":7}')
@example(ACTIONS["GetBrand"], b'{"data":' + b"[" * 5000 + b"]" * 5000 + b"}")
@example(ACTIONS["GetSale"], b'{"data":{"id":"s","totals":{"price":1e999999999}}}')
@example(ACTIONS["ListProductCategories"], b'{"data":{"data":{"categories":5}}}')
def test_any_body_is_a_result_of_the_promised_type_or_unreadable(
    action: Action[Any], body: bytes
) -> None:
    found = outcome(action, body)
    if isinstance(found, Unreadable):
        assert len(str(found)) <= LONGEST
        assert found.__context__ is None
    else:
        assert is_promised(found.result, action.operation.result)


@pytest.mark.parametrize(
    ("action", "body", "result"),
    [
        (ListBrands(), b'{"data":[],"version":{"min":null,"max":null}}', 0),
        (ListBrands(), b'{"data":[{"id":"b1"}],"version":{"min":1,"max":1}}', 1),
        (CreateBrand(name="Moa"), b'{"data":"b1"}', "b1"),
        (UpdateSupplier(supplier_id="s1", name="Rua"), b'{"id":"s1"}', "s1"),
        (CreateProduct(name="Tee"), b'{"data":["p1","p2"]}', ["p1", "p2"]),
        (UpdateProduct("p1"), b"", None),
        (UpdateProduct("p1"), b"<html>", None),
        (ACTIONS["DeleteWebhook"], b"", None),
    ],
)
def test_the_shape_of_the_contract_is_nothing_odd(
    action: Action[Any], body: bytes, result: object
) -> None:
    reading = read(action, "kowhai", body)
    assert reading.as_promised
    found = reading.result
    assert (len(found.data) if isinstance(found, Page) else found) == result


@pytest.mark.parametrize(
    ("action", "body", "found"),
    [
        (ACTIONS["CreateSale"], b'{"data":"s1"}', "s1"),
        (ACTIONS["CreateSale"], b'"s1"', "s1"),
        (ACTIONS["UpdateSale"], b'{"id":"s1"}', "s1"),
        (ACTIONS["FindGiftCard"], b'{"data":{"id":"g1"}}', "g1"),
        (ACTIONS["CreatePromotion"], b'{"data":{"id":7}}', "7"),
        (ACTIONS["GetUser"], b'{"data":[{"id":"u1"}]}', "u1"),
    ],
)
def test_the_other_shape_of_a_conflict_is_read_and_is_odd(
    action: Action[Any], body: bytes, found: str
) -> None:
    reading = read(action, "kowhai", body)
    assert reading.result.id == found
    assert not reading.as_promised


def test_an_update_of_a_sale_may_be_answered_with_nothing_but_its_creation_may_not() -> None:
    assert read(ACTIONS["UpdateSale"], "kowhai", b"").result is None
    with pytest.raises(Unreadable):
        read(ACTIONS["CreateSale"], "kowhai", b"")


def test_one_bad_row_costs_itself_and_rows_that_are_all_bad_the_whole() -> None:
    reading = read(ListBrands(), "kowhai", b'{"data":[{"id":"b1"},{"id":""}]}')
    assert [brand.id for brand in reading.result.data] == ["b1"]
    for action in (ListBrands(), CreateProduct(name="Tee")):
        with pytest.raises(Unreadable):
            read(action, "kowhai", b'{"data":[{"name":"no id"},7]}')


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":{"categories":[{"id":"c1"}]},"page_info":{"last_seen":"c1"}}',
        b'{"data":{"page_info":{"last_seen":"c1"},"data":{"categories":[{"id":"c1"}]}}}',
    ],
)
def test_categories_are_read_from_either_depth(body: bytes) -> None:
    reading = read(ListProductCategories(), "kowhai", body)
    assert reading.as_promised
    assert reading.result.data == [ProductCategory(id="c1")]
    assert reading.result.page_info.last_seen == "c1"


@given(
    action=actions,
    status=st.sampled_from([400, 402, 403, 404, 405, 409, 415, 422, 301]),
    body=bodies,
)
@example(BRAND, 422, b'{"error":' + b"9" * 6000 + b"}")
@example(BRAND, 422, b'{"message":' + b"[" * 300 + b"]" * 300 + b"}")
@example(BRAND, 422, json.dumps({"errors": {"x" * 999: ["y" * 999]}}).encode())
@example(GetBrand("x" * 9999), 404, b"")
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_any_body_of_a_refusal_gives_the_error_of_its_status_in_few_words(
    action: Action[Any], status: int, body: bytes
) -> None:
    error = refusal(action, "kowhai", status, body)
    kinds = {403: MissingScope, 404: NotFound, 409: Conflict}
    assert type(error) is kinds.get(status, Rejected)
    assert len(str(error)) <= LONGEST
    assert str(error).startswith(f"{action.operation.name} for kowhai: ")
    if isinstance(error, Rejected):
        msgspec.convert(error.fields, dict[str, list[str]])


@pytest.mark.parametrize(
    ("body", "said", "fields"),
    [
        (b'{"error":"not today"}', "not today", {}),
        (b'{"error":"A","message":"B"}', "A: B", {}),
        (b'{"error":{"code":7,"message":"no such card"}}', "no such card", {}),
        (b'{"error":"bad","errors":{"name":["is taken"]}}', "bad: name: is taken", {"name": 1}),
        (b'{"errors":{"global":["a","b"]},"reference":"r"}', "global: a b", {"global": 2}),
        (b'{"errors":["a","b"]}', "global: a b", {"global": 2}),
        (b'{"errors":{"name":"is taken"}}', "name: is taken", {"name": 1}),
        (b'{"status":"error","error":"E","details":"D"}', "E: D", {}),
        (b'{"error":"invalid_grant","error_description":"spent"}', "invalid_grant: spent", {}),
        (b"", "no reason given", {}),
        (b"{}", "no reason given", {}),
        (b"<html>Teapot</html>", "<html>Teapot</html>", {}),
        (b"\xff\xfe", "\ufffd\ufffd", {}),
    ],
)
def test_the_words_of_a_refusal_are_found_in_every_shape_that_was_seen(
    body: bytes, said: str, fields: dict[str, int]
) -> None:
    error = refusal(BRAND, "kowhai", 422, body)
    assert isinstance(error, Rejected)
    assert (
        str(error)
        == f"GetBrand for kowhai: refused with 422, and will be again until it is changed: {said}"
    )
    assert {name: len(texts) for name, texts in error.fields.items()} == fields


def test_what_was_not_found_is_named_unless_it_can_be_spent() -> None:
    assert "brand_id b1" in str(refusal(BRAND, "kowhai", 404, b""))
    secret = refusal(FindGiftCard("6006491727"), "kowhai", 404, b"6006491727")
    assert "6006491727" not in str(secret)
    assert "/gift_cards/{number}" in str(secret)


def said(retry_after: str, date: str) -> dict[str, str]:
    return {"Retry-After": retry_after, "Date": date}


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), NOON_HTTP, 90),
        ("Sat, 24 Oct 2026 12:01:30 +0000", NOON_HTTP, 90),
        ("Sat, 24 Oct 2026 12:01:30 -0000", NOON_HTTP, 90),
        ("Sat, 24 Oct 2026 13:01:30 +0100", NOON_HTTP, 90),
        ("Sat, 24 Oct 2026 11:00:00 GMT", NOON_HTTP, 1),
        ("Thu, 31 Dec 2099 23:59:59 GMT", NOON_HTTP, 330),
        ("Fri, 31 Dec 9999 23:59:59 -1200", NOON_HTTP, 330),
        ("12", "", 12),
        ("0.2", "", 1),
        (" 12 ", "garbage", 12),
        ("-12", "", 1),
        ("0", "", 1),
        ("86400", "", 330),
        ("inf", "", 330),
        ("-inf", "", 1),
        ("nan", "", 30),
        ("", "", 30),
        ("", NOON_HTTP, 30),
        ("soon, 99:99", NOON_HTTP, 30),
        ("Sat, 99 Oct 2026 12:00:00 GMT", NOON_HTTP, 30),
        ("9" * 5000, "", 330),
        ("\x00", "\x00", 30),
    ],
)
def test_a_wait_is_read_against_the_answers_own_clock_and_bounded(
    retry_after: str, date: str, seconds: float
) -> None:
    error = limited(BRAND, "kowhai", wait(said(retry_after, date)))
    assert error.retry_after == pytest.approx(seconds)


def test_a_date_without_a_clock_of_the_answers_is_read_against_ours() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    for date in ("", "garbage"):
        assert 55 < limited(BRAND, "kowhai", wait(said(soon, date))).retry_after <= 60


@given(st.text() | st.floats().map(str) | st.datetimes().map(format_datetime), st.text())
def test_any_wait_is_between_a_second_and_a_window(retry_after: str, date: str) -> None:
    assert 1 <= limited(BRAND, "kowhai", wait(said(retry_after, date))).retry_after <= 330
