"""What all processes share, read from Redis for a scrape: with time limits, and not too often."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

import structlog
from msgspec import Struct

from actions.budget import TOKENS
from actions.connections import retailers
from actions.database import Database
from actions.errors import DatabaseAway
from actions.grants import standings
from actions.outlook import Outlook, look
from workers import meters
from workers.backlog import Backlog, measure
from workers.line import waiting
from workers.meters import Meters, Standing

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

NAMED: Final = 50
"""Retailers that are told apart: those whose budgets have the least left."""
OTHER: Final = "other"
"""By what the rest is known. A retailer may have this name: it is never told apart."""
_SECONDS: Final = 2.0
_RETAILERS_SECONDS: Final = 4.0
_CHUNK: Final = 64
_KEPT_SECONDS: Final = 5.0
_SHARE: Final = 20
"""It is kept so many times as long as it took: so it costs Redis a twentieth at most."""


class Room(Struct):
    """What a budget leaves, of one retailer or of several."""

    limit: int = 0
    used: int = 0
    left: int = 0
    waiting: int = 0
    """Jobs."""


class Retailers(Struct):
    """The retailers and their budgets."""

    states: Counter[str]
    rooms: dict[str, Room]
    """Of those that are told apart, and of the rest, as far as they were called within a day."""
    gates: Counter[str]
    """Budgets that let nobody through, by why."""
    tokens: Outlook
    """The token endpoint's."""


class Snapshot(Struct):
    """What Redis says."""

    backlog: Backlog
    jobs: dict[str, Standing]
    meters: Meters
    retailers: Retailers | None
    """None where there are too many to look at in time."""


class Shared:
    """Reads a snapshot for all who ask at about the same time."""

    def __init__(self, database: Database, bound: float) -> None:
        """Call overdue what waits for longer than `bound` seconds."""
        self._database = database
        self._bound = bound
        self._lock = asyncio.Lock()
        self._until = 0.0
        self._last: Snapshot | None = None

    async def read(self) -> Snapshot | None:
        """Return what Redis says, some seconds old at most; None where it takes no deliveries."""
        async with self._lock:
            began = time.monotonic()
            if began >= self._until:
                self._last = await self._read()
                now = time.monotonic()
                least = _KEPT_SECONDS if self._last else 1.0
                self._until = now + max(least, _SHARE * (now - began))
            return self._last

    async def _read(self) -> Snapshot | None:
        try:
            async with asyncio.timeout(_SECONDS):
                backlog = await measure(self._database, self._bound, writing=True)
                jobs = await meters.standing(self._database)
                counted = await meters.read(self._database)
            return Snapshot(backlog, dict(jobs), counted, await self._retailers())
        except (DatabaseAway, TimeoutError):
            return None

    async def _retailers(self) -> Retailers | None:
        try:
            async with asyncio.timeout(_RETAILERS_SECONDS):
                return await all_retailers(self._database)
        except TimeoutError:
            log.warning("metrics.incomplete", reason="the retailers cannot be read in time")
            return None


async def all_retailers(database: Database) -> Retailers:
    """Read every retailer's state and budget, some at a time."""
    names = await retailers(database)
    tokens = (await look(database, [TOKENS]))[TOKENS]
    found = Retailers(
        Counter(linked=0, needs_relink=0), {}, Counter({"429": 0, "outage": 0}), tokens
    )
    for start in range(0, len(names), _CHUNK):
        await _add(database, names[start : start + _CHUNK], found)
    found.rooms = _folded(found.rooms)
    return found


async def _add(database: Database, names: Sequence[str], found: Retailers) -> None:
    states = await standings(database, names)
    found.states.update(one.state for one in states.values())
    lines = await waiting(database, names)
    for name, it in (await look(database, names)).items():
        if it.why:
            found.gates[it.why] += 1
        jobs = lines.get(name, (0, 0.0))[0]
        if it.at:
            found.rooms[name] = Room(it.limit, it.used, it.left, jobs)


def _folded(rooms: dict[str, Room]) -> dict[str, Room]:
    """Tell those apart that have the least left, and sum the others."""
    by_left = sorted(rooms, key=lambda name: (name == OTHER, rooms[name].left, name))
    named = by_left[:NAMED]
    if OTHER in named:
        named.remove(OTHER)
    kept = {name: rooms[name] for name in sorted(named)}
    rest = [rooms[name] for name in by_left if name not in kept]
    if rest:
        kept[OTHER] = Room(
            sum(one.limit for one in rest),
            sum(one.used for one in rest),
            sum(one.left for one in rest),
            sum(one.waiting for one in rest),
        )
    return kept
