"""Values of a request that need more than a type: moments, ids that must exist, declared sizes."""

from collections.abc import Collection
from datetime import date
from typing import Any

from actions.simulator.figures import as_utc
from actions.simulator.resources import fields
from actions.simulator.routing import Ask, Trouble, invalid, malformed
from actions.simulator.shop import Shop


def moment(given: Any, name: str) -> str | None:
    """Return a time field in the API's usual form, UTC.

    Raises:
        Trouble: 422 when it is no RFC 3339 time.
    """
    value = fields.text(given, name)
    try:
        return None if value is None else as_utc(value).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise invalid(name, "must be an RFC 3339 time") from None


def day(given: Any, name: str) -> str | None:
    """Return a date field.

    Raises:
        Trouble: 422 when it is not `YYYY-MM-DD`.
    """
    value = fields.text(given, name)
    try:
        read = None if value is None else date.fromisoformat(value).isoformat()
    except ValueError:
        read = None
    if read != value:  # Python reads other forms too, such as 19881102
        raise invalid(name, "must be a date such as 1988-11-02")
    return value


def known(shop: Shop, table: str, given: Any, name: str, *, required: bool = False) -> str | None:
    """Return an id field whose object exists.

    Raises:
        Trouble: 422 when it does not, or is required and missing.
    """
    value = fields.text(given, name, required=required)
    if value is not None and value not in shop.table(table):
        raise invalid(name, "does not exist")
    return value


def asked(ask: Ask, name: str, options: Collection[str]) -> str | None:
    """Return a query parameter that must be one of some words.

    Raises:
        Trouble: 400 when it is another.
    """
    value = ask.one(name) or None
    if value is not None and value not in options:
        raise malformed(f"{name} must be one of {', '.join(sorted(options))}")
    return value


def declared_size(ask: Ask, default: int, limit: int) -> int:
    """Return the size of a page whose maximum is declared: more is refused, not cut.

    Raises:
        Trouble: 400 when it is outside of what is declared.
    """
    size = ask.number("page_size")
    if size is not None and not 1 <= size <= limit:
        raise malformed(f"page_size must be between 1 and {limit}")
    return size or default


def demand(shop: Shop, ask: Ask, scope: str) -> None:
    """Ask for a scope that only the body tells.

    Raises:
        Trouble: the token has not got it.
    """
    if scope not in ask.scopes:
        raise Trouble(shop.switches.missing_scope_status, {"error": "permission denied"})


def zulu(shop: Shop) -> str:
    """Write the present in the form that ends with Z."""
    return shop.timestamp().replace("+00:00", "Z")
