"""One retailer's store: its tables, its one version counter, and who hears of a change."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from actions.simulator.clock import Clock
from actions.simulator.switches import Switches
from actions.simulator.table import Table

Heard = Callable[["Shop", str, dict[str, Any]], None]
"""Called with an event type and the object it is about, in today's dated shape."""

_FIRST_VERSION = 54_800_000_000
"""Versions were near that in 2026: one global 64-bit counter with gaps."""


class Shop:
    """The state of one store. Everything random comes from its seed."""

    def __init__(self, prefix: str, clock: Clock, switches: Switches, seed: int = 0) -> None:
        self.prefix = prefix
        self.clock = clock
        self.switches = switches
        self.random = random.Random(f"{prefix} {seed}")  # noqa: S311 - a world, not a secret
        self.retailer_id = self.new_id()
        self.tables: defaultdict[str, Table] = defaultdict(Table)
        self.quiet = False
        """While the world is made, nobody hears of changes."""
        self._heard: list[Heard] = []
        self._version = _FIRST_VERSION

    def table(self, name: str) -> Table:
        """Return a table by its path segment: `products`, `price_books`, …."""
        return self.tables[name]

    def new_id(self) -> str:
        """Make an id of the vendor's look: a UUID whose version bits mean nothing."""
        text = f"{self.random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def next_version(self) -> int:
        """Raise the store's one counter; there are gaps."""
        self._version += 1 + int(self.random.random() * 7)
        return self._version

    def put(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        """Keep an object under a new version, which it shows where its kind shows it."""
        version = self.next_version()
        if table == "sales":
            row.setdefault("_metadata", {})["version"] = version
        else:
            row["version"] = version
        self.tables[table].put(str(row["id"]), row, version)
        return row

    def on_event(self, heard: Heard) -> None:
        """Let someone hear of every event that the vendor would send a webhook for."""
        self._heard.append(heard)

    def tell(self, event_type: str, row: dict[str, Any]) -> None:
        """Say that something happened, such as `sale.update`, to those who listen."""
        if not self.quiet:
            for heard in self._heard:
                heard(self, event_type, row)

    def timestamp(self) -> str:
        """Write the present as the API does: `2017-05-24T01:49:25+00:00`."""
        return stamp(self.clock.now())


def stamp(moment: float) -> str:
    """Write seconds since 1970 as the API does."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
