"""`backroom disconnect`."""

import click

from actions.connections import domain_prefix
from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json
from workers.backlog import counted
from workers.hooks.leaving import disconnect
from workers.hooks.mending import Hooks
from workers.lightspeed import lightspeed


@click.command()
@click.argument("prefix")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Forget it also where Lightspeed cannot be reached.")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(prefix: str, *, yes: bool, force: bool, in_json: bool) -> None:
    """Delete our webhooks at PREFIX, and forget its tokens and webhook URLs.

    Its events stay in the inbox. To withdraw the application itself, uninstall it at the store.
    """
    async with opened(quiet=True) as ours:
        connection = await ours.connections.get(domain_prefix(prefix))
        retailer = connection.retailer
        if not yes:
            asked = f"Delete our webhooks at {retailer} and forget its tokens?"
            click.confirm(asked, abort=True, err=True)
        async with lightspeed(ours.settings, ours.database, ours.vault) as reach:
            hooks = Hooks(ours.settings, ours.database, reach.client)
            report = await disconnect(ours.database, ours.vault, hooks, connection, force=force)
    for said in report.problems:
        click.echo(f"backroom: {said} Webhooks of ours may be left at {retailer}.", err=True)
    if in_json:
        as_json(report)
        return
    deleted = counted(len(report.deleted), "webhook")
    click.echo(f"{retailer} is not linked any more: {deleted} deleted, its tokens are forgotten.")
