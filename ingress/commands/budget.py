"""`backroom budget`."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Final

import click
import msgspec
from msgspec import Struct
from rich.live import Live
from rich.table import Table

from actions.budget import TOKENS
from actions.connections import domain_prefix, not_linked, retailers
from actions.database import Database
from actions.outlook import Outlook, look
from actions.waits import clock, seconds, until
from ingress.commands.opening import NONE_LINKED, opened, run_async
from ingress.commands.printing import as_json, console, tabled
from workers.backlog import counted
from workers.line import waiting

_EACH_SECONDS: Final = 1.0
_COLUMNS: Final = (
    *("retailer", "limit", "used", "left", "reset", "phase"),
    *("others", "jobs", "last job", "gate"),
)


class Standing(Struct, frozen=True):
    """One budget and what waits for it."""

    who: str
    outlook: Outlook
    waiting: int
    """Jobs."""
    last: float
    """When the last of them has its turn, in seconds since 1970."""


@click.command()
@click.argument("retailer", required=False)
@click.option("--follow", is_flag=True, help="Show it anew each second, until Ctrl-C.")
@click.option("--json", "in_json", is_flag=True, help="Print JSON; with --follow an object a line.")
@run_async
async def command(retailer: str | None, *, follow: bool, in_json: bool) -> None:
    """Show what each retailer's rate limit leaves, or all that is known of RETAILER's.

    Without RETAILER the limit of the token endpoint, which all of them share, is shown too.
    Clock times are this machine's.
    """
    one = domain_prefix(retailer) if retailer else None
    async with opened(quiet=True) as ours:
        if follow:
            await _follow(ours.database, one, in_json=in_json)
            return
        found = await _standings(ours.database, one)
    if in_json:
        as_json([_described(standing) for standing in found])
    elif one is None and len(found) == 1:
        click.echo(NONE_LINKED)
    else:
        console().print(_shown(found, one))


async def _follow(database: Database, one: str | None, *, in_json: bool) -> None:
    """Show it each second: on a terminal in one place, elsewhere again and again."""
    terminal = console()
    with ExitStack() as stack:
        live = None
        if terminal.is_terminal and not in_json:
            live = stack.enter_context(Live(console=terminal, auto_refresh=False))
        while True:
            found = await _standings(database, one)
            if live:
                live.update(_shown(found, one), refresh=True)
            elif in_json:
                for standing in found:
                    click.echo(msgspec.json.encode(_described(standing)))
            else:
                terminal.print(_shown(found, one))
            await asyncio.sleep(_EACH_SECONDS)


async def _standings(database: Database, one: str | None) -> list[Standing]:
    """Return one retailer's budget, or all of them with the token endpoint's behind.

    Raises:
        NotConnected: that retailer is not linked.
    """
    linked = await retailers(database)
    if one is not None and one not in linked:
        raise not_linked(one)
    names = linked if one is None else [one]
    lines = await waiting(database, names)
    outlooks = await look(database, names if one else [*names, TOKENS])
    return [Standing(who, it, *lines.get(who, (0, 0.0))) for who, it in outlooks.items()]


def _described(standing: Standing) -> dict[str, Any]:
    it = standing.outlook
    resets = _moment(it.at + it.reset) if it.at and it.reset is not None else None
    last = _moment(standing.last) if standing.waiting else None
    facts = msgspec.structs.asdict(it) | {"at": _moment(it.at) if it.at else None}
    more = {"resets_at": resets, "waiting": standing.waiting, "last_job_at": last}
    return {"retailer": standing.who, **facts, **more}


def _moment(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _shown(found: Sequence[Standing], one: str | None) -> Table:
    if one is not None:
        return tabled(("", ""), _facts(found[0]))
    return tabled(_COLUMNS, map(_row, found), whole=len("(14:32:10)"))


def _row(standing: Standing) -> tuple[object, ...]:
    it = standing.outlook
    return (
        "(tokens)" if standing.who == TOKENS else standing.who,
        f"{it.limit:,}" if it.heard is not None else f"{it.limit:,}?",
        f"{it.used:,}",
        f"{it.left:,}",
        "-" if it.reset is None else until(it.reset),
        "-" if it.phase is None else f"{it.phase:.1f} s ±{it.phase_error:.1f}",
        f"{it.others + it.others_expected:,}",
        f"{standing.waiting:,}",
        clock(standing.last) if standing.waiting else "-",
        f"{it.why}: {seconds(it.shut)}" if it.why else "open",
    )


def _facts(standing: Standing) -> list[tuple[str, str]]:
    it = standing.outlook
    heard = "assumed: Lightspeed has not said" if it.heard is None else _heard(it.heard)
    last = f", the last one's turn is at {clock(standing.last)}" if standing.waiting else ""
    return [
        ("retailer", standing.who),
        ("limit", f"{it.limit:,} calls in {seconds(it.window)} ({heard})"),
        ("used", f"{it.used:,}"),
        (
            "held",
            f"{it.held:,} under way or about to be sent, by {it.processes:,} of our processes",
        ),
        ("others", f"{it.others:,} and {it.others_expected:,} expected since; {_before(it)}"),
        ("left", f"{it.left:,}, of which {it.kept:,} are kept for calls that somebody waits for"),
        ("reset", "-" if it.reset is None else until(it.reset)),
        ("windows", _windows(it)),
        ("gate", f"shut by {_CAUSES[it.why]} for {until(it.shut)}" if it.why else "open"),
        ("429s", f"{it.refused:,}"),
        ("waiting", f"{counted(standing.waiting, 'job')}{last}"),
    ]


_CAUSES: Final = {"429": "a 429", "outage": "an outage"}


def _heard(ago: float) -> str:
    return f"Lightspeed said so {seconds(ago)} ago"


def _before(it: Outlook) -> str:
    return f"{it.others_before:,} in the last window"


def _windows(it: Outlook) -> str:
    if it.phase is None:
        return f"not known to be fixed: each call counts for {seconds(it.window)}"
    begin = f"{it.phase:.1f} ± {it.phase_error:.1f} s past each {seconds(it.window)}"
    return f"fixed, they begin {begin}"
