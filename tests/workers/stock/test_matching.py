"""Whose adjustments are there: nobody guesses."""

from decimal import Decimal

import pytest

from actions.resources.stock_adjustments import NewStockAdjustment, StockAdjustment
from workers.stock.items import Item
from workers.stock.matching import match


def item(place: int, product: str = "A") -> Item:
    one = NewStockAdjustment(
        product_id=product, outlet_id="Main", quantity="1.50", reason="STOCK_FOUND"
    )
    return Item("order", place, one)


def row(number: int, user: str | None = "us", product: str = "A") -> StockAdjustment:
    return StockAdjustment(
        id=f"row-{number}",
        user_id=user,
        product_id=product,
        outlet_id="Main",
        quantity=Decimal("1.5"),
        reason="STOCK_FOUND",
    )


@pytest.mark.parametrize(
    ("rows", "user", "applied", "missing", "ambiguous"),
    [
        ([], "us", [], [0, 1], []),
        ([row(1)], "us", [0], [1], []),
        ([row(1), row(2)], "us", [0, 1], [], []),
        ([row(1), row(2), row(3)], "us", [], [], [0, 1]),
        ([row(1), row(2), row(3, "they")], "us", [0, 1], [], []),
        ([row(1, "they")], "us", [], [0, 1], []),
        ([row(1, "they"), row(2)], "us", [0], [1], []),
        ([row(1), row(2, "they")], "", [], [], [0, 1]),
        ([row(1)], "", [], [], [0, 1]),
        ([], "", [], [0, 1], []),
        ([row(1, product="a")], "us", [0], [1], []),
        ([row(1, None)], "us", [0], [1], []),
    ],
)
def test_equal_adjustments_are_counted_and_whose_they_are(
    rows: list[StockAdjustment],
    user: str,
    applied: list[int],
    missing: list[int],
    ambiguous: list[int],
) -> None:
    found = match([item(0), item(1)], rows, user)
    assert (list(found.applied), found.missing, found.ambiguous) == (applied, missing, ambiguous)
