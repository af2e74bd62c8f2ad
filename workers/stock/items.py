"""What is asked for and what became of it: items, their outcomes, and orders that hold many."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from actions.errors import BackroomError
from actions.resources.stock_adjustments import (
    NewStockAdjustment,
    Reason,
    StockAdjustment,
    broken_rule,
)

MOST_IN_REQUEST: Final = 1000
"""Adjustments that one request holds (vendor: OpenAPI 2026-07, inventory)."""
Outcome: TypeAlias = Literal["applied", "refused", "unknown"]
Key: TypeAlias = tuple[str, str, Decimal, str, str]
"""What makes two adjustments equal: product, outlet, quantity, reason, custom reason."""


class BadItem(BackroomError):
    """An adjustment breaks a rule of the vendor's; nothing of its order was taken."""

    exit_code = 2


class NoSuchOrder(BackroomError):
    """No order of that id is kept: it never was, or it is over for longer than it was kept."""


class Item(Struct, frozen=True, array_like=True):
    """One adjustment of an order."""

    order: str
    place: int
    """Which one of its order it is, from 0."""
    adjustment: NewStockAdjustment


class Result(Struct, frozen=True, array_like=True, gc=False):
    """What became of one item."""

    place: int
    outcome: Outcome
    detail: str
    """The vendor's id of what was applied, or why it was not or is not known."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far an order is."""

    order_id: str
    retailer: str
    total: int
    applied: int
    refused: int
    unknown: int
    """Nobody can tell whether these were applied: a person must look."""
    last_in: float = 0.0
    """In how many seconds its last request may leave, as far as the rate limit tells."""

    @property
    def left(self) -> int:
        """Items that nothing has become of yet."""
        return self.total - self.applied - self.refused - self.unknown

    @property
    def is_over(self) -> bool:
        """Whether something has become of every item."""
        return self.left == 0


def adjustment(
    product_id: str,
    outlet_id: str,
    quantity: Decimal | int,
    reason: Reason,
    custom_reason_id: str | UnsetType = UNSET,
) -> NewStockAdjustment:
    """Make an adjustment of a number."""
    return NewStockAdjustment(
        product_id=product_id,
        outlet_id=outlet_id,
        quantity=f"{quantity:f}" if isinstance(quantity, Decimal) else str(quantity),
        reason=reason,
        custom_inventory_adjustment_reason_id=custom_reason_id,
    )


class _Packed(Struct, array_like=True, frozen=True):
    """An item as it stands in Redis, where each name would take room."""

    order: str
    place: int
    product_id: str
    outlet_id: str
    quantity: str
    reason: str
    custom: str = ""


_decoder = msgspec.msgpack.Decoder(_Packed)
_encode = msgspec.msgpack.Encoder().encode
_shaped = msgspec.msgpack.Decoder(NewStockAdjustment).decode


def packed(item: Item) -> bytes:
    """Encode an item."""
    one = item.adjustment
    custom = one.custom_inventory_adjustment_reason_id
    return _encode(
        _Packed(
            item.order,
            item.place,
            one.product_id,
            one.outlet_id,
            one.quantity,
            one.reason,
            "" if custom is UNSET else custom,
        )
    )


def unpacked(data: bytes) -> Item:
    """Decode an item."""
    one = _decoder.decode(data)
    reason: Any = one.reason  # it was checked before it was packed
    adjustment = NewStockAdjustment(
        product_id=one.product_id,
        outlet_id=one.outlet_id,
        quantity=one.quantity,
        reason=reason,
        custom_inventory_adjustment_reason_id=one.custom or UNSET,
    )
    return Item(one.order, one.place, adjustment)


def check(adjustments: Iterable[NewStockAdjustment]) -> None:
    """Check every adjustment before anything is taken.

    Raises:
        BadItem: one breaks a rule; the message says which.
    """
    for place, one in enumerate(adjustments):
        try:
            _shaped(_encode(one))  # a third of what it costs by way of plain objects
            rule = broken_rule(one)
        except msgspec.ValidationError as error:
            rule = str(error)
        if rule:
            raise BadItem(f"item {place}: {rule}.")


def key_of(one: NewStockAdjustment | StockAdjustment) -> Key:
    """Return what makes an adjustment equal to another."""
    custom = one.custom_inventory_adjustment_reason_id
    return (
        (one.product_id or "").lower(),
        (one.outlet_id or "").lower(),
        Decimal(one.quantity or 0).normalize(),
        one.reason or "",
        (custom or "").lower(),
    )
