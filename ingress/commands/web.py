"""`backroom web`."""

import click
import uvloop

from ingress.server import serve
from workers import logs, settings


@click.command()
def command() -> None:
    """Serve the ingress on HOST and PORT until SIGTERM.

    Then it stops listening, answers what is in flight, and leaves.
    """
    ours = settings.read()
    logs.set_up(ours)
    uvloop.run(serve(ours))
