"""`backroom keys`."""

import click

from actions.vault import new_key


@click.group()
def command() -> None:
    """Make and look after keys."""


@command.command()
def new() -> None:
    """Print a fresh key for BACKROOM_KEYS.

    Put it in front of the old ones, with a comma: the first seals, every one opens.
    """
    click.echo(new_key())
