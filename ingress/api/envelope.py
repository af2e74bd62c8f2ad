"""A call in StackOne's form: an action, and its parameters in path, query and body."""

from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Struct

from actions.action import Action
from actions.checking import made
from actions.lenient import BAD
from ingress.api import cursors
from ingress.api.gate import ACCOUNT
from ingress.api.problems import Problem

MOST_VALUES: Final = 100_000
"""To check more takes so long that deliveries would wait for it."""
_BEGINNINGS: Final = (b",", b"[", b"{")
_FARTHEST: Final = 40
"""No price or count has its first digit farther from the decimal point."""


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent. Where a parameter stands does not matter; `headers` holds the retailer."""

    action: str
    path: dict[str, Any] | None = None
    query: dict[str, Any] | None = None
    headers: dict[str, Any] | None = None
    body: dict[str, Any] | None = None

    def account(self) -> str | None:
        """Return the retailer that `headers` names. What else it holds has no use here.

        Raises:
            Problem: it is no text, or there are two.
        """
        found = [value for name, value in (self.headers or {}).items() if name.lower() == ACCOUNT]
        if not found:
            return None
        if len(found) > 1 or not isinstance(found[0], str):
            raise Problem(400, f"headers holds one {ACCOUNT}, and it is text.")
        return found[0]

    def parameters(self, kind: type[Action[Any]]) -> dict[str, Any]:
        """Return the action's parameters by name; a query's or a path's text may mean a number.

        Raises:
            Problem: one is given twice.
        """
        found: dict[str, Any] = {}
        types = {field.name: field.type for field in kind.operation.parameters}
        for place, values in (("path", self.path), ("query", self.query), ("body", self.body)):
            for name, value in (values or {}).items():
                if name in found:
                    raise Problem(
                        400, f"{name[:60]} is given twice, at last in {place}: give it once."
                    )
                found[name] = value if place == "body" else _loose(value, types.get(name))
        return found


class Call(Struct, frozen=True):
    """What is to be run."""

    action: Action[Any]
    seen: str = ""
    """The id of a row that was on the page before."""


def opened(body: bytes) -> Envelope:
    """Read a call.

    Raises:
        Problem: it is none, or too much; the message says what is wrong.
    """
    if sum(map(body.count, _BEGINNINGS)) > MOST_VALUES:
        raise Problem(413, f"A call may hold {MOST_VALUES:,} values at most: send fewer at once.")
    try:
        return _reader.decode(body)
    except msgspec.ValidationError as error:
        said = f"The body is no call: {str(error).replace('`', '')}."
    except BAD as error:
        said = f"The body is no JSON: {error}." if str(error) else "The body is no JSON."
    raise Problem(400, said)  # raised out here: a chained error would carry what was sent


def call(kind: type[Action[Any]], envelope: Envelope) -> Call:
    """Return what is to be run.

    Raises:
        BadAction: a parameter is unknown, missing or breaks a rule.
        Problem: one is given twice, or `query.next` is no cursor of this list.
    """
    query = dict(envelope.query or {})
    place = query.pop("next", None) if kind.operation.is_paged else None
    given = msgspec.structs.replace(envelope, query=query).parameters(kind)
    if place is None or place == "":
        return Call(made(kind, given))
    cursor = cursors.read(place, kind)
    return Call(made(kind, cursor.parameters(given)), cursor.seen)


def _loose(value: Any, kind: Any) -> Any:
    """Read text as what the parameter holds; what cannot be read is refused later, in words."""
    if kind is None or not isinstance(value, str):
        return value
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return value


def exact(text: str) -> Decimal:
    """Read a number that has a fraction; raise `ValueError` where it is too large to be one."""
    number = Decimal(text)
    if not -_FARTHEST <= number.adjusted() <= _FARTHEST:
        raise ValueError("a number is too large to read")
    return number


_reader: Final = msgspec.json.Decoder(Envelope, float_hook=exact)
