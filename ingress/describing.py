"""What is known of an action, for people and programs: the same words by every way in."""

from typing import Any, Final

import msgspec

from actions.action import Action
from actions.lenient import Id, Number, Text, UtcTime
from ingress.field_docs import fields_told, outside

_LENIENT: Final[dict[Any, dict[str, Any]]] = {
    Id: {"type": "string"},
    Text: {"type": "string"},
    Number: {"type": "number"},
    UtcTime: {"type": "string", "format": "date-time"},
}
"""What is sent out for what was read leniently."""
_DECIMAL: Final = {"type": "string", "format": "decimal"}
_LIMITS: Final = {
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "minLength": "at least {} long",
    "maxLength": "at most {} long",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "pattern": "like {}",
}
_TEMPLATE: Final = "#/$defs/{name}"


def described(action: type[Action[Any]]) -> dict[str, Any]:
    """Return what is known of an action, with the JSON schema of its parameters."""
    operation = action.operation
    return {
        "name": operation.name,
        "title": operation.title,
        "description": outside(action.__doc__ or ""),
        "verb": operation.verb,
        "path": operation.path,
        "scopes": operation.scopes,
        "reads": operation.reads,
        "repeatable": operation.repeatable,
        "paged": operation.is_paged,
        "deprecated": operation.deprecated,
        "parameters": schema(action),
    }


def schema(action: type[Action[Any]]) -> dict[str, Any]:
    """Return the JSON schema of an action's parameters: an object, its parts under `$defs`."""
    (top,), parts = schemas([action], _TEMPLATE)
    found: dict[str, Any] = parts.pop(top["$ref"].rpartition("/")[2])
    found.pop("title", None)
    found.pop("description", None)
    return found | ({"$defs": parts} if parts else {})


def result_schema(action: type[Action[Any]]) -> dict[str, Any]:
    """Return the JSON schema of what an action answers; of a paged list that is one page."""
    (top,), parts = schemas([action.operation.result], _TEMPLATE)
    return top | ({"$defs": parts} if parts else {})


def schemas(kinds: list[Any], template: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a schema for each type, and the parts that these refer to by the template."""
    hook = _LENIENT.__getitem__
    tops, parts = _for_readers(
        msgspec.json.schema_components(kinds, schema_hook=hook, ref_template=template)
    )
    for name, said in fields_told(kinds).items():
        members = parts.get(name, {}).get("properties", {})
        for field, text in said.items():
            if field in members:
                members[field] = members[field] | {"description": text}
    return list(tops), parts


def in_words(member: dict[str, Any], parts: dict[str, Any]) -> str:
    """Say a member's type and limits in a few words."""
    if "anyOf" in member:
        return " or ".join(in_words(one, parts) for one in member["anyOf"])
    if "enum" in member:
        return ", ".join(map(str, member["enum"]))
    if "$ref" in member:
        inner = parts.get(member["$ref"].rpartition("/")[2], {})
        if "enum" in inner:
            return in_words(inner, parts)
        return str(member["$ref"].rpartition("/")[2])
    kind = str(member.get("format", member.get("type", "anything")))
    if kind == "array":
        kind = f"list of {in_words(member.get('items', {}), parts)}"
    limits = [words.format(member[key]) for key, words in _LIMITS.items() if key in member]
    return ", ".join([kind, *limits])


def _for_readers(found: Any) -> Any:
    """Say number where msgspec says text, since decimals are JSON's numbers; and null for None."""
    if isinstance(found, dict):
        if found.items() >= _DECIMAL.items():
            found = {key: value for key, value in found.items() if key != "format"}
            return found | {"type": "number"}
        if isinstance(said := found.get("description"), str):
            found = found | {"description": outside(said)}
        return {key: _for_readers(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_for_readers(one) for one in found]
    return found
