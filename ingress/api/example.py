"""An example of a call, as a command that can be pasted."""

import json
import re
from typing import Any, Final

from actions.action import Action
from ingress.api.call_schemas import placed
from ingress.api.naming import snake
from ingress.describing import schema

_TEXTS: Final = ("1", "NZD", "2026-07-01")
_PLAIN: Final = {"integer": 1, "number": 1, "boolean": True, "date-time": "2026-07-01T09:00:00Z"}


def curl(kind: type[Action[Any]], base_url: str) -> str:
    """Return a command that runs an action with what it needs."""
    call = json.dumps(call_of(kind), indent=2, ensure_ascii=False).replace("'", "\\u0027")
    return (
        f'curl {base_url}/actions/rpc -u "$BACKROOM_API_KEY:" \\\n'
        f"  -H 'x-account-id: kowhai' -H 'content-type: application/json' -d '{call}'"
    )


def call_of(kind: type[Action[Any]]) -> dict[str, Any]:
    """Return a call with every parameter that must be there."""
    found = schema(kind)
    parts = found.get("$defs", {})
    call: dict[str, Any] = {"action": snake(kind)}
    for place, names in placed(kind).items():
        given = {
            name: _value(found["properties"][name], parts)
            for name in names
            if name in found.get("required", ())
        }
        if given:
            call[place] = given
    return call


def _value(member: dict[str, Any], parts: dict[str, Any]) -> Any:
    if "$ref" in member:
        member = parts[member["$ref"].rpartition("/")[2]]
    if "anyOf" in member:
        return _value(member["anyOf"][0], parts)
    if "enum" in member:
        return member["enum"][0]
    if member.get("type") == "array":
        return [_value(member["items"], parts)] if member.get("items") else []
    if member.get("type") == "object":
        needed = member.get("required", ())
        return {name: _value(member["properties"][name], parts) for name in needed}
    text = "…" * member.get("minLength", 1)
    text = next((one for one in (text, *_TEXTS) if re.search(member.get("pattern", ""), one)), text)
    return _PLAIN.get(str(member.get("format", member.get("type"))), text)
