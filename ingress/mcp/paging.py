"""Lists in slices that fit an agent: at most so many items, and a cursor to go on."""

import base64
import binascii
import hashlib
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import asdict

from actions.action import Action, Page, PagedAction, Unpaged
from actions.checking import made
from actions.errors import BadAction

LIMIT: Final = 50
"""Items of a slice, unless told otherwise."""
MOST_ITEMS: Final = 200
_SIZES: Final = ("page_size", "size")
"""What the vendor calls the size of a page."""
_WHOLE: Final = 1_000
"""Asked for where a list has no way past its first page."""


class Cursor(Struct, frozen=True, array_like=True):
    """Where a list goes on: with a page, behind some of its items."""

    name: str
    of: str
    """A digest of what the list was asked for at first."""
    given: dict[str, Any]
    skip: int

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).decode().rstrip("=")


class Slice(Struct, frozen=True):
    """What is asked for: a page, and which of its items."""

    action: PagedAction[Any]
    skip: int
    limit: int
    of: str

    def rows(self, page: Page[Any]) -> list[Any]:
        """Return the page's items for this slice and for those after it."""
        before = getattr(self.action, "before", None)
        overlaps = self.action.overlaps
        rows = [row for row in page.data if row.id != before] if overlaps else page.data
        return rows[self.skip :]

    def next(self, page: Page[Any], shown: int, left: int) -> str | None:
        """Return the cursor behind `shown` items, where `left` more are known; None at the end."""
        if left:
            return self._cursor(self.action, self.skip + shown)
        try:
            following = self.action.following(page)
        except BadAction:  # price books in an order that has no next page
            return None
        return None if following is None else self._cursor(following, 0)

    def _cursor(self, action: PagedAction[Any], skip: int) -> str:
        given = {name: value for name, value in asdict(action).items() if value is not UNSET}
        return str(Cursor(action.operation.name, self.of, msgspec.to_builtins(given), skip))


def size_of(kind: type[Action[Any]]) -> str:
    """Return the parameter that sets how long a page is: `limit` takes its place. Or nothing."""
    if issubclass(kind, Unpaged):
        return ""
    names = {field.name for field in kind.operation.parameters}
    return next((size for size in _SIZES if size in names), "")


def sliced(kind: type[PagedAction[Any]], given: dict[str, Any]) -> Slice:
    """Return what a call of a list asks for.

    Raises:
        BadAction: `limit` or `next` cannot be used, or a parameter breaks a rule.
    """
    size = size_of(kind)
    given = dict(given)
    own = given.pop(size, LIMIT) if size else LIMIT
    limit = _limit(given.pop("limit", own))
    cursor = given.pop("next", None)
    of = hashlib.sha256(msgspec.json.encode(given, order="sorted")).hexdigest()[:16]
    if cursor is not None:
        found = _read(kind, cursor)
        if given and found.of != of:
            raise BadAction(
                "next goes on with the list that it came from: give it alone, or beside the same "
                "parameters as before."
            )
        return Slice(made(kind, found.given), found.skip, limit, found.of)
    if size:
        given[size] = limit + kind.overlaps
    elif "page_size" in {field.name for field in kind.operation.parameters}:
        given.setdefault("page_size", _WHOLE)
    return Slice(made(kind, given), 0, limit, of)


def _limit(given: Any) -> int:
    if type(given) is not int or given < 1:
        raise BadAction(f"limit: Expected a number of 1 to {MOST_ITEMS}, was {str(given)[:60]!r}.")
    return min(given, MOST_ITEMS)


def _read(kind: type[Action[Any]], cursor: Any) -> Cursor:
    try:
        padded = str(cursor) + "=" * (-len(str(cursor)) % 4)
        found = msgspec.msgpack.decode(base64.b64decode(padded, b"-_", validate=True), type=Cursor)
    except (binascii.Error, ValueError, RecursionError):
        raise BadAction("next: Expected what an earlier answer of this list called next.") from None
    if found.name != kind.operation.name or found.skip < 0:
        raise BadAction(f"next: it comes from {found.name[:60]}, not from {kind.__name__}.")
    return found
