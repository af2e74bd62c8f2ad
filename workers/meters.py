"""What workers count, for `/metrics`: it only grows, and all processes count in one place.

The scripts that end jobs count on their way (`workers/scripts/meter.lua`), so that it costs no
round trip. The fields of `METERS`:

- `event {type} {state}`: events that are over
- `lag {ms}`, `lag more`, `lag ms`: waits for the dispatch up to so long, longer, and their sum
- `run {queue} {state}`: what runs of jobs came to
- `limited calls`, `limited tokens`: 429s, of the retailers' limits and of the token endpoint's
- `refresh {outcome}`: turns to refresh a grant, by how they ended
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from actions.database import Database, Script
from workers.claims import LEASE_SECONDS
from workers.events import EVENT_TYPES
from workers.keys import CAUSES, COUNTS, METERS, QUEUES

LAGS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0)
"""Seconds, as in `meter.lua`."""
OVER: Final = ("handled", "failed", "stale", "misdirected")
"""The states of an event that is over."""
RUNS: Final = {
    "events": ("done", "retrying", "failed"),
    "actions": ("done", "waiting", "failed", "cancelled"),
}
"""What a run of each queue's jobs may come to."""
REFRESHES: Final = ("kept", "refused", "unanswered", "unsent")
_MOST: Final = 4000
"""Jobs of a queue that are looked at to see whether they run."""
_STANDING: Final = Script.load("workers.scripts", "clock", "standing")


class Standing(Struct, frozen=True):
    """A queue's jobs."""

    running: int
    due: int
    later: int


class Meters(Struct, frozen=True):
    """All counters, each from the beginning of this Redis."""

    deliveries: dict[str, int]
    """Those that were `stored`, and those that were `repeated`."""
    refused: dict[str, int]
    """By reason."""
    events: dict[tuple[str, str], int]
    """Events that are over, by type and state."""
    lags: list[int]
    """Dispatches by the first of `LAGS` that was not passed; in the last those beyond."""
    lag_seconds: float
    runs: dict[tuple[str, str], int]
    """By queue and what they came to."""
    failures: dict[tuple[str, str], int]
    """What was given up, by queue and class of the cause."""
    limited: dict[str, int]
    """429s of `calls` and of `tokens`."""
    refreshes: dict[str, int]


async def read(database: Database) -> Meters:
    """Read every counter in one round trip."""
    counts, meters, causes = map(
        _numbers,
        await database.together([("HGETALL", name) for name in (COUNTS, METERS, CAUSES)]),
    )
    lags = [*(f"lag {bound * 1000:g}" for bound in LAGS), "lag more"]
    return Meters(
        deliveries={name: counts.get(name, 0) for name in ("stored", "repeated")},
        refused={
            name.removeprefix("refused "): count
            for name, count in sorted(counts.items())
            if name.startswith("refused ")
        },
        events={
            (kind, state): meters.get(f"event {kind} {state}", 0)
            for kind in EVENT_TYPES
            for state in OVER
        },
        lags=[meters.get(name, 0) for name in lags],
        lag_seconds=meters.get("lag ms", 0) / 1000,
        runs={
            (queue, state): meters.get(f"run {queue} {state}", 0)
            for queue, states in RUNS.items()
            for state in states
        },
        failures={_split(name): count for name, count in sorted(causes.items())},
        limited={name: meters.get(f"limited {name}", 0) for name in ("calls", "tokens")},
        refreshes={name: meters.get(f"refresh {name}", 0) for name in REFRESHES},
    )


async def standing(database: Database) -> dict[str, Standing]:
    """Return how the jobs of each queue stand."""
    args = (int(LEASE_SECONDS * 1000), _MOST)
    numbers = await database.run(_STANDING, list(QUEUES.values()), args)
    return {
        name: Standing(*numbers[3 * place : 3 * place + 3]) for place, name in enumerate(QUEUES)
    }


def _numbers(kept: Mapping[bytes, bytes]) -> dict[str, int]:
    return {name.decode(errors="replace"): int(count) for name, count in kept.items()}


def _split(name: str) -> tuple[str, str]:
    queue, _, cause = name.partition(" ")
    return queue, cause
