"""What a route is: who may call it, what it is asked, what it answers, how it refuses."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from msgspec import Struct

from actions.simulator.table import Row, encode

if TYPE_CHECKING:
    from actions.simulator.shop import Shop

DATED: Final = ("2026-01", "2026-04", "2026-07")
"""The dated versions that are live, oldest first (vendor: Versioning)."""
CLASSIC: Final = ("2.0", "2.1", "3.0")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,30}")


class Ask(Struct):
    """One call of the API, authorised and within the limit."""

    version: str
    """The version that serves it: a dated one, or one of `CLASSIC`."""
    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Any
    """The decoded JSON body, numbers exact; None when there is none."""
    user_id: str
    """The user whom the token stands for."""
    scopes: frozenset[str]

    @property
    def classic(self) -> bool:
        """Whether an undated version was asked for."""
        return self.version in CLASSIC

    def one(self, name: str) -> str | None:
        """Return a query parameter's last value, or None."""
        values = self.query.get(name)
        return values[-1] if values else None

    def number(self, name: str) -> int | None:
        """Return a query parameter as an integer.

        Raises:
            Trouble: 400, it is none.
        """
        text = self.one(name)
        if text is None or text == "":
            return None
        if not _INTEGER.fullmatch(text):
            raise Trouble(400, {"error": f"{name} must be an integer"})
        return int(text)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a query parameter as a boolean."""
        text = (self.one(name) or "").lower()
        return default if not text else text in {"true", "1", "yes"}


class Answer(Struct, frozen=True):
    """What goes back: a status and a body that is JSON already, or nothing."""

    status: int
    body: bytes = b""
    version: int | None = None


class Trouble(Exception):
    """A refusal in the vendor's words (reference: no envelope is published)."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.body = body


Handler: TypeAlias = Callable[["Shop", Ask], Answer]


class Route(NamedTuple):
    """One operation of the vendor's API."""

    method: str
    path: str
    """Behind `/api/{version}`, with `{names}` for the variable parts."""
    scopes: tuple[str, ...]
    handler: Handler
    versions: tuple[str, ...]


class Routes(list[Route]):
    """The routes of one resource."""

    def on(
        self,
        method: str,
        path: str,
        *scopes: str,
        versions: Sequence[str] = (*DATED, "2.0"),
    ) -> Callable[[Handler], Handler]:
        """Serve an operation with a function."""

        def added(handler: Handler) -> Handler:
            self.append(Route(method, path, scopes, handler, tuple(versions)))
            return handler

        return added


def data(value: Any, status: int = 200) -> Answer:
    """Answer `{"data": …}`."""
    return Answer(status, b'{"data":' + encode(value) + b"}")


def bare(value: Any, status: int = 200) -> Answer:
    """Answer an object or array without an envelope."""
    return Answer(status, encode(value))


def text_data(text: bytes, status: int = 200) -> Answer:
    """Answer `{"data": …}` around JSON that is there already."""
    return Answer(status, b'{"data":' + text + b"}")


def page(rows: Sequence[Row]) -> Answer:
    """Answer a page with its versions; both are null when it is empty (vendor: Pagination)."""
    low = b"%d" % min(row.version for row in rows) if rows else b"null"
    high = b"%d" % max(row.version for row in rows) if rows else b"null"
    joined = b",".join(row.text for row in rows)
    return Answer(
        200, b'{"data":[' + joined + b'],"version":{"min":' + low + b',"max":' + high + b"}}"
    )


def missing(what: str) -> Trouble:
    """404 for an id that is not there."""
    return Trouble(404, {"error": f"{what} not found"})


def invalid(field: str, rule: str) -> Trouble:
    """422 for a rule that is broken; the body's form is inferred."""
    return Trouble(422, {"error": f"{field} {rule}", "errors": {field: [rule]}})


def malformed(words: str) -> Trouble:
    """400 for what cannot be read."""
    return Trouble(400, {"error": words})
