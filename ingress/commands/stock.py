"""`backroom stock`: stock adjustments from a file, orders of them, and those the vendor has."""

import asyncio
import sys
from datetime import datetime

import click

from actions.errors import BackroomError
from ingress.commands import ordered
from ingress.commands.adjusted import REFUSED, UNKNOWN
from ingress.commands.adjusting import Given, Plan, carried_out, planned
from ingress.commands.moments import past
from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json, clock, table
from workers.lightspeed import lightspeed
from workers.stock.history import History, newest


class NobodyToAsk(BackroomError):
    """A person is to agree, and there is no terminal to ask at."""

    exit_code = 2


class NotFinished(BackroomError):
    """Lightspeed cannot be reached. Codes 3 and 4 say here what became of a file's rows."""


@click.group()
def command() -> None:
    """Adjust stock from a file, or list the adjustments that Lightspeed has."""


@command.command()
@click.argument("file", metavar="FILE.csv|-")
@click.option("--retailer", metavar="PREFIX", help="Whose store.  [the only one]")
@click.option("--dry-run", is_flag=True, help="Check it and say what it would do.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--again", is_flag=True, help="Once more, though all of this file was sent.")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON object.")
def adjust(
    file: str, retailer: str | None, *, dry_run: bool, yes: bool, again: bool, in_json: bool
) -> int:
    """Adjust stock by each row of a CSV file.

    Its columns are product_id or sku, outlet_id or outlet, quantity, reason and custom_reason. If
    a row is wrong, nothing is sent. Ctrl-C stops between requests; the same command goes on with
    what is left. What became of each row is written to FILE.report.csv.

    Exit codes: 0 all applied, 1 Lightspeed or Redis cannot be reached, 2 the file is wrong, 3 some
    rows refused, 4 of some nobody knows, 130 stopped.
    """
    if not (yes or dry_run or (file != "-" and sys.stdin.isatty())):
        raise NobodyToAsk("There is no terminal to ask at: add --yes to adjust without a question.")
    given = Given(file, retailer, is_dry=dry_run, again=again, in_json=in_json)
    try:
        return _adjusted(given, ask=not yes)
    except BackroomError as error:
        if error.exit_code in {REFUSED, UNKNOWN}:
            raise NotFinished(str(error)) from None
        raise


def _adjusted(given: Given, *, ask: bool) -> int:
    plan = asyncio.run(planned(given))
    if not isinstance(plan, Plan):
        return plan
    if ask:
        click.confirm("Go on?", abort=True, err=True)
    return asyncio.run(carried_out(given, plan))


command.add_command(ordered.command)


@command.command()
@click.option("--retailer", metavar="PREFIX", help="Whose store.  [the only one]")
@click.option(
    "--since", callback=past, default="1d", show_default=True, help="A time, or 90m, 12h, 7d ago."
)
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def history(retailer: str | None, since: datetime, limit: int, *, in_json: bool) -> None:
    """List the adjustments that Lightspeed has, whoever made them, newest last."""
    async with opened(quiet=True) as ours:
        prefix = await ours.prefix(retailer)
        async with lightspeed(ours.settings, ours.database, ours.vault) as reach:
            found = await newest(reach.client, prefix, since, limit)
    if in_json:
        as_json(found.rows)
        return
    _show(found)


def _show(found: History) -> None:
    if not found.rows:
        click.echo("There are no such adjustments.")
        return
    columns = ("made at (UTC)", "product", "outlet", "quantity", "reason", "user", "id")
    rows = (
        (
            clock(row.created_at) if row.created_at else "-",
            row.product_id,
            row.outlet_id,
            row.quantity,
            row.reason,
            row.user_id,
            row.id,
        )
        for row in found.rows
    )
    table(columns, rows)
    if found.total > len(found.rows):
        click.echo(f"\nThe newest {len(found.rows):,} of {found.total:,}: --limit shows more.")
