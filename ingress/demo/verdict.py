"""Whether the demo's three ledgers agree: what was acknowledged, the inbox, the journal."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from actions.database import Database
from ingress.demo.stock import ROWS, Booked
from workers.events import INVENTORY_UPDATE
from workers.listing import Entry, Wanted, newest, sizes

_MOST = 10_000


class Verdict(Struct, frozen=True):
    """What the ledgers say, and every way in which they differ."""

    handled: int
    journal: int
    repeated: int
    refused: int
    differences: list[str]


async def compare(
    database: Database, journal: bytes, retailer: str, acknowledged: Mapping[str, str]
) -> Verdict:
    """Compare what was acknowledged (event ids and types) with the inbox and the journal."""
    entries = await _entries(database, retailer)
    written = Counter((line["event_id"], line["type"]) for line in _lines(journal, retailer))
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


async def compare_stock(database: Database, journal: bytes, booked: Booked) -> list[str]:
    """Return every way in which a store's books, the inbox and the journal differ."""
    entries = await _entries(database, booked.retailer)
    lines = _lines(journal, booked.retailer)
    written = Counter(line["event_id"] for line in lines)
    # An older state of the same stock may come last: it is stale, and no plugin is told.
    handled = {one for one, entry in entries.items() if entry.state == "handled"}
    stale = sum(entry.state == "stale" for entry in entries.values())
    told = {line["product"] for line in lines if line["type"] == INVENTORY_UPDATE.name}
    types = Counter(entry.type for entry in entries.values())
    found = {
        "the store has not booked each adjustment once": {booked.applied, booked.adjusted}
        != {ROWS},
        "what the store delivered is not what is in the inbox": types != booked.acknowledged,
        "an event of the store is not handled": len(handled) + stale != len(entries),
        "the journal does not have each event once": written != Counter(handled),
        "of an adjusted product the journal knows nothing": not booked.products <= told,
    }
    return [difference for difference, is_so in found.items() if is_so]


async def _entries(database: Database, retailer: str) -> dict[str, Entry]:
    found = await newest(database, Wanted(retailer), _MOST)
    return {entry.event_id: entry for entry in found}


def _lines(journal: bytes, retailer: str) -> list[dict[str, Any]]:
    lines = map(msgspec.json.decode, journal.splitlines())
    return [line for line in lines if line["retailer"] == retailer]
