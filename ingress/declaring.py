"""What a route tells of itself: from these declarations the contract is made."""

from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, field

Schema: TypeAlias = Any
"""A type of msgspec's, or a JSON schema as it is; None is no content."""

NUMBER_OF_SECONDS: Final = {"type": "integer", "minimum": 0, "maximum": 25}


class Asked(Struct, frozen=True):
    """A parameter of a route."""

    name: str
    said: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    place: Literal["query", "path", "header"] = "query"


class Given(Struct, frozen=True):
    """What a route answers with a status."""

    said: str
    schema: Schema = None
    media: str = "application/json"
    headers: dict[str, str] = {}
    """What each header says; all are text."""


class Declared(Struct, frozen=True, kw_only=True):
    """A route."""

    verb: Literal["get", "post", "put", "delete"]
    path: str
    """As aiohttp writes it: `/jobs/{job_id}`."""
    group: str
    title: str
    said: str = ""
    asks: tuple[Asked, ...] = ()
    takes: Schema = None
    """Its JSON body."""
    gives: dict[int, Given]
    fails: tuple[int, ...] = ()
    """What else it answers, with problem details; a guarded route's 401, 404, 429 … are known."""
    is_open: bool = False
    """Whether it answers without a key."""


ACCOUNT: Final = Asked(
    "x-account-id",
    "The retailer, by its domain prefix. A key that is for one retailer alone needs not say it.",
    {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
    "header",
)
WAIT: Final = Asked("wait", "Seconds to wait for the answer.", NUMBER_OF_SECONDS)
