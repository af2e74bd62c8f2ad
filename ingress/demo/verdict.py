"""Whether the demo's three ledgers agree: what was acknowledged, the inbox, the journal."""

from collections import Counter
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from actions.database import Database
from workers.listing import Wanted, newest, sizes

_MOST = 1000


class Verdict(Struct, frozen=True):
    """What the ledgers say, and every way in which they differ."""

    handled: int
    journal: int
    repeated: int
    refused: int
    differences: list[str]


async def compare(database: Database, journal: bytes, acknowledged: Mapping[str, str]) -> Verdict:
    """Compare what was acknowledged (event ids and types) with the inbox and the journal."""
    entries = {entry.event_id: entry for entry in await newest(database, Wanted(), _MOST)}
    written = Counter(
        (line["event_id"], line["type"]) for line in map(msgspec.json.decode, journal.splitlines())
    )
    _, counted = await sizes(database)
    differences = []
    for event_id, event_type in acknowledged.items():
        entry = entries.get(event_id)
        if entry is None or (entry.type, entry.state) != (event_type, "handled"):
            differences.append(f"{event_type} {event_id} is not handled in the inbox")
        if written[event_id, event_type] != 1:
            times = written[event_id, event_type]
            differences.append(f"{event_type} {event_id} stands {times} times in the journal")
    differences += [f"{one} is in the inbox, unasked" for one in entries.keys() - acknowledged]
    differences += [
        f"{one} is in the journal, unasked" for one, _ in written.keys() - acknowledged.items()
    ]
    return Verdict(
        handled=sum(entry.state == "handled" for entry in entries.values()),
        journal=written.total(),
        repeated=counted.get("repeated", 0),
        refused=counted.get("refused signature wrong", 0),
        differences=differences,
    )
