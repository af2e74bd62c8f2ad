"""Read the vendor's JSON into typed Structs, whatever the vendor's spelling of the day.

Fields flip between string and number, three spellings of a time share one sale, and null stands
where a list is documented. One odd field must not cost the whole: it falls back to its default.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import MAX_EMAX, Decimal
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

import msgspec

if TYPE_CHECKING:
    # What these hold; at run time they only tell `_read` which reader a field wants.
    Id = str
    Number = Decimal
    Text = str
    UtcTime = datetime
else:

    class _Plain(type):
        """Lets a reader hand back the plain type.

        msgspec asks isinstance of each value that it was handed. Readers are believed, so the
        quickest answer that is never false is given: every object has an id.
        """

        __instancecheck__ = id

    class Id(str, metaclass=_Plain):
        """A str that is not blank."""

        __slots__ = ()

    class Number(Decimal, metaclass=_Plain):
        """A Decimal, exactly as sent, from a number or a string."""

    class Text(str, metaclass=_Plain):
        """A str, from a string or a number."""

        __slots__ = ()

    class UtcTime(datetime, metaclass=_Plain):
        """An aware datetime in UTC; a spelling without an offset means UTC."""


P = TypeVar("P", bound=msgspec.Struct)

BAD = (msgspec.MsgspecError, ValueError, TypeError, ArithmeticError, RecursionError)
"""What the readers and msgspec raise over a bad value."""

_NUMERIC = frozenset({str, int, Decimal})
_DIGITS = 40
"""No price or count lies farther from the decimal point; 1e999999999 would cost the memory."""
_LONG_ROW = b"0" * len(str(MAX_EMAX))
_ALL_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)


class Unusable(Exception):
    """The payload cannot become an event at all; the reason never quotes it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def decode(payload: bytes | str, into: type[P]) -> P:
    """Read the JSON text of a payload, keeping every field that can be read.

    Raises:
        Unusable: when it is not a JSON object or lacks a required field such as the id.
    """
    with suppress(*BAD):
        read: P = decoder(into).decode(payload)
        return read
    return _salvage(plain(payload), into)


def salvage(plain: object, into: Any) -> Any:
    """Convert what `PLAIN` decoded, dropping what cannot be read.

    Raises:
        Unusable, or one of `BAD`: the whole of it cannot.
    """
    return _value(plain, into)


@cache
def decoder(into: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder that reads a type in one go, or raises one of `BAD`."""
    return msgspec.json.Decoder(into, strict=False, dec_hook=_read, float_hook=Decimal)


PLAIN = msgspec.json.Decoder(float_hook=Decimal)


def plain(payload: bytes | str) -> dict[str, Any]:
    """Read the JSON text of a payload as plain objects with exact numbers.

    Raises:
        Unusable: when it is not a JSON object, or holds what is too large to read.
    """
    try:
        found = PLAIN.decode(payload)
    except (msgspec.ValidationError, ArithmeticError):
        reason = "The payload holds a number too large to read."
    except RecursionError:
        reason = "The payload is nested too deeply."
    except BAD:
        reason = "The payload is not JSON."
    else:
        if isinstance(found, dict):
            return found
        reason = "The payload is not a JSON object."
    # Raised out here: a chained error would carry the payload's values into the log.
    raise Unusable(reason)


def may_be_too_large(payload: str) -> bool:
    """Say whether `plain` may find a number too large in JSON text that is well-formed.

    Such a number has thousands of digits, or eighteen in its exponent; looking for a row of digits
    takes a fifth of the time of reading all.
    """
    return _LONG_ROW in payload.encode().translate(_ALL_ZEROS)


def _salvage(plain: dict[str, Any], into: type[P]) -> P:
    found: dict[str, Any] = {}
    for name, key, wanted, is_required in _fields(into):
        with suppress(*BAD):
            found[name] = _value(plain.get(key), wanted)
        if is_required and name not in found:
            raise Unusable(f"The payload has no usable {name}.")
    return into(**found)


@cache
def _fields(into: type[msgspec.Struct]) -> list[tuple[str, str, Any, bool]]:
    fields = msgspec.structs.fields(into)
    return [(field.name, field.encode_name, field.type, field.required) for field in fields]


def _value(plain: object, wanted: Any) -> Any:
    """Convert one value, dropping the bad parts of a list, a map or a Struct."""
    arguments = get_args(wanted)
    if get_origin(wanted) in (Union, UnionType):
        inner = next(argument for argument in arguments if argument is not NoneType)
        return None if plain is None else _value(plain, inner)
    if get_origin(wanted) is list and isinstance(plain, list):
        return [kept for item in plain for kept in _kept(item, arguments[0])]
    if get_origin(wanted) is dict and isinstance(plain, dict):
        return {key: kept for key, item in plain.items() for kept in _kept(item, arguments[1])}
    if isinstance(plain, dict) and isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _salvage(plain, wanted)
    if wanted is int and isinstance(plain, Decimal):
        plain = str(plain)  # msgspec converts 5.0 from text, but not from a Decimal
    if wanted in _READERS:
        return _READERS[wanted](plain)
    return msgspec.convert(plain, wanted, strict=False)


def _kept(plain: object, wanted: Any) -> list[Any]:
    """The value alone in a list; an empty list for a bad one."""
    with suppress(*BAD, Unusable):
        return [_value(plain, wanted)]
    return []


def _read(wanted: type, plain: Any) -> object:
    if wanted is Text and type(plain) is str:
        return plain  # most fields are this, and a call more would be felt
    return _READERS[wanted](plain)


def _text(plain: Any) -> str:
    if type(plain) is str:
        return plain
    if isinstance(plain, bool) or not isinstance(plain, str | int | Decimal):
        raise TypeError("neither a text nor a number")
    return str(plain)


def _id(plain: Any) -> str:
    text = _text(plain)
    if not text or text.isspace():
        raise ValueError("blank")
    return text


def _number(plain: Any) -> Decimal:
    number = Decimal(plain if type(plain) in _NUMERIC else _text(plain))
    if not number.is_finite() or not -_DIGITS <= number.adjusted() <= _DIGITS:
        raise ValueError("no price or count")
    return number


def _utc_time(plain: Any) -> datetime:
    if type(plain) is not str:
        raise TypeError("not a time")
    time = datetime.fromisoformat(plain)
    # vendor: Dates and Times; without an offset it is UTC as well
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


_READERS: dict[type, Callable[[Any], object]] = {
    Id: _id,
    Number: _number,
    Text: _text,
    UtcTime: _utc_time,
}
