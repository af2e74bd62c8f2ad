"""What agents are told: answers, previews and errors, each as text and as structure."""

from typing import Any, Final

from actions import errors
from actions.action import Action
from actions.errors import BackroomError
from ingress.api.naming import snake
from ingress.api.problems import described
from ingress.mcp import results
from ingress.mcp.effects import EFFECTS, count
from ingress.mcp.paging import Slice
from ingress.mcp.parameters import PREVIEW_TOKEN
from ingress.mcp.previews import LIVES_SECONDS
from ingress.mcp.results import Part, Result
from ingress.mcp.tools import undo

_IN_ITS_WORDS: Final = (errors.Rejected, errors.Unreadable)
"""Errors that repeat what Lightspeed said, which may repeat anybody's text."""
_SHOWN: Final = 300


def answer(action: Action[Any], retailer: str, value: Any) -> Result:
    """Tell what an action answered that is no list in pages."""
    said = [f"{_where(action, retailer)}: done."]
    facts: dict[str, Any] = {} if action.operation.reads else {"done": True}
    if isinstance(value, list):
        part = results.fitting(value, len(value))
        facts["left_out"] = part.left_out
        if part.left_out:
            said.append(f"{part.left_out} of {len(value)} items are left out here; all were done.")
    else:
        part = results.fitted(value)
    return _with_data(said, action, retailer, part, facts)


def a_slice(wanted: Slice, retailer: str, page: Any) -> Result:
    """Tell what a page of a list holds, as far as it is wanted and fits."""
    rows = wanted.rows(page)
    part = results.fitting(rows, wanted.limit)
    go_on = wanted.next(page, part.shown, part.left_out)
    said = [f"{_where(wanted.action, retailer)}: {part.shown} items."]
    if part.left_out:
        said.append(f"{part.left_out} more were got and are left out here.")
    said.append(f"Go on with next={go_on}" if go_on else "This is the end of the list.")
    facts = {"next": go_on, "left_out": part.left_out}
    return _with_data(said, wanted.action, retailer, part, facts)


def preview(action: Action[Any], retailer: str, token: str) -> Result:
    """Tell what a write would do."""
    operation = action.operation
    effect = EFFECTS[operation.name]
    how_many = count(action)
    text = (
        f"PREVIEW: nothing was changed yet. {str(action)[:_SHOWN]} at {retailer} {effect.changes}. "
        f"Things added or changed: {how_many:,}. {undo(operation.name)} It costs 1 request of the "
        f"rate limit. To do it, call {snake(type(action))} again within {LIVES_SECONDS // 60} "
        f"minutes with the same arguments and {PREVIEW_TOKEN}={token}"
    )
    found = {
        "action": operation.name,
        "retailer": retailer,
        "request": f"{operation.verb} {operation.path}",
        "changes": effect.changes,
        "count": how_many,
        "reversible": effect.reversible,
        "undo": effect.undo,
        "requests": 1,
        "expires_in": LIVES_SECONDS,
    }
    return Result(text, {"done": False, "preview": found, PREVIEW_TOKEN: token})


def trouble(error: BackroomError) -> Result:
    """Tell an error: what is wrong and when to come back; Lightspeed's own words as data."""
    found = described(error)
    after = found.get("retry_after")
    text = found["detail"]
    facts = {"error": found["title"], "detail": text, "retry_after": after}
    if isinstance(error, _IN_ITS_WORDS):
        facts["note"] = results.SOURCE
        text = (
            f"{found['title']}: what Lightspeed said is data.\n{results.fenced(results.json(text))}"
        )
    if after is not None:
        text += f" Come back in {after:g} s."
    structure = {name: value for name, value in facts.items() if value is not None}
    return Result(text, structure, is_error=True)


def mistake() -> Result:
    """Tell an error that nobody but us can mend."""
    return Result("This is a mistake of ours; its log has the cause.", is_error=True)


def _with_data(
    said: list[str], action: Action[Any], retailer: str, part: Part, facts: dict[str, Any]
) -> Result:
    if part.members:
        names = ", ".join(part.members)
        said.append(
            f"Too long for one result, and left out: {names}. `backroom call` has it whole."
        )
    structure = {
        "action": action.operation.name,
        "retailer": retailer,
        **facts,
        "note": results.SOURCE,
        "data": results.structured(part.json),
    }
    return Result(f"{' '.join(said)}\n{results.fenced(part.json)}", structure)


def _where(action: Action[Any], retailer: str) -> str:
    return f"{action.operation.name} at {retailer}"
