"""How far an order of stock adjustments is, and what became of its items."""

from typing import Final

import click

from actions.waits import until
from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json, table
from workers.stock.items import Progress, Result
from workers.stock.orders import StockOrders

_SHOWN: Final = 100


@click.command("order")
@click.argument("order_id")
@click.option("--json", "in_json", is_flag=True, help="Print JSON, with every item.")
@run_async
async def command(order_id: str, *, in_json: bool) -> None:
    """Show an order of adjustments: how far it is, when its last request may leave, what failed.

    ORDER_ID is what adjusting by a plugin, over HTTP or from a file has answered.
    """
    async with opened(quiet=True) as ours:
        orders = StockOrders(ours.database)
        progress = await orders.progress(order_id)
        results = await orders.results(order_id)
    if in_json:
        as_json({"progress": progress, "left": progress.left, "items": results})
    else:
        _show(progress, results)


def _show(progress: Progress, results: list[Result]) -> None:
    bad = [row for row in results if row.outcome != "applied"]
    if bad:
        rows = [(row.place, row.outcome, row.detail) for row in bad[:_SHOWN]]
        table(("item", "outcome", "detail"), rows)
    if len(bad) > _SHOWN:
        click.echo(f"\nThe first {_SHOWN} of {len(bad):,}: --json has every item.")
    click.echo(
        f"{progress.total:,} adjustments at {progress.retailer}: {progress.applied:,} applied, "
        f"{progress.refused:,} refused, {progress.unknown:,} unknown, {progress.left:,} left."
    )
    if not progress.is_over:
        when = f"in {until(progress.last_in)}" if progress.last_in else "now"
        click.echo(f"The rate limit lets its last request leave {when}.")
