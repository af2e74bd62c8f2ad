"""Parameters before they are sent: what breaks a rule is named, what is kept can be written."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from actions.action import Action
from actions.catalog import CATALOG
from actions.checking import checked, made
from actions.errors import BadAction
from actions.resources.brands import CreateBrand, GetBrand, ListBrands
from actions.resources.product_rows import OpeningStock
from actions.resources.products import CreateProduct, ListProducts
from actions.resources.promotions import GetPromotion, ListPromotions
from actions.resources.sales import CreateSale
from actions.resources.stock_adjustments import CreateStockAdjustments

LONGEST: Final = 400
SOURCE: Final = {"author_id": "u1"}


def refused(kind: Any, **given: Any) -> str:
    with pytest.raises(BadAction) as refusal:
        checked(kind(**given))
    assert refusal.value.__context__ is None
    return str(refusal.value).removeprefix(f"{kind.__name__}: ")


def test_what_is_right_comes_back_as_it_was() -> None:
    product = CreateProduct(
        name="Tee",
        supply_price=Decimal("1.50000"),
        inventory=[OpeningStock(outlet_id="o1", current_amount=Decimal(3))],
    )
    assert checked(product) == product
    assert checked(ListBrands()) == ListBrands()
    assert checked(ListBrands()).after is UNSET
    assert checked(ListBrands(after=2**63 - 1)) == ListBrands(after=2**63 - 1)


def test_plain_members_become_what_the_action_declares() -> None:
    kind: Any = CreateProduct
    stock = {"outlet_id": "o1", "current_amount": 3}
    assert checked(kind(name="Tee", inventory=[stock])).inventory == [
        OpeningStock(outlet_id="o1", current_amount=Decimal(3))
    ]
    lookup: Any = GetBrand
    name = UUID("0af7b240-abc5-11e9-fddb-cb8d8fd8b9d6")
    assert checked(lookup(name)).brand_id == str(name)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (GetBrand, {"brand_id": "x" * 0}, "brand_id: Expected str of length >= 1, was ''."),
        (CreateBrand, {"name": 7}, "name: Expected str, got int, was '7'."),
        (CreateBrand, {"name": object()}, "Encoding objects of type object is unsupported."),
        (
            CreateProduct,
            {"name": "Tee", "inventory": [{"outlet_id": "o1"}]},
            "inventory[0]: Object missing required field current_amount, was \"{'outlet",
        ),
        (
            CreateProduct,
            {"name": "Tee", "inventory": [{"outlet_id": "o1", "current_amount": "many"}]},
            "inventory[0].current_amount: Invalid decimal string, was 'many'.",
        ),
        (
            CreateProduct,
            {"name": "Tee", "inventory": [{"outlet_id": "o1", "current_amount": 1, "red": 1}]},
            "inventory[0]: Object contains unknown field red, was \"{'outlet_id'",
        ),
        (
            ListProducts,
            {"includes": ["images"]},
            "includes[0]: Invalid enum value 'images', was 'images'.",
        ),
        (
            CreateSale,
            {"source": SOURCE, "state": "parked", "date": datetime(2026, 10, 24)},  # noqa: DTZ001
            "date: Expected datetime with a timezone component, was '2026-10-24 00:00:00'.",
        ),
        (
            CreateSale,
            {"source": SOURCE, "state": "parked", "service_fields": {"a": [1, b"b"]}},
            "service_fields.a[1]: Expected str, got bytes, was \"b'b'\".",
        ),
        (
            CreateSale,
            {"source": SOURCE, "state": "parked", "service_fields": {"a": float("inf")}},
            "service_fields.a: Expected a finite number, was 'inf'.",
        ),
        (
            CreateSale,
            {
                "source": SOURCE,
                "state": "parked",
                "date": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=12))),
            },
            "date: Expected a time of the years 1 to 9999 in UTC, was '0001-01-01 00:00:00+12:00'.",
        ),
        (
            ListProducts,
            {"after": 2**63},
            "after: Expected an integer of 64 bits, was '9223372036854775808'.",
        ),
        (ListProducts, {"after": 10**5000}, "after: Expected an integer of 64 bits."),
        (
            CreateSale,
            {"source": SOURCE, "state": "parked", "service_fields": {"a": [-(2**63) - 1]}},
            "service_fields.a[0]: Expected an integer of 64 bits, was '-9223372036854775809'.",
        ),
        (
            CreateProduct,
            {"name": "Tee", "supply_price": "NaN"},
            "supply_price: Expected a finite number, was 'NaN'.",
        ),
        (
            ListPromotions,
            {"end_time_from": "0001-01-01T00:00:00+12:00"},
            "end_time_from: Expected a time of the years 1 to 9999 in UTC, was '0001-01-01T00:00",
        ),
        (CreateStockAdjustments, {"stock_adjustments": []}, "stock_adjustments: Expected array of"),
    ],
)
def test_what_breaks_a_rule_is_named_with_the_rule_and_what_was_given(
    kind: Any, given: dict[str, Any], said: str
) -> None:
    assert refused(kind, **given).startswith(said)


def test_a_circle_is_refused() -> None:
    circle: dict[str, Any] = {}
    circle["again"] = circle
    assert "recursion" in refused(CreateSale, source=SOURCE, state="parked", service_fields=circle)


def test_an_action_is_made_from_members_by_name() -> None:
    assert made(GetBrand, {"brand_id": "b1"}) == GetBrand("b1")
    with pytest.raises(BadAction, match=r"^GetBrand has no 'id': its parameters are brand_id\.$"):
        made(GetBrand, {"id": "b1"})
    with pytest.raises(BadAction, match=r"^GetRetailer has no 'id': its parameters are none\.$"):
        made(CATALOG["GetRetailer"], {"id": "b1"})
    with pytest.raises(BadAction, match=r"^GetBrand: Object missing required field brand_id\.$"):
        made(GetBrand, {})


def test_words_of_a_command_line_become_numbers_and_flags_unless_it_is_strict() -> None:
    words = {"page_size": "50", "deleted": "true"}
    assert made(ListBrands, words, strict=False) == ListBrands(page_size=50, deleted=True)
    assert made(GetPromotion, {"promotion_id": "7"}, strict=False) == GetPromotion(7)
    with pytest.raises(BadAction, match="page_size: Expected int, got str, was '50'"):
        made(ListBrands, words)
    with pytest.raises(BadAction, match="page_size: Expected int <= 10000, was '99999'"):
        made(ListBrands, {"page_size": "99999"}, strict=False)


texts = st.text(st.characters())
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | texts
    | st.sampled_from(["1.50", "NaN", "2026-10-24T12:00:00Z", "0001-01-01T00:00:00+12:00"])
    | st.binary()
    | st.datetimes(timezones=st.just(UTC) | st.none())
    | st.just(UNSET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def any_actions(draw: st.DrawFn) -> Action[Any]:
    """Draw any action with anything for its parameters."""
    kind = CATALOG[draw(st.sampled_from(sorted(CATALOG)))]
    names = [field.name for field in kind.operation.parameters]
    required = [field.name for field in kind.operation.parameters if field.required]
    more = draw(st.sets(st.sampled_from(names))) if names else set()
    return kind(**{name: draw(values) for name in {*required, *more}})


def outcome(action: Action[Any]) -> Action[Any] | BadAction:
    """Check an action; any other error than the one foreseen fails the test."""
    try:
        return checked(action)
    except BadAction as error:
        return error


@given(any_actions())
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_any_parameters_are_refused_in_a_sentence_or_can_be_written(action: Action[Any]) -> None:
    found = outcome(action)
    if isinstance(found, BadAction):
        assert str(found).startswith(f"{action.operation.name}: ")
        assert str(found).encode()
        assert len(str(found)) <= LONGEST
    else:
        plain = msgspec.to_builtins(action, builtin_types=(Decimal, datetime, bytes))
        assert found == msgspec.convert(plain, type(action))
        request = found.request()
        assert request.path.isascii()
        json.loads(request.body or b"{}", parse_constant=pytest.fail)
