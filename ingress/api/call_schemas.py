"""The schema of a call in StackOne's form: one for each action, told apart by its name."""

from typing import Any, Final

from actions.action import Action
from actions.catalog import CATALOG
from ingress.api.naming import snake

Schema = dict[str, Any]

_NOTHING: Final = {"type": ["object", "null"], "maxProperties": 0}
_NEXT: Final = {
    "type": ["string", "null"],
    "description": "The place where the list goes on: what a page gave as `next`.",
    "format": "cursor",
}
_HEADERS: Final = {
    "type": ["object", "null"],
    "description": "May name the retailer, as the header does; others are not looked at.",
    "properties": {"x-account-id": {"type": "string", "format": "retailer"}},
    "additionalProperties": {"type": "string"},
}


def calls(parts: dict[str, Schema], template: str) -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of every call, and the parts it refers to; `parts` has the actions'."""
    found = {f"{name}Call": _call(kind, parts[name]) for name, kind in CATALOG.items()}
    choice = [{"$ref": template.format(name=name)} for name in found]
    mapping = {
        one: template.format(name=f"{name}Call")
        for name, kind in CATALOG.items()
        for one in (snake(kind), name)
    }
    discriminator = {"propertyName": "action", "mapping": mapping}
    return {"oneOf": choice, "discriminator": discriminator}, found


def placed(kind: type[Action[Any]]) -> dict[str, list[str]]:
    """Return where an action's parameters are written: as in the vendor's own request."""
    operation = kind.operation
    beside = "query" if operation.verb in {"GET", "DELETE"} else "body"
    places: dict[str, list[str]] = {"path": [], "query": [], "body": []}
    for field in operation.parameters:
        place = "path" if field.name in operation.in_path else beside
        places[place].append(field.encode_name)
    return places


def _call(kind: type[Action[Any]], parameters: Schema) -> Schema:
    operation = kind.operation
    members: dict[str, Schema] = {}
    for place, names in placed(kind).items():
        members[place] = _part(names, parameters) if names else dict(_NOTHING)
    if operation.is_paged:
        query = members["query"]
        query["properties"] = query.get("properties", {}) | {"next": _NEXT}
        query.pop("maxProperties", None)
        query["additionalProperties"] = False
    needed = [place for place, one in members.items() if one.get("required")]
    return {
        "type": "object",
        "title": operation.title,
        "required": ["action", *needed],
        "properties": {
            "action": {"type": "string", "enum": [snake(kind), operation.name]},
            **members,
            "headers": dict(_HEADERS),
        },
        "additionalProperties": False,
    }


def _part(names: list[str], parameters: Schema) -> Schema:
    required = [name for name in names if name in parameters.get("required", ())]
    return {
        "type": "object" if required else ["object", "null"],
        "properties": {name: parameters["properties"][name] for name in names},
        "required": required,
        "additionalProperties": False,
    }
