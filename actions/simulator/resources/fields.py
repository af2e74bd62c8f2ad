"""Reading a request's fields, and refusing them as the vendor would."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from actions.simulator.routing import invalid, malformed

_DIGITS: Final = 9
_DECIMALS: Final = 10
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
"""A number as a text. Python's own reading knows more: `1_000`, other alphabets' digits."""


def body(value: Any) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        Trouble: 400, it is none.
    """
    if not isinstance(value, dict):
        raise malformed("The body must be a JSON object")
    return value


def unwrapped(value: Any) -> dict[str, Any]:
    """Return a JSON object, or what is in its only member `data`: two resources take both.

    Raises:
        Trouble: 400, it is no object.
    """
    given = body(value)
    inner = given.get("data")
    return inner if len(given) == 1 and isinstance(inner, dict) else given


def text(given: Any, name: str, *, required: bool = False) -> str | None:
    """Return a text field; null and missing are None.

    Raises:
        Trouble: 400 for no object, 422 when it is no text, or is required and empty.
    """
    value = body(given).get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(name, "must be a string")
    if required and not (value or "").strip():
        raise invalid(name, "is required")
    return value


def number(given: Any, name: str, *, required: bool = False) -> Decimal | None:
    """Return a number field, which may also come as a text (vendor: Sales 101).

    Raises:
        Trouble: 422 when it is no number, or is required and missing.
    """
    value = body(given).get(name)
    if value is None and not required:
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise invalid(name, "must be a number")
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        try:
            read = Decimal(value)
        except InvalidOperation:
            read = Decimal("NaN")
        if read.is_finite():
            return read
    raise invalid(name, "must be a number")


def choice(
    given: Any, name: str, options: Collection[str], *, required: bool = False
) -> str | None:
    """Return a field that must be one of some words.

    Raises:
        Trouble: 422 when it is another.
    """
    value = text(given, name, required=required)
    if value is not None and value not in options:
        raise invalid(name, f"must be one of {', '.join(sorted(options))}")
    return value


def flag(given: Any, name: str, *, required: bool = False) -> bool | None:
    """Return a boolean field.

    Raises:
        Trouble: 422 when it is no boolean, or is required and missing.
    """
    value = body(given).get(name)
    if value is None and not required:
        return None
    if not isinstance(value, bool):
        raise invalid(name, "must be a boolean")
    return value


def refuse_unknown(given: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse members that the contract does not have.

    Raises:
        Trouble: 400, naming the first.
    """
    for name in given:
        if name not in known:
            raise malformed(f"unknown member {name}")


def amount(given: Any, name: str, *, required: bool = False) -> Decimal | None:
    """Return a number that the vendor can keep: below a billion, with at most ten decimals.

    Raises:
        Trouble: 422 when it is none.
    """
    value = number(given, name, required=required)
    if value is None:
        return None
    if value and not -_DECIMALS <= value.adjusted() < _DIGITS:
        raise invalid(name, "is out of range")
    return plain(round(value, _DECIMALS))


def plain(value: Decimal) -> Decimal:
    """Return a number as it is written: no trailing zeros, no exponent."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def whole(given: Any, name: str, *, required: bool = False) -> int | None:
    """Return an integer field.

    Raises:
        Trouble: 422 when it is none.
    """
    value = amount(given, name, required=required)
    if value is not None and value != value.to_integral_value():
        raise invalid(name, "must be an integer")
    return None if value is None else int(value)


def objects(given: Any, name: str) -> list[dict[str, Any]]:
    """Return a list of objects; null and missing are an empty one.

    Raises:
        Trouble: 422 when it is another thing, or holds one.
    """
    value = body(given).get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid(name, "must be a list of objects")
    return value


def texts(given: Any, name: str) -> list[str]:
    """Return a list of texts; null and missing are an empty one.

    Raises:
        Trouble: 422 when it is another thing, or holds one.
    """
    value = body(given).get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(name, "must be a list of strings")
    return value


def section(given: Any, name: str) -> dict[str, Any]:
    """Return an object inside the body; null and missing are an empty one.

    Raises:
        Trouble: 422 when it is another thing.
    """
    value = body(given).get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(name, "must be an object")
    return value
