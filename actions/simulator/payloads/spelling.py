"""How the old shapes spell things: JSON as Go and as PHP write it, money and times as text."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec

from actions.simulator.figures import as_utc, money

_sorted = msgspec.json.Encoder(order="sorted", decimal_format="number")
_ordered = msgspec.json.Encoder(decimal_format="number")
_GO: Final = {ord(one): f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"}
_ASCII: Final = 128
_BMP: Final = 0x10000


def go(value: Any) -> str:
    """Write JSON as Go does: members sorted, text as it is but for what HTML would mind."""
    return _sorted.encode(value).decode().translate(_GO)


def php(value: Any) -> str:
    r"""Write JSON as PHP does: members in order, `\/`, and everything beyond ASCII escaped."""
    text = _ordered.encode(value).decode().replace("/", "\\/")
    return text if text.isascii() else "".join(map(_escaped, text))


def _escaped(one: str) -> str:
    code = ord(one)
    if code < _ASCII:
        return one
    if code < _BMP:
        return f"\\u{code:04x}"
    high, low = divmod(code - _BMP, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def digits(value: Decimal | int | None, places: int) -> str:
    """Write an amount as text with so many places."""
    exact = Decimal(value or 0).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{exact:.{places}f}"


def bare(value: Decimal | int | None) -> str:
    """Write an amount as text with as many places as it needs."""
    return f"{money(value or 0):f}"


def number(value: Decimal | int | None) -> Decimal | int:
    """Return an amount as a JSON number: 40, 43.7."""
    plain = money(value or 0)
    return int(plain) if plain == plain.to_integral_value() else plain


def sql(moment: str | None) -> str | None:
    """Write a time as databases do: UTC, and silent about it."""
    return None if moment is None else _plain(moment, " ")


def zulu(moment: str) -> str:
    """Write a time with a Z."""
    return f"{_plain(moment, 'T')}Z"


def _plain(moment: str, between: str) -> str:
    """Write a time without its zone; `strftime` would shorten a year below 1000."""
    return as_utc(moment).replace(tzinfo=None).isoformat(between, "seconds")


def birthday(date: str | None) -> str | None:
    """Write a date as databases write times."""
    return None if date is None else f"{date} 00:00:00"
