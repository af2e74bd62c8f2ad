"""The workers of queues, each in a process of its own: started, warmed, and asked what they did."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import msgspec
from msgspec import Struct

from tests.benchmarks.processes import ROOT, Wrong, started
from tests.benchmarks.storage import Storage

_ROUNDS = 5
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"


class Queue(Struct, frozen=True):
    """A queue that has a module in `tests.benchmarks.queues`."""

    name: str
    jobs: int
    """In a round: the fast ones need more of them for the same time."""
    is_peer: bool = True
    """Whether it is at home in `.venv-bench`."""


class Report(Struct, frozen=True):
    """What a worker's ledger says."""

    lost: int
    again: int
    """How often a job ran that had run before."""
    rate: float
    """Jobs a second."""
    waits: list[float]
    """Seconds from being enqueued to being started, without the first."""


class Broken(Exception):
    """A worker that cannot be measured, in one line."""


OURS = Queue("backroom", 11_500, is_peer=False)
ARQ = Queue("arq", 1_500, is_peer=False)
PEERS = (Queue("saq", 1_500), Queue("streaq", 1_500), Queue("taskiq", 1_500))


@contextmanager
def at_work(
    queue: Queue, storage: Storage, *numbers: int, what: str = "work"
) -> Iterator[Callable[[], Report]]:
    """Start a worker as `queues.ledger` says and wait until it is ready; yields its report.

    Raises:
        Broken: a peer ended or lost jobs.
        Wrong: ours did, or ran one twice.
    """
    python = str(PEERS_PYTHON) if queue.is_peer else sys.executable
    if queue.is_peer and not PEERS_PYTHON.exists():
        raise Broken(".venv-bench is not there: `make bench` makes it")
    arguments = [f"tests.benchmarks.queues.{queue.name}", what, storage.url, *map(str, numbers)]
    with (
        tempfile.TemporaryFile() as errors,
        started(arguments, {}, subprocess.PIPE, errors, python) as process,
    ):
        _line(queue, process, errors)
        yield lambda: _report(queue, _line(queue, process, errors))


def one_round(queue: Queue, storage: Storage) -> Report:
    """Let a worker run jobs that have piled up; whatever is in Redis goes first.

    Raises:
        Broken, Wrong: as `at_work`, and when ours leaves something of a job behind.
    """
    storage.empty()
    with at_work(queue, storage, queue.jobs, 0) as report:
        found = report()
        if queue is OURS and (left := storage.unfinished()):
            raise Wrong(f"{left} of arq's keys are left of {queue.jobs} jobs that ran")
    return found


def race(storage: Storage, queues: Sequence[Queue]) -> tuple[dict[str, list[float]], list[str]]:
    """Let queues take turns. Returns the rates of each round, and what else is to be said.

    A peer that breaks is left out; we may not.
    """
    rates: dict[str, list[float]] = {queue.name: [] for queue in queues}
    notes = []
    for _ in range(_ROUNDS):
        for queue in [one for one in queues if one.name in rates]:
            try:
                found = one_round(queue, storage)
            except Broken as broken:
                del rates[queue.name]
                notes.append(f"  {queue.name} is left out: {broken}")
                continue
            rates[queue.name].append(found.rate)
            if found.again:
                notes.append(f"  {queue.name} ran {found.again} of {queue.jobs:,} jobs twice")
    return rates, notes


def _report(queue: Queue, line: bytes) -> Report:
    found = msgspec.json.decode(line, type=Report)
    if found.lost or (found.again and queue is OURS):
        raise _broken(queue, f"{found.lost} jobs did not run, {found.again} ran twice")
    return found


def _line(queue: Queue, process: subprocess.Popen[bytes], errors: IO[bytes]) -> bytes:
    assert process.stdout is not None
    if line := process.stdout.readline():
        return bytes(line)
    errors.seek(0)
    said = errors.read().decode(errors="replace").strip().splitlines()
    raise _broken(queue, said[-1] if said else "it ended without a word")


def _broken(queue: Queue, reason: str) -> Broken | Wrong:
    return Wrong(f"our worker: {reason}") if queue is OURS else Broken(reason)
