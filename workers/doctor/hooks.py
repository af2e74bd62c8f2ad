"""The webhooks: whether Lightspeed has those that are wanted, as `backroom webhooks` would say."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from actions.connections import Connection, Connections, retailers
from actions.database import Database
from actions.errors import CannotOpen, NotConnected, WrongSetting
from actions.grants import standings
from actions.vault import Vault
from workers.backlog import counted
from workers.doctor.finding import Finding, Setup, listed
from workers.hooks.address import unreachable
from workers.hooks.mending import Hooks
from workers.hooks.report import Report
from workers.lightspeed import lightspeed

_MOST: Final = 20
"""Retailers that are looked at: each costs a call of its rate limit."""
_AT_ONCE: Final = 5
_SECONDS: Final = 5.0
"""For one retailer."""
_NAMED: Final = 5
_MEND: Final = "Run `backroom webhooks --fix`."


async def hooks(setup: Setup, database: Database) -> list[Finding]:
    """Name retailers whose webhooks lack, are to go, or cannot be looked at."""
    if why := unreachable(setup.settings):
        return [Finding("skipped", "hooks", f"Not looked at: {why}")]
    try:
        vault = Vault(setup.settings.backroom_keys)
    except WrongSetting:
        return []  # said among the settings
    linked, more = await _linked(database, vault)
    reports: list[Report] = []
    async with lightspeed(setup.settings, database, vault) as reach:
        every = Hooks(setup.settings, database, reach.client)
        for start in range(0, len(linked), _AT_ONCE):
            some = linked[start : start + _AT_ONCE]
            reports += await asyncio.gather(*(every.look(one, _SECONDS) for one in some))
    found = [finding for one in reports for finding in _said(one)]
    rest = f" {counted(more, 'more retailer')} were not looked at." if more else ""
    if len(found) > _NAMED:
        said = f"{counted(len(found) - _NAMED, 'more finding')} about webhooks."
        found = [*found[:_NAMED], Finding("warn", "hooks", said + rest, "Run `backroom webhooks`.")]
    if not reports:
        said = "No retailer's webhooks are ours to register: none is linked by OAuth."
        return [Finding("ok", "hooks", said)]
    said = f"{counted(len(reports), 'retailer')} with all the webhooks that are wanted.{rest}"
    return found or [Finding("ok", "hooks", said)]


async def _linked(database: Database, vault: Vault) -> tuple[Sequence[Connection], int]:
    """Return retailers whose webhooks we register, and how many more there are.

    What is signed and of a personal token was registered by hand, and Lightspeed lists it to nobody
    else. Of one that cannot be opened or must be linked again other checks tell.
    """
    states = await standings(database, await retailers(database))
    good = {name: one for name, one in states.items() if one.state == "linked"}
    connections, found = Connections(database, vault), []
    for name, standing in good.items():
        try:
            connection = await connections.get(name)
        except (CannotOpen, NotConnected):
            continue
        if standing.expires or connection.unsigned:
            found.append(connection)
    return found[:_MOST], len(found[_MOST:])


def _said(report: Report) -> Iterator[Finding]:
    who = report.retailer
    if report.problems:
        said = f"The webhooks of {who} cannot be looked at: {report.problems[0]}"
        yield Finding("warn", "hooks", said)
    elif report.lacking:
        said = f"{who} lacks webhooks for {listed(report.lacking)}: such events do not come in."
        yield Finding("wrong", "hooks", said, _MEND)
    if report.stale:
        count = counted(len(report.stale), "webhook")
        verb = "is" if len(report.stale) == 1 else "are"
        said = f"{who} has {count} of ours that {verb} to go ({report.stale[0].why})."
        yield Finding("warn", "hooks", said, _MEND)
