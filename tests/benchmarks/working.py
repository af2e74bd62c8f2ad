"""Figure 5, told without a goal: one worker's rate, and what a delivery costs Redis."""

import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from tests.benchmarks.contest import environ, product
from tests.benchmarks.deliveries import body_bytes
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Wrong, running
from tests.benchmarks.storage import Storage

_EVENTS = 2000
_SECONDS = 120.0


def working(storage: Storage) -> list[Figure]:
    """Store a burst, then let one worker dispatch and deliver it."""
    storage.empty()
    with product(storage) as contender:
        contender.round(0.5)
        storage.empty()
        bytes_before, before = storage.held_bytes(), storage.commands()
        contender.round(60.0, _EVENTS)
        stored, after = storage.held_bytes() - bytes_before, storage.commands()
    with tempfile.TemporaryDirectory() as folder:
        seconds = _worked(storage, Path(folder) / "worker.log")
    worker = _calls(after, storage.commands())
    return [
        Figure("events dispatched and delivered", _EVENTS / seconds, "/s"),
        Figure("Redis commands per event, in the worker", worker / _EVENTS),
        Figure("Redis commands per stored delivery", _calls(before, after) / _EVENTS),
        Figure("round trips per stored delivery", _calls(before, after, "evalsha") / _EVENTS),
        Figure("memory per queued event beyond its raw body", stored / _EVENTS - body_bytes(), "B"),
    ]


def _worked(storage: Storage, log: Path) -> float:
    """Return the seconds from the worker's start to the last event's end."""
    ours = {**environ(storage), "PLUGINS": "tests.benchmarks.nothing"}
    deadline = time.monotonic() + _SECONDS
    with running(["ingress", "worker"], ours, log):
        while storage.handled() < _EVENTS:
            if time.monotonic() > deadline:
                raise Wrong(f"the worker handled {storage.handled()} of {_EVENTS} events")
            time.sleep(0.1)
    lines = [msgspec.json.decode(line) for line in log.read_text().splitlines()]
    times = {
        name: [datetime.fromisoformat(one["at"]) for one in lines if one["event"] == name]
        for name in ("worker.ready", "subscriber.succeeded")
    }
    if len(times["subscriber.succeeded"]) != _EVENTS:
        raise Wrong(f"{len(times['subscriber.succeeded'])} of {_EVENTS} events were delivered")
    return (times["subscriber.succeeded"][-1] - times["worker.ready"][0]).total_seconds()


def _calls(before: Mapping[str, int], after: Mapping[str, int], prefix: str = "") -> int:
    """Count what ran in between; our own INFO and the emptying are too few to matter."""
    return sum(
        count - before.get(name, 0) for name, count in after.items() if name.startswith(prefix)
    )
