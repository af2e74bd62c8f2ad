"""`backroom webhooks`."""

from collections.abc import Iterator, Sequence
from typing import Final

import click

from actions.connections import Connection, domain_prefix
from ingress.commands.opening import NONE_LINKED, Opened, opened, run_async
from ingress.commands.printing import as_json, table
from workers.hooks.mending import Hooks
from workers.hooks.report import Report
from workers.hooks.wanted import want_all
from workers.lightspeed import lightspeed

_SECONDS: Final = 30.0
"""For one retailer."""
_LEFT: Final = "left alone"


@click.command()
@click.argument("prefix", required=False)
@click.option("--fix", is_flag=True, help="Create what lacks, delete what is ours and stale.")
@click.option(
    "--all-events/--wanted-events",
    default=None,
    help="Of every type, or of those that plugins want; with --fix it is so from then on.",
)
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(prefix: str | None, *, fix: bool, all_events: bool | None, in_json: bool) -> None:
    """Compare the webhooks at Lightspeed with those that are wanted, or with --fix mend them.

    Of all retailers, or of PREFIX. Exit code 1 where a webhook lacks in the end.
    """
    async with opened(quiet=True) as ours:
        linked = await _linked(ours, prefix)
        if fix and all_events is not None:
            names = [one.retailer for one in linked]
            await want_all(ours.database, names, every=all_events)
        async with lightspeed(ours.settings, ours.database, ours.vault) as reach:
            hooks = Hooks(ours.settings, ours.database, reach.client)
            reports = [
                await hooks.mend(one, _SECONDS)
                if fix
                else await hooks.look(one, _SECONDS, every=bool(all_events))
                for one in linked
            ]
    if in_json:
        as_json(reports)
    elif not linked:
        click.echo(NONE_LINKED)
    else:
        _print(reports, fix=fix)
    if not all(one.is_whole for one in reports):
        raise click.exceptions.Exit(1)


async def _linked(ours: Opened, prefix: str | None) -> Sequence[Connection]:
    if prefix:
        return [await ours.connections.get(domain_prefix(prefix))]
    return await ours.connections.all()


def _print(reports: Sequence[Report], *, fix: bool) -> None:
    table(
        ("retailer", "event type", "webhook", ""),
        [(one.retailer, *row) for one in reports for row in _rows(one)],
    )
    for one in reports:
        for said in one.problems:
            click.echo(f"backroom: {said}", err=True)
    if not fix and any(one.is_known and (one.lacking or one.stale) for one in reports):
        click.echo("Mend them with `backroom webhooks --fix`.", err=True)


def _rows(report: Report) -> Iterator[tuple[str, str, str]]:
    yield from ((name, "present", "") for name in report.present)
    yield from ((name, "created", "") for name in report.created)
    lacking = "lacking" if report.is_known else "not known"
    yield from ((name, lacking, "") for name in report.lacking)
    yield from ((one.type, "stale", one.why) for one in report.stale)
    yield from ((one.type, "deleted", one.why) for one in report.deleted)
    yield from ((one.type, "foreign", f"{one.leads_to}, {_LEFT}") for one in report.foreign)
