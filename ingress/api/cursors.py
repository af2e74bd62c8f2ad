"""Where a list goes on: the next page's parameters as one word, given back as it came."""

import base64
import binascii
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import asdict

from actions.action import Action, Page, PagedAction
from actions.errors import BadAction
from ingress.api.problems import Problem

_NO_CURSOR: Final = "query.next is not what a page of this list gave: give it back as it came."
_LONGEST: Final = 65_536


class Cursor(Struct, frozen=True):
    """The place in a list. It holds nothing that its caller does not know."""

    action: str
    place: dict[str, Any]
    """What paging moves."""
    others: dict[str, Any]
    """What the list was asked for with."""
    seen: str = ""
    """The last row's id, where the next page may begin with it again."""

    def parameters(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the next page's parameters; what is given beside holds, but for the place."""
        return self.others | given | self.place


def following(action: Action[Any], page: Page[Any]) -> str | None:
    """Return the next page's cursor; None after the last page, and where there are no pages."""
    after = None
    with suppress(BadAction):  # a list in an order of its own has one page
        after = action.following(page) if isinstance(action, PagedAction) else None
    if after is None:
        return None
    before = asdict(action)
    new = {name: value for name, value in asdict(after).items() if value is not UNSET}
    place = {name: value for name, value in new.items() if value != before[name]}
    cursor = Cursor(
        action=action.operation.name,
        place=place,
        others={name: value for name, value in new.items() if name not in place},
        seen=str(getattr(page.data[-1], "id", "")) if page.data and after.overlaps else "",
    )
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def read(text: Any, kind: type[Action[Any]]) -> Cursor:
    """Return the place in a list of this kind.

    Raises:
        Problem: it is no cursor of such a list.
    """
    try:
        cursor = msgspec.json.decode(_bytes(text), type=Cursor)
    except (ValueError, TypeError, RecursionError):
        raise Problem(400, _NO_CURSOR) from None
    if cursor.action != kind.operation.name:
        raise Problem(400, f"query.next is of {cursor.action[:60]}, not of {kind.__name__}.")
    return cursor


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise TypeError("no cursor")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("no cursor") from None
