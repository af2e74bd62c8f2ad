"""An action: one operation of the vendor's API as a value that can be called now or queued."""

import re
import typing
from string import ascii_letters, digits
from types import NoneType
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import fields

from actions.errors import BackroomError
from actions.operation import Answer, Operation, Request, Verb, pairs

__all__ = [
    "Action",
    "Operation",
    "Page",
    "PageInfo",
    "PagedAction",
    "PathId",
    "Request",
    "Unpaged",
    "Version",
    "Versioned",
    "delete",
    "get",
    "post",
    "put",
]

R = TypeVar("R")
A = TypeVar("A", bound="Action[Any]")

PathId = typing.Annotated[str, msgspec.Meta(min_length=1, pattern="[^.]")]
"""An id that stands in the path; dots alone would lead out of it."""

_IN_PATH: Final = re.compile(r"{(\w+)}")
_UNRESERVED: Final = f"{ascii_letters}{digits}_.~-"
_body = msgspec.json.Encoder(decimal_format="number")


class BadDeclaration(BackroomError):
    """An action is declared wrongly; raised at import."""


class Action(Struct, Generic[R]):
    """One operation with its parameters, which are the fields. `R` is what it answers.

    A field in the path goes there; others go into the query of GET and DELETE and into the JSON
    body of POST and PUT. `UNSET` is left out, `None` is sent.
    """

    operation: ClassVar[Operation]

    def __repr__(self) -> str:
        """Show what is read, and of a write its ids alone: the rest may be a shopper's."""
        operation = self.operation
        shown = [
            f"{field.name}={value!r}"
            for field in operation.parameters
            if (operation.reads or field.name in operation.in_path)
            and (value := getattr(self, field.name)) is not UNSET
        ]
        return f"{operation.name}({', '.join(shown)})"

    def needs(self) -> tuple[str, ...]:
        """Return the scopes that this call needs."""
        return self.operation.scopes

    def check(self) -> None:
        """Raise `ValueError` with a sentence where parameters do not go together."""

    def request(self) -> Request:
        """Return what is sent."""
        operation = self.operation
        path = operation.path
        for name in operation.in_path:
            path = path.replace(f"{{{name}}}", _quoted(getattr(self, name)))
        given = {}
        for name, wire_name in operation.beside_path:
            value = getattr(self, name)
            if value is not UNSET:
                given[wire_name] = value
        if operation.verb not in {"GET", "DELETE"}:
            return Request(operation.verb, path, _body.encode(given))
        if given:
            found = [pair for name, value in given.items() for pair in pairs(name, value)]
            path = f"{path}?{urlencode(found)}" if found else path
        return Request(operation.verb, path)


def _quoted(value: Any) -> str:
    text = str(value)
    return quote(text, safe="") if text.strip(_UNRESERVED) else text


class Version(Struct, frozen=True):
    """The bounds of a page (vendor: Pagination). Both are None on the last, empty page."""

    min: int | None = None
    max: int | None = None


class PageInfo(Struct, frozen=True):
    """How lists of product categories go on."""

    has_next: bool = False
    last_seen: str | None = None


class Page(Struct, Generic[R]):
    """One slice of a list."""

    data: list[R]
    version: Version | None = None
    page_info: PageInfo | None = None


class PagedAction(Action[Page[R]], Generic[R]):
    """A list that comes in pages; `Client.items` walks them."""

    overlaps: ClassVar[bool] = False
    """Whether a page may begin with items of the page before."""

    def following(self, page: Page[R]) -> "PagedAction[R] | None":
        """Return the action that gets the page after this one, or None when it was the last."""
        raise NotImplementedError


class Versioned(PagedAction[R], Generic[R]):
    """A list in the order of versions (vendor: Pagination): oldest change first.

    What changes while it is walked comes again later, newer.
    """

    after: int | UnsetType = UNSET
    """Only what has a higher version."""
    before: int | UnsetType = UNSET
    """Only what has a lower version."""
    page_size: typing.Annotated[int, msgspec.Meta(ge=1, le=10_000)] | UnsetType = UNSET

    def following(self, page: Page[R]) -> "PagedAction[R] | None":
        """Go on above the highest version of the page, until a page is empty."""
        if not page.data:
            return None
        highest = page.version.max if page.version else None
        if highest is None:  # price books and taxes may leave it out
            highest = max((getattr(row, "version", None) or 0 for row in page.data), default=0)
        if highest <= (self.after or 0):
            return None
        return msgspec.structs.replace(self, after=highest)


class Unpaged(PagedAction[R], Generic[R]):
    """A list that comes whole."""

    def following(self, page: Page[R]) -> "PagedAction[R] | None":
        """Stop: the vendor gives no way to go on."""
        del page
        return None


class Declare(Protocol):
    """A decorator of action classes."""

    def __call__(self, cls: type[A], /) -> type[A]:
        """Stamp it with its operation; raise `BadDeclaration` where that is wrong."""


def get(path: str, *, scope: str, title: str, answer: Answer = "data", **more: bool) -> Declare:
    """Declare an action that reads. Say `deprecated=True` where the vendor does."""
    return _declared("GET", path, scope, title, answer, {"reads": True, **more})


def post(path: str, *, scope: str, title: str, answer: Answer = "data", **more: bool) -> Declare:
    """Declare an action that creates; one that only reads says `reads=True`.

    One that is looked for before it is ever sent again says `exact=True`.
    """
    return _declared("POST", path, scope, title, answer, more)


def put(path: str, *, scope: str, title: str, answer: Answer = "data", **more: bool) -> Declare:
    """Declare an action that changes; `repeatable=True` where a second run does no harm."""
    return _declared("PUT", path, scope, title, answer, more)


def delete(path: str, *, scope: str, title: str) -> Declare:
    """Declare an action that deletes; a second run deletes nothing more."""
    return _declared("DELETE", path, scope, title, "nothing", {"repeatable": True})


def _declared(
    verb: Verb, path: str, scope: str, title: str, answer: Answer, more: dict[str, bool]
) -> Declare:
    def declare(cls: type[A], /) -> type[A]:
        in_path = frozenset(_IN_PATH.findall(path))
        names = {field.name: field.encode_name for field in fields(cls)}
        for wrong, found in (
            ("has no docstring", not cls.__doc__),
            ("has a path parameter that is no field", not in_path <= names.keys()),
            ("names no scope", not scope.split()),
            ("has a path that does not begin with /", not path.startswith("/")),
        ):
            if found:
                raise BadDeclaration(f"{cls.__name__} {wrong}.")
        cls.operation = Operation(
            name=cls.__name__,
            title=title,
            verb=verb,
            path=path,
            scopes=tuple(scope.split()),
            reads=more.get("reads", False),
            repeatable=more.get("repeatable", more.get("reads", False)),
            is_exact=more.get("exact", False),
            deprecated=more.get("deprecated", False),
            answer=answer,
            **_answered(cls),
            parameters=fields(cls),
            in_path=in_path,
            beside_path=tuple(pair for pair in names.items() if pair[0] not in in_path),
        )
        return cls

    return declare


def _answered(cls: type[Action[Any]]) -> dict[str, Any]:
    """Return the type of what an action answers: the parameter of its base class."""
    base = next(
        one
        for one in getattr(cls, "__orig_bases__", ())
        if issubclass(typing.get_origin(one) or NoneType, Action)
    )
    (result,) = typing.get_args(base)
    if not issubclass(cls, PagedAction):
        return {"result": result, "row": None}
    return {"result": Page[result], "row": result}  # type: ignore[valid-type]
