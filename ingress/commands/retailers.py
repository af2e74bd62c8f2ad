"""`backroom retailers`."""

import click

from actions.grants import Grants
from ingress.commands.opening import opened, run_async
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
        states = {one.retailer: await grants.state(one.retailer) for one in linked}
        base_url = ours.settings.base_url
    if in_json:
        as_json(
            [
                {
                    "retailer": one.retailer,
                    "signed": not one.unsigned,
                    "linked_at": one.linked_at,
                    "state": states[one.retailer][0],
                    "reason": states[one.retailer][1],
                    "webhook_urls": webhook_urls(one, base_url),
                }
                for one in linked
            ]
        )
    elif not linked:
        click.echo("No retailer is linked: run `backroom connect PREFIX --personal-token …`.")
    else:
        rows = [
            (
                one.retailer,
                "no" if one.unsigned else "yes",
                clock(one.linked_at),
                ": ".join(filter(None, states[one.retailer])),
            )
            for one in linked
        ]
        table(("retailer", "signed", "linked at (UTC)", "state"), rows)
