"""`backroom mcp`."""

import importlib
from datetime import UTC, datetime
from functools import partial

import click

from ingress.api.keys import ApiKey
from ingress.commands.opening import opened, run_async
from ingress.mcp.desk import Desk
from ingress.mcp.previews import Previews
from ingress.mcp.visits import visit
from workers.lightspeed import lightspeed


@click.command()
@click.option("--retailer", metavar="PREFIX", help="Whose store.  [the only one]")
@click.option("--allow-writes", is_flag=True, help="Write without a preview before.")
@click.option("--read-only", is_flag=True, help="No tool that writes.")
@run_async
async def command(retailer: str | None, *, allow_writes: bool, read_only: bool) -> None:
    """Serve an agent on stdin and stdout, over MCP: a tool for each action.

    An MCP client starts this command itself: give it {"command": "backroom", "args": ["mcp"]} and
    the settings as its environment. It needs no API key: whoever starts it has the settings.
    """
    if allow_writes and read_only:
        raise click.UsageError("--allow-writes and --read-only exclude each other.")
    async with opened(quiet=True) as ours:
        prefix = await ours.prefix(retailer)
        async with lightspeed(ours.settings, ours.database, ours.vault) as reach:
            key = owners_key(allow_writes=allow_writes, read_only=read_only)
            whose = partial(visit, key, prefix, reach.grants)
            await whose()  # says at once where nothing is linked
            desk = Desk(reach.client, Previews(ours.database, ours.vault))
            # Slow to import, so after whatever may be wrong was said.
            server = importlib.import_module("ingress.mcp.server")
            await server.over_stdio(desk, whose)


def owners_key(*, allow_writes: bool, read_only: bool) -> ApiKey:
    """Return what whoever starts the command may do: nobody keeps it as a key."""
    return ApiKey(
        name="stdio",
        hint="",
        created_at=datetime.now(UTC),
        read_only=read_only,
        allow_writes=allow_writes,
    )
