from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from actions.lenient import decode
from actions.resources.stock_adjustments import (
    CreateStockAdjustments,
    ListStockAdjustments,
    NewStockAdjustment,
    Reason,
    StockAdjustment,
)


def new(quantity: str, reason: Reason, custom: str | None = None) -> NewStockAdjustment:
    return NewStockAdjustment(
        product_id="p-1",
        outlet_id="o-1",
        quantity=quantity,
        reason=reason,
        custom_inventory_adjustment_reason_id=custom or msgspec.UNSET,
    )


def test_stock_adjustments_are_written_with_quantities_as_text() -> None:
    create = CreateStockAdjustments([new("-1.50", "DAMAGE"), new("2", "CUSTOM", "r-1")])
    create.check()
    assert create.request().path == "/stock_adjustments"
    assert create.request().body == (
        b'{"stock_adjustments":['
        b'{"product_id":"p-1","outlet_id":"o-1","quantity":"-1.50","reason":"DAMAGE"},'
        b'{"product_id":"p-1","outlet_id":"o-1","quantity":"2","reason":"CUSTOM",'
        b'"custom_inventory_adjustment_reason_id":"r-1"}]}'
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (new("1", "THEFT"), "quantity must be below zero for THEFT, but is '1'"),
        (new("-1", "STOCK_FOUND"), "quantity must be above zero for STOCK_FOUND, but is '-1'"),
        (new("-0.0", "DONATION"), "quantity must not be zero, but is '-0.0'"),
        (new("NaN", "DONATION"), "quantity must be a plain number as text, but is 'NaN'"),
        (new("1", "CUSTOM"), "the reason is CUSTOM and the id is UNSET"),
        (new("-1", "EXPIRY", "r-1"), "the reason is EXPIRY and the id is 'r-1'"),
    ],
)
def test_a_quantity_or_custom_reason_that_does_not_fit_its_reason_is_refused(
    wrong: NewStockAdjustment, sentence: str
) -> None:
    with pytest.raises(ValueError, match=rf"^stock_adjustments\[1\]\..*{sentence}\.$"):
        CreateStockAdjustments([new("3", "SAMPLE_FOR_SALE"), wrong]).check()


@pytest.mark.parametrize("count", [0, 1001])
def test_more_than_a_thousand_stock_adjustments_or_none_are_refused(count: int) -> None:
    with pytest.raises(msgspec.ValidationError, match="stock_adjustments"):
        msgspec.convert(
            {"stock_adjustments": [msgspec.to_builtins(new("1", "STOCK_FOUND"))] * count},
            CreateStockAdjustments,
        )


@pytest.mark.parametrize(
    "odd", [{"quantity": "1e3"}, {"quantity": 1}, {"quantity": "1" * 33}, {"note": "spilt"}]
)
def test_a_stock_adjustment_with_an_odd_quantity_or_unknown_member_is_refused(
    odd: dict[str, object],
) -> None:
    right = {"product_id": "p-1", "outlet_id": "o-1", "quantity": "1", "reason": "CUSTOM"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**right, **odd}, NewStockAdjustment)


def test_reading_stock_adjustments_needs_the_scope_to_write() -> None:
    assert ListStockAdjustments(page_size=1000).needs() == ("inventory:write",)
    with pytest.raises(msgspec.ValidationError, match="page_size"):
        msgspec.convert({"page_size": 1001}, ListStockAdjustments)


def test_a_stock_adjustments_quantity_comes_as_text() -> None:
    read = decode(
        b'{"id":"a-1","user_id":"u-1","product_id":"p-1","outlet_id":"o-1",'
        b'"quantity":"-1.50000","reason":"DAMAGE","created_at":"2026-09-14T12:00:30Z",'
        b'"updated_at":"2026-09-14T12:00:30Z","version":4300000000}',
        StockAdjustment,
    )
    assert read == StockAdjustment(
        id="a-1",
        user_id="u-1",
        product_id="p-1",
        outlet_id="o-1",
        quantity=Decimal("-1.50000"),
        reason="DAMAGE",
        created_at=datetime(2026, 9, 14, 12, 0, 30, tzinfo=UTC),
        updated_at=datetime(2026, 9, 14, 12, 0, 30, tzinfo=UTC),
        version=4_300_000_000,
    )
