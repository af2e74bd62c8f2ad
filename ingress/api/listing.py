"""`GET /actions`: what a key may run, with the schema of each action's parameters."""

import asyncio
import difflib
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web
from msgspec import Raw

from actions.action import Action
from actions.catalog import CATALOG
from actions.errors import BadAction
from ingress.api.asking import asked
from ingress.api.gate import Caller, Gate
from ingress.api.keys import ApiKey
from ingress.api.naming import CONNECTOR, by_name, snake
from ingress.api.problems import Problem
from ingress.declaring import Asked, Declared, Given
from ingress.describing import described, result_schema

_YES_NO: Final = {"true": True, "false": False}
_NEAREST: Final = 3
_ACTION: Final = {
    "type": "object",
    "required": [
        *("name", "alias", "title", "description", "verb", "path", "scopes", "reads"),
        *("repeatable", "paged", "deprecated", "parameters", "result"),
    ],
    "properties": {
        "name": {"type": "string"},
        "alias": {"type": "string", "description": "The same in StackOne's style."},
        "title": {"type": "string", "description": "What the vendor calls it."},
        "description": {"type": "string"},
        "verb": {"type": "string"},
        "path": {"type": "string"},
        "scopes": {"type": "array", "items": {"type": "string"}},
        "reads": {"type": "boolean"},
        "repeatable": {"type": "boolean", "description": "A second run does no harm."},
        "paged": {"type": "boolean"},
        "deprecated": {"type": "boolean"},
        "parameters": {"type": "object", "description": "Their JSON schema."},
        "result": {"type": "object", "description": "The result's JSON schema."},
    },
}
DECLARED: Final = (
    Declared(
        verb="get",
        path="/actions",
        group="actions",
        title="List the actions that the key may run",
        asks=(
            Asked("search", "Words that all stand in its names, title, description or path."),
            Asked("reads", "Those that read, or those that write.", {"type": "boolean"}),
            Asked("scope", "Those that need this scope, such as `sales:read`."),
        ),
        gives={
            200: Given(
                "The actions.",
                {
                    "type": "object",
                    "required": ["data", "next"],
                    "properties": {
                        "data": {"type": "array", "items": _ACTION},
                        "next": {"type": "null"},
                    },
                },
            )
        },
    ),
    Declared(
        verb="get",
        path="/actions/{name}",
        group="actions",
        title="Show one action",
        asks=(Asked("name", "Its name, of either style.", place="path"),),
        gives={200: Given("The action.", _ACTION)},
    ),
)


def routes(gate: Gate) -> list[web.RouteDef]:
    """Return the two routes."""
    return [
        web.get("/actions", gate.guarded(every)),
        web.get("/actions/{name:(?!rpc$)[^/]+}", gate.guarded(one)),  # rpc takes POST alone
    ]


async def every(request: web.Request, caller: Caller) -> web.Response:
    """List the actions that the key may run: those that match, with all that is known of them."""
    wanted = asked(request, ("search", "reads", "scope"))
    reads = wanted.get("reads")
    if reads is not None and reads not in _YES_NO:
        raise Problem(400, "?reads= takes true or false.")
    found = [
        kind
        for kind in CATALOG.values()
        if caller.key.may(kind)
        and (reads is None or kind.operation.reads is _YES_NO[reads])
        and ("scope" not in wanted or wanted["scope"] in kind.operation.scopes)
        and _matches(kind, wanted.get("search", "").lower().split())
    ]
    # In a thread: the first time, all of them together take as long as a hundred deliveries.
    rows = await asyncio.to_thread(lambda: [told(kind) for kind in found])
    return _answered({"data": rows, "next": None})


async def one(request: web.Request, caller: Caller) -> web.Response:
    """Show one action, with the schemas of its parameters and its result."""
    asked(request, ())
    return _answered(told(permitted(request.match_info["name"], caller.key)))


def permitted(name: str, key: ApiKey) -> type[Action[Any]]:
    """Return the action of a name of either style.

    Raises:
        Problem: there is none, or the key may not run it: both look the same.
    """
    with suppress(BadAction):
        found = by_name(name)
        if key.may(found):
            return found
    allowed = [kind for kind in CATALOG.values() if key.may(kind)]
    names = [snake(kind) if name.startswith(CONNECTOR) else kind.__name__ for kind in allowed]
    near = difflib.get_close_matches(name[:60], names, _NEAREST, cutoff=0)
    hint = f"; near it are {', '.join(near)}" if near else ""
    raise Problem(404, f"There is no action {name[:60]!r} for this key{hint}.")


@cache
def told(kind: type[Action[Any]]) -> Raw:
    """Return all that is known of an action, as JSON; made once."""
    found = described(kind)
    names = {"name": found.pop("name"), "alias": snake(kind)}
    return Raw(msgspec.json.encode(names | found | {"result": result_schema(kind)}))


def _matches(kind: type[Action[Any]], words: Iterable[str]) -> bool:
    """Say whether every word stands in an action's names, title, description or path."""
    operation = kind.operation
    text = f"{operation.name} {snake(kind)} {operation.title} {kind.__doc__} {operation.path}"
    return all(word in text.lower() for word in words)


def _answered(found: Any) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(found),
        content_type="application/json",
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )
