"""Section `events`: one worker's rate from the inbox to the outcome, and what a delivery costs."""

import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

from tests.benchmarks.contest import environ, product
from tests.benchmarks.deliveries import body_bytes
from tests.benchmarks.figures import Figure, Line, ratio
from tests.benchmarks.processes import Wrong, running
from tests.benchmarks.racing import ARQ, Broken, one_round
from tests.benchmarks.storage import Storage

_EVENTS = 10_000
_ROUNDS = 3
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.2


class Burst(Struct, frozen=True):
    """What a burst of events took; all but the seconds is per event."""

    seconds: float
    """From the worker's start to the last event's end."""
    stored_bytes: float
    stored_commands: float
    stored_trips: float
    worked_commands: float


def working(storage: Storage) -> list[Line]:
    """Let one worker dispatch and deliver bursts, in turns with stock arq's jobs of nothing."""
    bursts, theirs, notes = list[Burst](), list[float](), list[Line]()
    for _ in range(_ROUNDS):
        bursts.append(_burst(storage))
        try:
            theirs.append(one_round(ARQ, storage).rate)
        except Broken as broken:
            notes = [f"  arq is left out: {broken}"]
    rates, one = [_EVENTS / burst.seconds for burst in bursts], bursts[-1]
    if len(theirs) == len(rates):
        notes = [ratio("events / jobs of arq", rates, theirs, 2.5)]
    beyond = one.stored_bytes - body_bytes()
    return [
        Figure("events dispatched and delivered", median(rates), "/s"),
        *notes,
        Figure("memory per queued event beyond its raw body", beyond, "B", most=600),
        Figure("Redis commands per event, in the worker", one.worked_commands),
        Figure("Redis commands per stored delivery", one.stored_commands),
        Figure("round trips per stored delivery", one.stored_trips),
    ]


def _burst(storage: Storage) -> Burst:
    """Store events, then let one worker dispatch and deliver them."""
    storage.empty()
    with product(storage) as contender:
        contender.round(0.5)
        storage.empty()
        bytes_before, before = storage.held_bytes(), storage.commands()
        contender.round(60.0, _EVENTS)
        stored, after = storage.held_bytes() - bytes_before, storage.commands()
    with tempfile.TemporaryDirectory() as folder:
        seconds = _worked(storage, Path(folder) / "worker.log")
    return Burst(
        seconds,
        stored / _EVENTS,
        _calls(before, after) / _EVENTS,
        _calls(before, after, "evalsha") / _EVENTS,
        _calls(after, storage.commands()) / _EVENTS,
    )


def _worked(storage: Storage, log: Path) -> float:
    """Return the seconds from the worker's start to the last event's end."""
    ours = {**environ(storage), "PLUGINS": "tests.benchmarks.nothing"}
    with running(["ingress", "worker"], ours, log):
        _await_handled(storage, log)
    lines = [msgspec.json.decode(line) for line in log.read_text().splitlines()]
    times = {
        name: [datetime.fromisoformat(one["at"]) for one in lines if one["event"] == name]
        for name in ("worker.ready", "subscriber.succeeded")
    }
    if len(times["subscriber.succeeded"]) != _EVENTS:
        raise Wrong(f"{len(times['subscriber.succeeded'])} of {_EVENTS} events were delivered")
    return (times["subscriber.succeeded"][-1] - times["worker.ready"][0]).total_seconds()


def _await_handled(storage: Storage, log: Path) -> None:
    size, since = 0, time.monotonic()
    while (handled := storage.handled()) < _EVENTS:
        time.sleep(_POLL_SECONDS)
        if (now := log.stat().st_size) > size:  # all are dispatched before the first is handled
            size, since = now, time.monotonic()
        elif time.monotonic() - since > _PATIENCE_SECONDS:
            raise Wrong(f"the worker handled {handled} of {_EVENTS} events, and no more")


def _calls(before: Mapping[str, int], after: Mapping[str, int], prefix: str = "") -> int:
    """Count what ran in between; our own INFO and the emptying are too few to matter."""
    return sum(
        count - before.get(name, 0) for name, count in after.items() if name.startswith(prefix)
    )
