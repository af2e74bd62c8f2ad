"""`backroom job`."""

import click

from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json
from workers.action_jobs import ActionJobs


@click.command()
@click.argument("job_id")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(job_id: str, *, in_json: bool) -> None:
    """Show what became of the action that was enqueued as JOB_ID."""
    async with opened(quiet=True) as ours:
        job = await ActionJobs(ours.database, ours.vault).get(job_id)
    if in_json:
        as_json(job)
        return
    click.echo(f"{job.job_id}  {job.action} for {job.retailer}: {job.state}")
    if job.message:
        click.echo(f"{job.error}: {job.message}")
    if job.result is not None:
        click.echo(bytes(job.result))
