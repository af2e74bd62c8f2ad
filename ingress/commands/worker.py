"""`backroom worker`."""

import click
import uvloop

from workers import logs, settings, worker
from workers.keys import QUEUES, QueueName


@click.command()
@click.option("--queue", type=click.Choice(list(QUEUES)), help="Only this one.  [both]")
@click.option("--burst", is_flag=True, help="Leave when the queue is empty.")
def command(queue: QueueName | None, *, burst: bool) -> None:
    """Dispatch events, run subscribers and enqueued actions until SIGTERM.

    Then it takes no more jobs, lets running ones end for SHUTDOWN_SECONDS, and hands the rest
    back. A second SIGTERM hands back at once.
    """
    ours = settings.read()
    logs.set_up(ours)
    queues = (queue,) if queue else tuple(QUEUES)
    uvloop.run(worker.run(ours, burst=burst, queues=queues))
