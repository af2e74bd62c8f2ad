"""Parameters are checked before anything is sent: types, limits, and what must go together."""

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UnsetType
from msgspec.structs import astuple

from actions.action import Action
from actions.errors import BadAction

A = TypeVar("A", bound=Action[Any])

_AT: Final = re.compile(r" - at `\$\.?(.*)`$")
_STEP: Final = re.compile(r"(\w+)|\[(\d+)\]")
_SHOWN: Final = 60
_KEPT: Final = (Decimal, datetime, date, bytes, bytearray, memoryview)
"""Left as they are, so that none of them passes for text."""
_COMMON: Final = frozenset({str, int, bool, NoneType, UnsetType})
"""What most parameters are; these come through msgpack as they were, or not at all."""
_encode: Final = msgspec.msgpack.Encoder().encode


def checked(action: A) -> A:
    """Return the action with every parameter of the type and within the limits declared.

    Raises:
        BadAction: one is not; the message names the field, the rule and what was given.
    """
    plain: Any = None
    try:
        kept = _quickly(action)
        if kept is None:
            plain = msgspec.to_builtins(action, builtin_types=_KEPT)
            kept = msgspec.convert(plain, type(action))
            _writable(msgspec.to_builtins(kept, builtin_types=_KEPT))
        kept.check()
    except (ValueError, TypeError, RecursionError) as error:
        said = _said(str(error), plain)
    else:
        return kept
    # Raised out here: a chained error would carry what was given into the log.
    raise BadAction(f"{action.operation.name}: {said}")


def made(kind: type[A], given: dict[str, Any], *, strict: bool = True) -> A:
    """Make an action from parameters by name; without `strict`, from words of a command line.

    Raises:
        BadAction: one is unknown, missing, or breaks a rule.
    """
    names = [field.name for field in kind.operation.parameters]
    unknown = sorted(set(given) - set(names))
    if unknown:
        known = ", ".join(names) or "none"
        raise BadAction(f"{kind.__name__} has no {unknown[0]!r:.60}: its parameters are {known}.")
    try:
        action: A = msgspec.convert(given, kind, strict=strict)
    except (ValueError, TypeError) as error:
        said = _said(str(error), given)
    else:
        return checked(action)
    raise BadAction(f"{kind.__name__}: {said}")


def _quickly(action: A) -> A | None:
    """Return an action of common parameters that are right; None where a closer look is due."""
    for value in astuple(action):
        kind = type(value)
        if kind not in _COMMON or (kind is int and not _is_long(value)):
            return None
    try:
        kept: A = _reader(type(action)).decode(_encode(action))
    except (ValueError, OverflowError):
        return None  # the closer look finds the words
    return kept if kept == action else None  # text may have become a number that is none


@cache
def _reader(kind: type[A]) -> msgspec.msgpack.Decoder[A]:
    return msgspec.msgpack.Decoder(kind)


def _writable(value: Any, where: str = "$") -> None:
    """Raise `ValueError` over what is of the right type and still cannot be written as JSON."""
    if isinstance(value, dict):
        for name, one in value.items():
            _writable(name, where)
            _writable(one, f"{where}.{name}")
    elif isinstance(value, list):
        for place, one in enumerate(value):
            _writable(one, f"{where}[{place}]")
    elif rule := _broken_rule(value):
        raise ValueError(f"{rule} - at `{where}`")


def _broken_rule(value: Any) -> str:
    if isinstance(value, str) and not _is_text(value):
        return "Expected text without half characters"
    if isinstance(value, int) and not _is_long(value):
        return "Expected an integer of 64 bits"
    if isinstance(value, Decimal | float) and not math.isfinite(value):
        return "Expected a finite number"
    if isinstance(value, datetime) and not _has_utc(value):
        return "Expected a time of the years 1 to 9999 in UTC"
    is_bytes = isinstance(value, bytes | bytearray | memoryview)
    return f"Expected str, got {type(value).__name__}" if is_bytes else ""


def _is_long(value: int) -> bool:
    return -(2**63) <= value < 2**63


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _has_utc(value: datetime) -> bool:
    try:
        value.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _said(message: str, given: Any) -> str:
    """Turn msgspec's words around: the field first, and what was given last."""
    found = _AT.search(message)
    rule = message[: found.start()] if found else message
    rule = rule.rstrip(".").replace("`", "")
    if not found or not found[1]:
        return f"{rule}."
    try:
        for name, index in _STEP.findall(found[1]):
            given = given[int(index)] if index else given[name]
        return f"{found[1]}: {rule}, was {str(given)[:_SHOWN]!r}."
    except (LookupError, TypeError, ValueError):  # not to be found, or a number of 5000 digits
        return f"{found[1]}: {rule}."
