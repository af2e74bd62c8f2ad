"""`backroom keys`."""

import click

from actions.resealing import reseal
from actions.vault import new_key
from ingress.commands.opening import opened, run_async


@click.group()
def command() -> None:
    """Make and look after keys."""


@command.command()
def new() -> None:
    """Print a fresh key for BACKROOM_KEYS.

    Put it in front of the old ones, with a comma: the first seals, every one opens.
    """
    click.echo(new_key())


@command.command()
@run_async
async def rotate() -> None:
    """Seal tokens and webhook keys with the first key of BACKROOM_KEYS; nothing need stop.

    Give every process the new key in front of the old ones before.
    """
    async with opened() as ours:
        count = await reseal(ours.database, ours.vault)
    click.echo(f"Sealed anew: tokens and webhook keys of {count} retailers.")
