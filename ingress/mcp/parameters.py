"""How a tool's parameters are named and described: JSON Schemas that need nothing beside them."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import msgspec

from actions.action import Action
from actions.errors import BadAction
from ingress.api.naming import snake
from ingress.describing import schema
from ingress.mcp.paging import LIMIT, MOST_ITEMS, size_of
from ingress.mcp.visits import Style

PREVIEW_TOKEN: Final = "preview_token"  # noqa: S105 - a parameter's name
_PAGING: Final = {
    "limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_ITEMS,
        "description": f"Items in the answer; {LIMIT} unless told otherwise.",
    },
    "next": {
        "type": "string",
        "description": "What the answer before called next: goes on with that list.",
    },
}
_TOKEN: Final = {
    "type": "string",
    "description": "From the preview that the same call answered without it.",
}


@cache
def input_schema(kind: type[Action[Any]], style: Style, *, previews: bool = True) -> dict[str, Any]:
    """Return the schema of a tool's parameters, with every reference filled in.

    StackOne's SDK drops what stands outside `properties`, so no reference may lead there.
    Without `previews` a write has no use for a token.
    """
    found = schema(kind)
    parts = found.pop("$defs", {})
    members = _filled(found.get("properties", {}), parts)
    required = list(found.get("required", ()))
    if style == "plain":
        members.pop(size_of(kind), None)
        members |= _PAGING if kind.operation.is_paged else {}
        members |= {PREVIEW_TOKEN: _TOKEN} if previews and not kind.operation.reads else {}
    elif kind.operation.is_paged:
        members |= {"query_next": _PAGING["next"]}
    names = dict(shown_names(kind, style))
    given = {names.get(name, name): member for name, member in members.items()}
    made = {"type": "object", "properties": given}
    if required:
        made["required"] = [names[name] for name in required]
    # Agents that come in StackOne's style may still give what is ours: paging, and the token.
    return made | ({"additionalProperties": False} if style == "plain" else {})


@cache
def shown_names(kind: type[Action[Any]], style: Style) -> Mapping[str, str]:
    """Return for each parameter of an action what it is called in a style."""
    operation = kind.operation
    names = [field.name for field in operation.parameters]
    if style == "plain":
        return dict(zip(names, names, strict=True))
    beside = "query" if operation.verb in {"GET", "DELETE"} else "body"
    return {name: f"{'path' if name in operation.in_path else beside}_{name}" for name in names}


def taken(kind: type[Action[Any]], style: Style, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what an agent gave by the names of the action, and of ours.

    Agents fill forms: null is as if left out, except where it says to clear what is there.

    Raises:
        BadAction: it gave something that the tool does not have.
    """
    names = {shown: name for name, shown in shown_names(kind, style).items()}
    ours = {"limit", "next"} if kind.operation.is_paged else set()
    ours |= set() if kind.operation.reads else {PREVIEW_TOKEN}
    if style == "flat_prefixed":
        names |= {f"query_{one}": one for one in ours} | {f"body_{one}": one for one in ours}
    names |= {one: one for one in ours}
    unknown = sorted(arguments.keys() - names.keys())
    if unknown:
        known = ", ".join(input_schema(kind, style)["properties"]) or "none"
        raise BadAction(f"{snake(kind)} has no {unknown[0][:60]!r}: its parameters are {known}.")
    given = {names[name]: value for name, value in arguments.items()}
    clears = _may_be_null(kind)
    return {name: value for name, value in given.items() if value is not None or name in clears}


@cache
def _may_be_null(kind: type[Action[Any]]) -> frozenset[str]:
    """Return the parameters that are sent as null, to clear what is there."""
    found = set()
    for field in kind.operation.parameters:
        try:
            msgspec.convert(None, field.type)
        except msgspec.ValidationError:
            continue
        found.add(field.name)
    return frozenset(found)


def _filled(node: Any, parts: Mapping[str, Any]) -> Any:
    """Return a schema with each reference replaced by what it leads to; none leads to itself."""
    if isinstance(node, list):
        return [_filled(one, parts) for one in node]
    if not isinstance(node, dict):
        return node
    rest = {name: _filled(one, parts) for name, one in node.items() if name != "$ref"}
    if "$ref" not in node:
        return rest
    return _filled(parts[node["$ref"].rpartition("/")[2]], parts) | rest
