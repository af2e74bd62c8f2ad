"""What Lightspeed answered: a result, or the error that says what to do."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar, get_args

import msgspec
from aiohttp import hdrs
from msgspec import Struct

from actions.action import Action, Page, PageInfo, Version
from actions.discreet import Discreet
from actions.errors import (
    Conflict,
    LightspeedError,
    MissingScope,
    NotFound,
    RateLimited,
    Rejected,
    Unreadable,
)
from actions.lenient import BAD, PLAIN, Unusable, decoder, salvage

R = TypeVar("R")

_SHOWN: Final = 200
"""Characters of an answer that an error shows."""
_WITHOUT_HEADER: Final = 30.0
"""Seconds to wait when a 429 does not say: what the vendor's own client does."""
_LEAST_WAIT, _MOST_WAIT = 1.0, 330.0
"""A window is 300 s (vendor: Rate Limiting), so nothing further away can be meant."""


class Data(Struct, Generic[R]):
    """The envelope of most answers."""

    data: R


class Named(Struct):
    """An id that stands bare (vendor: Update A Supplier)."""

    id: str


class Reading(Struct, frozen=True):
    """A result, and whether its shape was the one that the contract promises."""

    result: Any
    as_promised: bool = True


def read(action: Action[Any], retailer: str, body: bytes) -> Reading:
    """Read the body of a 2xx.

    Raises:
        Unreadable: it is no JSON, or nothing in it is what was promised.
    """
    operation = action.operation
    if operation.answer == "nothing":
        return Reading(None)
    try:
        return Reading(_promised(type(action))(body))
    except BAD:
        pass  # raised out here: a chained error would carry the answer's values into the log
    try:
        return Reading(_fitted(action, PLAIN.decode(body)), as_promised=False)
    except (*BAD, LookupError, Unusable):
        pass
    if not body and type(None) in get_args(operation.result):
        return Reading(None)
    text = repr(body[: _SHOWN * 4].decode(errors="replace"))[:_SHOWN]
    raise Unreadable(operation.name, retailer, f"done, but the answer cannot be read: {text}")


@cache
def _promised(kind: type[Action[Any]]) -> Callable[[bytes], Any]:
    """Return what reads the shape that the contract promises; made once for each action."""
    operation = kind.operation
    if unwrap := getattr(kind, "unwrap", None):
        return lambda body: msgspec.convert(
            unwrap(PLAIN.decode(body)), operation.result, strict=False
        )
    if operation.answer == "data":
        if operation.is_paged:
            return decoder(operation.result).decode
        wrapped = decoder(Data[operation.result])  # type: ignore[name-defined]
        return lambda body: wrapped.decode(body).data
    if operation.is_paged:
        rows = decoder(list[operation.row])  # type: ignore[name-defined]
        return lambda body: Page(rows.decode(body))
    if operation.result is str:
        return lambda body: decoder(Named).decode(body).id
    return decoder(operation.result).decode


def _fitted(action: Action[Any], plain: Any) -> Any:
    """Make the most of another shape: wrapped or bare, one in a list, an id alone."""
    operation = action.operation
    if operation.is_paged:
        unwrap = getattr(action, "unwrap", None)
        return _page(unwrap(plain) if unwrap else plain, operation.row)
    value = plain["data"] if isinstance(plain, dict) and "data" in plain else plain
    if _is_list(operation.result):
        return _rows(value, operation.result)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if operation.result is str and isinstance(value, dict):
        value = value["id"]
    elif isinstance(value, str) and operation.result is not str:
        value = {"id": value}
    return salvage(value, operation.result)


def _page(plain: Any, row: Any) -> Page[Any]:
    rows, version, info = plain, None, None
    if isinstance(plain, dict):
        rows = plain["data"]
        version, info = plain.get("version"), plain.get("page_info")
    return Page(
        _rows(rows, list[row]),
        msgspec.convert(version, Version | None, strict=False),
        msgspec.convert(info, PageInfo | None, strict=False),
    )


def _rows(plain: Any, into: Any) -> list[Any]:
    """Keep the rows that can be read. Where none can, it is no list of these."""
    kept = salvage(plain, into) if isinstance(plain, list) else []
    if not kept and plain != []:
        raise TypeError("no list")
    return list(kept)


def _is_list(result: Any) -> bool:
    return getattr(result, "__origin__", None) is list


def refusal(action: Action[Any], retailer: str, status: int, body: bytes) -> LightspeedError:
    """Make the error of a 4xx that is neither 401 nor 429. The status alone decides."""
    name = action.operation.name
    said, fields = _words(body)
    if status == HTTPStatus.FORBIDDEN:
        return MissingScope(name, retailer, action.needs())
    if status == HTTPStatus.NOT_FOUND:
        sought = _looked_for(action)
        return NotFound(name, retailer, f"there is nothing for {sought}: it is wrong, or gone.")
    if status == HTTPStatus.CONFLICT:
        return Conflict(name, retailer, f"it is there already, so read that ({said}).", fields)
    refused = f"refused with {status}, and will be again until it is changed: {said}"
    return Rejected(name, retailer, refused, fields)


def limited(action: Action[Any], retailer: str, after: float | None) -> RateLimited:
    """Make the error of a 429 that says to wait so many seconds, or does not say."""
    return RateLimited(action.operation.name, retailer, _WITHOUT_HEADER if after is None else after)


def wait(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a 429 says to wait, 1 to 330; None when it does not say.

    `Retry-After` may be a date, seconds, garbage or nothing (vendor: Rate Limiting has a date).
    """
    text = headers.get(hdrs.RETRY_AFTER, "")
    try:
        seconds = float(text)
    except ValueError:
        moment = moment_of(text)
        if moment is None:
            return None
        # Against the answer's own clock: ours may be wrong.
        now = moment_of(headers.get(hdrs.DATE, "")) or datetime.now(UTC)
        seconds = (moment - now).total_seconds()
    if seconds != seconds:  # noqa: PLR0124 - not a number
        return None
    return min(max(seconds, _LEAST_WAIT), _MOST_WAIT)


def moment_of(text: str) -> datetime | None:
    """Read a date of HTTP's; None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _looked_for(action: Action[Any]) -> str:
    operation = action.operation
    if isinstance(action, Discreet):
        return operation.path
    given = [f"{name} {getattr(action, name)}" for name in sorted(operation.in_path)]
    return ", ".join(given)[:_SHOWN] or operation.path


def _words(body: bytes) -> tuple[str, dict[str, list[str]]]:
    """Find the message and the fields of an error body, whatever its shape."""
    try:
        plain = PLAIN.decode(body)
    except BAD:
        plain = None
    if not isinstance(plain, dict):
        return body[: _SHOWN * 4].decode(errors="replace")[:_SHOWN].strip() or "no reason given", {}
    fields = _fields(plain.get("errors"))
    error = plain.get("error")
    if isinstance(error, dict):
        error = error.get("message")
    flat = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items())
    more = plain.get("message") or plain.get("error_description") or plain.get("details")
    words = [str(one) for one in (error, flat or more) if one]
    return ": ".join(words)[:_SHOWN] or "no reason given", fields


def _fields(errors: Any) -> dict[str, list[str]]:
    if isinstance(errors, list):
        errors = {"global": errors}
    if not isinstance(errors, dict):
        return {}
    listed = {name: text if isinstance(text, list) else [text] for name, text in errors.items()}
    return {str(name): [str(one) for one in texts] for name, texts in listed.items()}
