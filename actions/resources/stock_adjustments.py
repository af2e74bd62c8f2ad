"""Stock adjustments: stock that was lost or found, and why."""

import re
from decimal import Decimal
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from actions.action import Action, Versioned, get, post
from actions.lenient import Id, Number, Text, UtcTime

Reason = Literal[
    "DAMAGE",
    "EXPIRY",
    "INTERNAL_USE",
    "THEFT",
    "DONATION",
    "STOCK_FOUND",
    "SAMPLE_FOR_SALE",
    "CUSTOM",
]
_Uuid = Annotated[str, Meta(min_length=1, max_length=36)]

_NUMBER: Final = r"^-?\d+(\.\d+)?$"
_is_number: Final = re.compile(_NUMBER).fullmatch
_LOSSES: Final = frozenset({"DAMAGE", "EXPIRY", "INTERNAL_USE", "THEFT", "DONATION"})
_GAINS: Final = frozenset({"STOCK_FOUND", "SAMPLE_FOR_SALE"})


class StockAdjustment(Struct, kw_only=True):
    """A stock adjustment (vendor: OpenAPI 2026-07, inventory)."""

    id: Id
    user_id: Text | None = None
    product_id: Text | None = None
    outlet_id: Text | None = None
    quantity: Number | None = None
    """Below zero where stock was lost."""
    reason: Text | None = None
    custom_inventory_adjustment_reason_id: Text | None = None
    """Only where the reason is `CUSTOM`."""
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    version: int | None = None


class NewStockAdjustment(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One adjustment to create. The sign of its quantity must agree with its reason."""

    product_id: _Uuid
    outlet_id: _Uuid
    quantity: Annotated[str, Meta(pattern=_NUMBER, max_length=32)]
    """A number as text: below zero for a loss, above for a gain."""
    reason: Reason
    custom_inventory_adjustment_reason_id: _Uuid | UnsetType = UNSET
    """Needed for `CUSTOM`, else not allowed; the sign must agree with its type."""


@get("/stock_adjustments", scope="inventory:write", title="List Stock Adjustments")
class ListStockAdjustments(Versioned[StockAdjustment]):
    """List stock adjustments, oldest first. The vendor wants the scope to write for it."""

    page_size: Annotated[int, Meta(ge=1, le=1000)] | UnsetType = UNSET
    """The vendor takes 100 when it is left out."""


@post("/stock_adjustments", scope="inventory:write", title="Create Stock Adjustments", exact=True)
class CreateStockAdjustments(Action[list[StockAdjustment]]):
    """Create 1 to 1000 stock adjustments and return them in the order given."""

    stock_adjustments: Annotated[list[NewStockAdjustment], Meta(min_length=1, max_length=1000)]

    def check(self) -> None:
        """Raise `ValueError` where a quantity or a custom reason does not fit its reason."""
        for place, one in enumerate(self.stock_adjustments):
            if broken := broken_rule(one):
                raise ValueError(f"stock_adjustments[{place}].{broken}.")


def broken_rule(one: NewStockAdjustment) -> str | None:
    """Return the rule that an adjustment breaks, if any."""
    custom = one.custom_inventory_adjustment_reason_id
    if not _is_number(one.quantity):
        return f"quantity must be a plain number as text, but is {one.quantity!r}"
    quantity = Decimal(one.quantity)
    if not quantity:
        return f"quantity must not be zero, but is {one.quantity!r}"
    if one.reason in _LOSSES and quantity > 0:
        return f"quantity must be below zero for {one.reason}, but is {one.quantity!r}"
    if one.reason in _GAINS and quantity < 0:
        return f"quantity must be above zero for {one.reason}, but is {one.quantity!r}"
    if (one.reason == "CUSTOM") is (custom is UNSET):
        return (
            "custom_inventory_adjustment_reason_id must be given for the reason CUSTOM and for no"
            f" other, but the reason is {one.reason} and the id is {custom!r}"
        )
    return None
