"""What is known of an action before it has parameters, and how it goes on the wire."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import FieldInfo

Verb = Literal["GET", "POST", "PUT", "DELETE"]
Answer = Literal["data", "bare", "nothing"]
"""Where the result stands: under `data`, alone, or nowhere."""


class Operation(Struct, frozen=True, kw_only=True):
    """What is known of an action before it has parameters."""

    name: str
    """The class' name: in logs, on the command line, as a job."""
    title: str
    """What the vendor's documentation calls it."""
    verb: Verb
    path: str
    """Below `/api/{version}`."""
    scopes: tuple[str, ...]
    """All are needed; where the action's `needs` says so, one of them."""
    reads: bool
    repeatable: bool
    """Whether a second run does no harm."""
    is_exact: bool
    """Whether it must not be sent again after any 5xx, 503 too, before it was looked for."""
    answer: Answer
    result: Any
    """The type of what it answers."""
    row: Any
    """What the pages of a list hold; None for the others."""
    parameters: tuple[FieldInfo, ...]
    in_path: frozenset[str]
    beside_path: tuple[tuple[str, str], ...]
    """Of those that are not in the path the name, and the name on the wire."""
    deprecated: bool = False

    @property
    def is_paged(self) -> bool:
        """Whether it is a list that comes in pages."""
        return self.row is not None


class Request(Struct, frozen=True):
    """An action as it goes on the wire."""

    verb: Verb
    path: str
    """With its query; below `/api/{version}`."""
    body: bytes | None = None


def pairs(name: str, value: Any) -> list[tuple[str, str]]:
    """Return a query's members; a list is written with brackets (vendor: OpenAPI 2026-07)."""
    if isinstance(value, list | tuple):
        return [(f"{name}[]", _text(one)) for one in value]
    return [] if value is None else [(name, _text(value))]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
