"""`backroom retailers`."""

from typing import Any

import click

from actions.connections import Connection
from actions.grants import Grants
from ingress.commands.opening import NONE_LINKED, opened, run_async
from ingress.commands.printing import as_json, clock, table
from ingress.urls import webhook_urls


@click.command()
@click.option("--json", "in_json", is_flag=True, help="Print JSON, with the webhook URLs.")
@run_async
async def command(*, in_json: bool) -> None:
    """List the retailers that are linked."""
    async with opened() as ours:
        linked = await ours.connections.all()
        grants = Grants(ours.database, ours.vault)
        states = await grants.states([one.retailer for one in linked])
        base_url = ours.settings.base_url
    if in_json:
        as_json([_described(one, *states[one.retailer], base_url) for one in linked])
    elif not linked:
        click.echo(NONE_LINKED)
    else:
        rows = [_row(one, *states[one.retailer]) for one in linked]
        table(("retailer", "signed", "linked at (UTC)", "state"), rows)


def _described(one: Connection, state: str, reason: str, base_url: str) -> dict[str, Any]:
    return {
        "retailer": one.retailer,
        "signed": not one.unsigned,
        "linked_at": one.linked_at,
        "state": state,
        "reason": reason,
        "webhook_urls": webhook_urls(one, base_url),
    }


def _row(one: Connection, state: str, reason: str) -> tuple[str, ...]:
    signed = "no" if one.unsigned else "yes"
    return one.retailer, signed, clock(one.linked_at), ": ".join(filter(None, (state, reason)))
