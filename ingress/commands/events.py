"""`backroom events`."""

from typing import get_args

import click
import msgspec

from actions.connections import domain_prefix
from ingress.commands.opening import Opened, opened, run_async
from ingress.commands.printing import as_json, clock, table
from workers.deliveries import body_of, moment, read
from workers.events import EVENT_TYPES
from workers.inbox import State
from workers.listing import Entry, Wanted, newest, one, sizes


@click.command()
@click.argument("event_id", required=False)
@click.option("--retailer", metavar="PREFIX", help="Only this retailer's.")
@click.option("--type", "event_type", type=click.Choice(list(EVENT_TYPES)), help="Only this type.")
@click.option(
    "--state",
    type=click.Choice(get_args(State)),
    help="Only in this state.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--body", is_flag=True, help="With EVENT_ID: show the payload too.")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(  # noqa: PLR0913 - one parameter for each option
    event_id: str | None,
    retailer: str | None,
    event_type: str | None,
    state: State | None,
    limit: int,
    *,
    body: bool,
    in_json: bool,
) -> None:
    """List the inbox, newest first, or show the event EVENT_ID whole."""
    async with opened() as ours:
        if event_id:
            await _show(ours, event_id, body=body, in_json=in_json)
            return
        wanted = Wanted(domain_prefix(retailer) if retailer else None, event_type, state)
        entries = await newest(ours.database, wanted, limit)
        inbox, counted = await sizes(ours.database)
    if in_json:
        shown = [described(entry) for entry in entries]
        as_json({"events": shown, "inbox": inbox, "counted": counted})
        return
    table(("event", "at (UTC)", "retailer", "type", "state", "done"), map(_row, entries))
    click.echo(f"\nIn the inbox: {_listed(inbox)}.")
    click.echo(f"Since the beginning: {_listed(counted) or 'nothing'}.")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def described(entry: Entry) -> dict[str, object]:
    """Return an entry as JSON shows it."""
    subscribers = {
        name: {
            "state": outcome.state,
            "attempt": outcome.attempt,
            "at": moment(outcome.at) if outcome.at else None,
            "took": outcome.took,
            "error": outcome.error or None,
        }
        for name, outcome in entry.subscribers.items()
    }
    return msgspec.structs.asdict(entry) | {"subscribers": subscribers}


async def _show(ours: Opened, event_id: str, *, body: bool, in_json: bool) -> None:
    entry, delivery = await one(ours.database, event_id)
    shown = described(entry)
    if body:
        shown["payload"] = read(delivery.declared, body_of(event_id, delivery, ours.vault)).raw
    if in_json:
        as_json(shown)
        return
    facts = {name: value for name, value in shown.items() if name not in {"subscribers", "payload"}}
    table(("", ""), [*facts.items()])
    rows = [
        (
            name,
            outcome.state,
            outcome.attempt,
            outcome.error,
            ours.inbox.message(event_id, name, outcome),
        )
        for name, outcome in entry.subscribers.items()
    ]
    if rows:
        click.echo()
        table(("subscriber", "state", "attempt", "error", "message"), rows)
    if body:
        click.echo()
        as_json(shown["payload"])


def _row(entry: Entry) -> tuple[object, ...]:
    over = sum(outcome.state == "done" for outcome in entry.subscribers.values())
    progress = f"{over} of {len(entry.subscribers)}" if entry.subscribers else "-"
    state = entry.state + (f", repeated {entry.repeats} times" if entry.repeats else "")
    return (entry.event_id, clock(entry.received_at), entry.retailer, entry.type, state, progress)
