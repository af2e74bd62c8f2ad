"""`backroom job`."""

import asyncio

import click

from actions import errors
from ingress.commands.opening import Opened, opened, run_async
from ingress.commands.printing import as_json, clock
from workers.action_jobs import ActionJobs, Job
from workers.cancelling import cancel
from workers.jobs import get

_LOOK_SECONDS = 0.25
_OVER = frozenset({"done", "failed", "cancelled"})
_SAID = {
    "asked": "It runs: its worker was asked to stop it, which takes two seconds at most.",
    "cancelled": "It is taken off its queue.",
}


@click.command()
@click.argument("job_id")
@click.option("--follow", is_flag=True, help="Wait until it is over; leave with its exit code.")
@click.option("--cancel", "is_unwanted", is_flag=True, help="Take it off its queue, or stop it.")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(job_id: str, *, follow: bool, is_unwanted: bool, in_json: bool) -> int:
    """Show a job: an action that was enqueued, or EVENT:SUBSCRIBER.

    With --follow the exit code is 0 when it is done, and that of its error when it failed.
    """
    async with opened(quiet=True) as ours:
        jobs = ActionJobs(ours.database, ours.vault)
        if is_unwanted:
            click.echo(_SAID[await cancel(ours.inbox, jobs, job_id)], err=True)
        job = await _ended(ours, jobs, job_id) if follow else await get(ours.inbox, jobs, job_id)
    if in_json:
        as_json(job)
    else:
        _show(job)
    return _code(job) if follow else 0


async def _ended(ours: Opened, jobs: ActionJobs, job_id: str) -> Job:
    """Watch a job until it is over; each change is a line on stderr."""
    last: tuple[object, ...] = ()
    while True:
        job = await get(ours.inbox, jobs, job_id)
        if (seen := (job.state, job.attempts, job.error)) != last and job.state not in _OVER:
            why = f" ({job.error})" if job.error else ""
            click.echo(f"{job.state}{why}, {job.attempts} failed so far", err=True)
        if job.state in _OVER:
            return job
        last = seen
        await asyncio.sleep(_LOOK_SECONDS)


def _show(job: Job) -> None:
    due = f", due {clock(job.due)} UTC" if job.due else ""
    click.echo(f"{job.job_id}  {job.action} for {job.retailer}: {job.state}{due}")
    if job.message:
        click.echo(f"{job.error}: {job.message}" if job.error else job.message)
    if job.result is not None:
        click.echo(bytes(job.result))


def _code(job: Job) -> int:
    """Return 0 for what is done, else the exit code of what went wrong."""
    if job.state == "done":
        return 0
    kind = getattr(errors, job.error, errors.BackroomError)
    return int(getattr(kind, "exit_code", 1))
