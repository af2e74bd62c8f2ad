"""The scopes: what each retailer has granted, beside what the actions need."""

from collections.abc import Iterator
from typing import Any, Final

from actions.action import Action
from actions.catalog import CATALOG
from actions.connections import retailers
from actions.database import Database
from actions.grants import granted
from workers.backlog import counted
from workers.doctor.finding import Finding, Setup, listed

_HOOKS: Final = "webhooks"
_NAMED: Final = 3
"""Actions that are named before the rest is counted."""


async def scopes(setup: Setup, database: Database) -> list[Finding]:
    """Name the scopes that retailers have not granted, and what cannot be done without them."""
    names = await retailers(database)
    lacking: dict[tuple[str, ...], list[str]] = {}
    known = {name: has for name, has in (await granted(database, names)).items() if has is not None}
    for name, has in known.items():
        if stuck := _stuck(has):
            lack = {scope for kind in stuck for scope in kind.operation.scopes} - has
            lacking.setdefault(tuple(sorted(lack)), []).append(name)
    found = list(_said(setup, lacking, known))
    if found or not known:
        said = "No retailer's scopes are known: personal tokens do not tell."
        return found or [Finding("ok", "scopes", said)]
    said = f"{counted(len(known), 'retailer')} granted what the {len(CATALOG)} actions need."
    return [Finding("ok", "scopes", said)]


def _said(
    setup: Setup,
    lacking: dict[tuple[str, ...], list[str]],
    known: dict[str, frozenset[str]],
) -> Iterator[Finding]:
    for lack, names in lacking.items():
        stuck = [kind.operation.name for kind in _stuck(known[names[0]])]
        has = "has" if len(names) == 1 else "have"
        said = f"{listed(names)} {has} not granted {' '.join(lack)}"
        what = f"{listed(stuck, _NAMED)} cannot be called"
        if _HOOKS in lack:
            what += ", and webhooks not be mended"
        mend = f"Open {setup.settings.base_url}/connect in a browser, and consent anew."
        yield Finding("warn", "scopes", f"{said}: {what}.", mend)


def _stuck(has: frozenset[str]) -> list[type[Action[Any]]]:
    """Return the actions that none of these scopes lets anybody call."""
    return [kind for kind in CATALOG.values() if not _may(kind, has)]


def _may(kind: type[Action[Any]], has: frozenset[str]) -> bool:
    needed = kind.operation.scopes
    if kind.needs is not Action.needs:  # one of them, by what is asked for
        return not has.isdisjoint(needed)
    return has.issuperset(needed)
