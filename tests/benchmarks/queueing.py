"""Section `queue`: our engine beside stock arq and three other queues on Redis."""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.contest import environ
from tests.benchmarks.figures import Figure, Line, ratio
from tests.benchmarks.processes import Wrong, running
from tests.benchmarks.queues import backroom
from tests.benchmarks.racing import ARQ, OURS, PEERS, Broken, Queue, at_work, race
from tests.benchmarks.storage import Storage

_PACED = 200
"""Jobs of a paced round."""
_PACE_MILLISECONDS = 20
_PACED_ROUNDS = 2
_RUNNING = 300
_DEFERRED = 10_000
_DEFERRED_SECONDS = 3600.0
_AT_ONCE = 100
_IDLE_SECONDS = 5.0
_START_SECONDS = 15.0


def racing(storage: Storage) -> list[Line]:
    """Run no-op jobs in one worker process of each queue."""
    rates, notes = race(storage, (OURS, ARQ, *PEERS))
    lines: list[Line] = [Figure(name, median(found), "/s") for name, found in rates.items()]
    ours = rates[OURS.name]
    if ARQ.name in rates:
        lines.append(ratio("backroom / arq", ours, rates[ARQ.name], 8))
    if peers := [one.name for one in PEERS if one.name in rates]:
        best = max(peers, key=lambda name: median(rates[name]))
        lines.append(ratio(f"backroom / best peer, {best}", ours, rates[best], 3))
    return [*lines, *notes]


def waiting(storage: Storage) -> list[Line]:
    """Enqueue fifty jobs a second: how long until each starts, alone and behind many others."""
    ours, theirs, notes = list[float](), list[float](), list[Line]()
    for _ in range(_PACED_ROUNDS):
        storage.empty()
        ours += _paced(OURS, storage)
        storage.empty()
        try:
            theirs += _paced(ARQ, storage)
        except Broken as broken:
            notes = [f"  arq is left out: {broken}"]
    if theirs:
        notes += [Figure(f"p{share} of arq", _ms(theirs, share), "ms") for share in (50, 99)]
    alone, behind = _ms(ours, 50), _ms(_behind(storage), 50)
    return [
        Figure("p50", alone, "ms", most=3),
        Figure("p99", _ms(ours, 99), "ms", most=10),
        *notes,
        Figure(f"p50 behind {_RUNNING} running, {_DEFERRED:,} deferred", behind, "ms"),
        Figure("behind them / alone", behind / alone, "times"),
    ]


def idling(storage: Storage) -> list[Line]:
    """Count what an idle `backroom worker` asks of Redis."""
    storage.empty()
    ours = {**environ(storage), "PLUGINS": "tests.benchmarks.nothing"}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "worker.log"
        with running(["ingress", "worker"], ours, log):
            _await_ready(log)
            sent, ran = storage.traffic(_IDLE_SECONDS)
    return [
        Figure("commands sent", sent / _IDLE_SECONDS, "/s", most=10),
        Figure("with those that its scripts run", ran / _IDLE_SECONDS, "/s"),
    ]


def _paced(queue: Queue, storage: Storage) -> list[float]:
    """Return how many seconds each job waited."""
    module = f"tests.benchmarks.queues.{queue.name}"
    pace = [str(number) for number in (_PACED, _PACE_MILLISECONDS)]
    with (
        at_work(queue, storage, 0, _PACED) as report,
        running([module, "pace", storage.url, *pace]) as producer,
    ):
        waits = report().waits
        producer.wait()
    return waits


def _behind(storage: Storage) -> list[float]:
    """Let one worker be full of jobs that do not end; a second one has room for the paced."""
    storage.empty()
    with at_work(OURS, storage, _RUNNING, what="hold"):
        asyncio.run(_defer(storage.url))
        return _paced(OURS, storage)


async def _defer(url: str) -> None:
    async with backroom.enqueuing(url, later=_DEFERRED_SECONDS) as add:
        for first in range(0, _DEFERRED, _AT_ONCE):
            await asyncio.gather(*(add(first + number, 0) for number in range(_AT_ONCE)))


def _ms(waits: list[float], share: int) -> float:
    """Return a percentile, in milliseconds."""
    return sorted(waits)[len(waits) * share // 100] * 1000


def _await_ready(log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while "worker.ready" not in log.read_text():
        if time.monotonic() > deadline:
            raise Wrong("the worker is not ready, as said above")
        time.sleep(0.05)
    time.sleep(1.0)  # its first look, and being subscribed
