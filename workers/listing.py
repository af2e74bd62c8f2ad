"""Reading the inbox: what is in it, what failed and why."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from actions.database import Database
from actions.errors import BackroomError
from workers import keys
from workers.deliveries import Delivery, kept, moment
from workers.inbox import Outcome, State

_SETS = {
    "stored": keys.OPEN,
    "dispatched": keys.OPEN,
    "failed": keys.FAILED,
    "handled": keys.HANDLED,
    "stale": keys.HANDLED,
    "misdirected": keys.HANDLED,
}
_CHUNK = 200
_FIELD_OUTCOME = b"s:"


class NoSuchEvent(BackroomError):
    """The inbox does not have that event."""


class Entry(Struct, frozen=True):
    """One event of the inbox as it stands."""

    event_id: str
    retailer: str
    type: str
    """The event type once dispatched; until then what its URL declared."""
    state: State
    received_at: datetime
    signed: bool
    repeats: int
    note: str
    """Why it is a ping, if it is one."""
    subscribers: dict[str, Outcome]


class Wanted(Struct, frozen=True):
    """Which events to list; None means any."""

    retailer: str | None = None
    type: str | None = None
    state: State | None = None

    def fits(self, entry: Entry) -> bool:
        """Say whether an entry is wanted."""
        return (
            self.retailer in {None, entry.retailer}
            and self.type in {None, entry.type}
            and self.state in {None, entry.state}
        )


async def newest(database: Database, wanted: Wanted, limit: int) -> list[Entry]:
    """Return the newest `limit` entries that are wanted, newest first."""
    names = {_SETS[wanted.state]} if wanted.state else set(_SETS.values())
    found: list[Entry] = []
    for name in sorted(names):
        some = 0
        async for entry in _set(database, name):
            if some >= limit:
                break
            if wanted.fits(entry):
                found.append(entry)
                some += 1
    return sorted(found, key=lambda entry: entry.event_id, reverse=True)[:limit]


async def one(database: Database, event_id: str) -> tuple[Entry, Delivery]:
    """Return an event and its delivery.

    Raises:
        NoSuchEvent: it is not in the inbox, or no longer.
    """
    data, facts = await database.together(_wants(event_id))
    if data is None:
        raise NoSuchEvent(
            f"The inbox has no event {event_id[:40]!r}: list them with `backroom events`."
        )
    return _entry(event_id, data, facts), kept(data)


async def failures(database: Database) -> AsyncIterator[Entry]:
    """Yield every failed event, the latest failure first."""
    async for entry in _set(database, keys.FAILED):
        yield entry


async def sizes(database: Database) -> tuple[dict[str, int], dict[str, int]]:
    """Return the inbox's sizes now, and what was counted since the beginning, by name."""
    open_, failed, handled, counts = await database.together(
        [
            ("ZCARD", keys.OPEN),
            ("ZCARD", keys.FAILED),
            ("ZCARD", keys.HANDLED),
            ("HGETALL", keys.COUNTS),
        ]
    )
    counted = {name.decode(): int(count) for name, count in sorted(counts.items())}
    return {"open": open_, "failed": failed, "handled": handled}, counted


async def _set(database: Database, name: str) -> AsyncIterator[Entry]:
    start = 0
    while True:
        ids = await database.do("ZREVRANGE", name, start, start + _CHUNK - 1)
        for entry in await _entries(database, [event_id.decode() for event_id in ids]):
            yield entry
        if len(ids) < _CHUNK:
            return
        start += _CHUNK


async def _entries(database: Database, ids: Sequence[str]) -> Iterable[Entry]:
    if not ids:
        return []
    answers = await database.together(command for one in ids for command in _wants(one))
    pairs = zip(ids, answers[::2], answers[1::2], strict=True)
    return [_entry(event_id, data, facts) for event_id, data, facts in pairs if data]


def _wants(event_id: str) -> list[tuple[str, str]]:
    return [("GET", keys.delivery(event_id)), ("HGETALL", keys.event(event_id))]


def _entry(event_id: str, data: bytes, facts: dict[bytes, bytes]) -> Entry:
    delivery = kept(data)
    return Entry(
        event_id=event_id,
        retailer=delivery.retailer,
        type=facts.get(b"type", b"").decode() or delivery.declared,
        state=msgspec.convert(facts.get(b"state", b"stored").decode(), State),
        received_at=moment(delivery.received_at),
        signed=delivery.signed,
        repeats=int(facts.get(b"repeats", 0)),
        note=facts.get(b"note", b"").decode(),
        subscribers={
            field.removeprefix(_FIELD_OUTCOME).decode(): msgspec.msgpack.decode(value, type=Outcome)
            for field, value in sorted(facts.items())
            if field.startswith(_FIELD_OUTCOME)
        },
    )
