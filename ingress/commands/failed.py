"""`backroom failed`."""

from datetime import datetime

import click
from msgspec import Struct, field

from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json, clock, table
from workers.deliveries import moment
from workers.listing import failures

_SAMPLES = 5


class _Cause(Struct):
    """Failures with one subscriber and one raising line in common."""

    subscriber: str
    error: str
    message: str
    last: datetime
    events: int = 0
    samples: list[str] = field(default_factory=list)


@click.command()
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(*, in_json: bool) -> None:
    """List what subscribers gave up, grouped by cause, with the latest message of each."""
    causes: dict[tuple[str, str], _Cause] = {}
    async with opened() as ours:
        async for entry in failures(ours.database):
            for name, outcome in entry.subscribers.items():
                if outcome.state != "failed":
                    continue
                said = ours.inbox.message(entry.event_id, name, outcome)
                cause = causes.setdefault(
                    (name, outcome.error), _Cause(name, outcome.error, said, moment(outcome.at))
                )
                cause.events += 1
                cause.samples = [*cause.samples, entry.event_id][:_SAMPLES]
    ordered = sorted(causes.values(), key=lambda cause: -cause.events)
    if in_json:
        as_json(ordered)
    elif not ordered:
        click.echo("Nothing has failed.")
    else:
        rows = [
            (one.events, one.subscriber, one.error, one.message, clock(one.last), one.samples[0])
            for one in ordered
        ]
        table(("events", "subscriber", "error", "message", "at (UTC)", "for example"), rows)
        click.echo("\nRun them again with `backroom replay --failed [--subscriber NAME]`.")
