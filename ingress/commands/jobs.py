"""`backroom jobs`."""

from typing import get_args

import click

from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json, clock, table
from workers.action_jobs import JobState
from workers.jobs import Listed, Wanted, listed
from workers.keys import QUEUES, QueueName


@click.command()
@click.option("--queue", type=click.Choice(list(QUEUES)), help="Only this queue's.")
@click.option("--state", type=click.Choice(get_args(JobState)), help="Only in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(
    queue: QueueName | None, state: JobState | None, limit: int, *, in_json: bool
) -> None:
    """List jobs: what is due first in front; actions that are over behind, while they are kept."""
    async with opened(quiet=True) as ours:
        jobs = await listed(ours.database, Wanted(queue, state), limit)
    if in_json:
        as_json(jobs)
    elif not jobs:
        click.echo("There are no such jobs.")
    else:
        table(("job", "of", "retailer", "state", "attempts", "due (UTC)"), map(_row, jobs))


def _row(job: Listed) -> tuple[object, ...]:
    state = f"{job.state}: {job.error}" if job.error else job.state
    due = clock(job.due) if job.due and job.state != "running" else "-"
    return (job.job_id, job.name, job.retailer, state, job.attempts, due)
