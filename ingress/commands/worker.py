"""`backroom worker`."""

import click
import uvloop

from workers import logs, settings, worker


@click.command()
@click.option("--burst", is_flag=True, help="Leave when the queue is empty.")
def command(*, burst: bool) -> None:
    """Dispatch events and run subscribers until SIGTERM.

    Then it takes no more jobs, lets running ones end for 20 s, and hands the rest back.
    """
    ours = settings.read()
    logs.set_up(ours)
    uvloop.run(worker.run(ours, burst=burst))
