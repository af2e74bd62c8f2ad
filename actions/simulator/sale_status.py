"""A sale's state and attributes, and the one status that they replaced (vendor: Sale states)."""

from collections.abc import Sequence
from typing import Final

STATES: Final = ("parked", "pending", "voided", "closed")
NEXT: Final = {
    "parked": STATES,
    "pending": ("pending", "voided", "closed"),
    "closed": ("voided",),
    "voided": (),
}
"""What a sale of a state may become; a closed one may only be voided."""
LEGACY: Final[dict[str, tuple[str, str | None]]] = {
    "SAVED": ("parked", None),
    "OPEN": ("pending", None),
    "VOIDED": ("voided", None),
    "CLOSED": ("closed", None),
    "ONACCOUNT": ("pending", "onaccount"),
    "ONACCOUNT_CLOSED": ("closed", "onaccount"),
    "LAYBY": ("pending", "layby"),
    "LAYBY_CLOSED": ("closed", "layby"),
    "AWAITING_DISPATCH": ("pending", "delivery"),
    "DISPATCHED_CLOSED": ("closed", "delivery"),
    "AWAITING_PICKUP": ("pending", "pickup"),
    "PICKED_UP_CLOSED": ("closed", "pickup"),
    "SERVICE": ("pending", "service"),
    "SERVICE_CLOSED": ("closed", "service"),
}
EITHER: Final = (("onaccount", "layby"), ("pickup", "delivery"))
"""Attributes of which a sale has one at most."""


def legacy(state: str, attributes: Sequence[str]) -> str:
    """Return the old status; of several attributes the one that is first in the table counts."""
    for status, (its_state, attribute) in LEGACY.items():
        if its_state == state and attribute is not None and attribute in attributes:
            return status
    return next(status for status, pair in LEGACY.items() if pair == (state, None))
