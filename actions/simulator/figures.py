"""Amounts and moments: how exactly the vendor computes, and how it reads a time."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_PLACES: Final = Decimal("0.00001")


def money(value: Decimal | int) -> Decimal:
    """Round to five places, as far as the vendor computes, and write it plainly: 83.7."""
    short = Decimal(value).quantize(_PLACES, ROUND_HALF_UP).normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def as_utc(text: str) -> datetime:
    """Read a time; without a zone it is UTC."""
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
