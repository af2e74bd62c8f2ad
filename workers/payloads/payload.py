"""What every payload has: an id, a place in the order, and a repr without personal data."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from msgspec import Struct

from actions.discreet import Discreet
from actions.lenient import Id, Text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION_DIGITS = 20
_TIME_DIGITS = 15


class Payload(Discreet):
    """The resource as sent with an event.

    All but the id may be missing: the vendor promises no key, and unknown keys are passed over.
    """

    ties_pass: ClassVar[bool] = False
    """Whether an equal `order` may still be a change, not a redelivery."""

    id: Id

    def order(self) -> str | None:
        """Digits that sort as the changes of this id happened; None when nothing tells."""
        return None


class Named(Struct):
    """An id and the name shown for it."""

    id: Text | None = None
    name: Text | None = None


def by_version(version: int | None) -> str | None:
    """Write a version so that text sorts as versions do."""
    # vendor: a global 64-bit counter, 11 digits in 2026
    if version is None or not 0 <= version < 10**_VERSION_DIGITS:
        return None
    return f"{version:0{_VERSION_DIGITS}}"


def by_time(time: datetime | None) -> str:
    """Write a time in milliseconds so that text sorts as times do; zeros when missing."""
    elapsed = (time - _EPOCH) // timedelta(milliseconds=1) if time else 0
    return f"{max(elapsed, 0):0{_TIME_DIGITS}}"
