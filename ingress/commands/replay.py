"""`backroom replay`."""

from collections.abc import Callable
from functools import cache, partial

import click

from actions.errors import BackroomError
from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json
from workers.discovery import Plugins, discover
from workers.events import EVENT_TYPES
from workers.listing import Entry, failures, one


class CannotReplay(BackroomError):
    """The event is in no state to be run again."""


@click.command()
@click.argument("event_ids", nargs=-1, metavar="[EVENT_ID]...")
@click.option("--failed", is_flag=True, help="Every subscriber that gave up, of every event.")
@click.option("--subscriber", metavar="NAME", help="Only this subscriber, `plugin.function`.")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(
    event_ids: tuple[str, ...], subscriber: str | None, *, failed: bool, in_json: bool
) -> None:
    """Run subscribers again, from the inbox: those of the events named, or all that failed.

    With EVENT_ID and --subscriber it runs that one, even if it was not there at the time.
    """
    if bool(event_ids) == failed:
        raise click.UsageError("Name events to replay, or give --failed.")
    again: dict[str, list[str]] = {}
    async with opened() as ours:
        if failed:
            async for entry in failures(ours.database):
                names = [
                    name
                    for name, outcome in entry.subscribers.items()
                    if outcome.state == "failed" and subscriber in {None, name}
                ]
                again[entry.event_id] = await ours.inbox.replay(entry.event_id, names)
        plugins = cache(partial(discover, ours.settings.plugins, ours.settings.plugins_off))
        for event_id in event_ids:
            entry, _ = await one(ours.database, event_id)
            names = _names(plugins, entry, subscriber)
            again[event_id] = await ours.inbox.replay(event_id, names)
    if in_json:
        as_json(again)
    else:
        runs = sum(map(len, again.values()))
        events = sum(map(bool, again.values()))
        click.echo(f"Enqueued {runs} runs of {events} events.")


def _names(plugins: Callable[[], Plugins], entry: Entry, subscriber: str | None) -> list[str]:
    if entry.state in {"stored", "misdirected"}:
        why = {
            "stored": "waits for its first dispatch: see that a worker runs",
            "misdirected": "is another store's and is never dispatched",
        }[entry.state]
        raise CannotReplay(f"Event {entry.event_id} {why}.")
    wanting = [each.name for each in plugins().wanting(EVENT_TYPES[entry.type])]
    known = list(entry.subscribers) or wanting
    if subscriber is None:
        return known
    if subscriber not in {*known, *wanting}:
        raise CannotReplay(
            f"No subscriber {subscriber} wants {entry.type}: see `backroom plugins`."
        )
    return [subscriber]
