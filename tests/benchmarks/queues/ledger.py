"""What every queue runs: a job that does nothing but be counted, once for each of its runs.

    python -m tests.benchmarks.queues.NAME work URL FILL MORE
    python -m tests.benchmarks.queues.NAME pace URL COUNT MILLISECONDS
    python -m tests.benchmarks.queues.NAME hold URL COUNT

`work` is a worker that starts on an empty queue and is warmed by a few jobs. FILL jobs then pile
up before a gate, and run when it opens. It prints a line, and one with a report when MORE jobs of
others have run, too. `pace` enqueues those, one every so many MILLISECONDS.
`hold` runs COUNT jobs at once that never end, and prints a line when all have begun.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import uvloop

Run: TypeAlias = Callable[[int, float], Awaitable[None]]
"""Is the job: its number, and the moment when it was enqueued."""
Add: TypeAlias = Callable[[int, float], Awaitable[object]]
"""Enqueues a job."""
Enqueuing: TypeAlias = Callable[[str], AbstractAsyncContextManager[Add]]
"""Opens a queue at a Redis URL."""
Working: TypeAlias = Callable[[str, Run, int], Awaitable[None]]
"""Runs the jobs of the queue at a Redis URL, so many at once, for as long as it is let."""

_WARM = 50
_AT_ONCE = 100
_UNCLOCKED = 5
"""The clock starts at this fraction of those that piled up: some are in the worker by then."""
_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.02
_DEADLINE_SECONDS = 300
_MORE_SECONDS = 0.3
"""How long it waits for jobs that run once more than they should."""


class Ledger:
    """Counts the runs of each job and how long each waited."""

    def __init__(self, fill: int, more: int) -> None:
        self.total = _WARM + fill + more
        self.gate = asyncio.Event()
        self.gate.set()
        self._clocked = _WARM + fill // _UNCLOCKED
        self._runs = 0
        self._seen: set[int] = set()
        self._waits: list[float] = []
        self._began = self._ended = time.monotonic()

    async def run(self, number: int, enqueued: float) -> None:
        """Be the job."""
        await self.gate.wait()
        self._ended = time.monotonic()
        self._runs += 1
        self._seen.add(number)
        if self._runs > self._clocked:
            self._waits.append(self._ended - enqueued)
        elif self._runs == self._clocked:
            self._began = self._ended

    async def hold(self, number: int, enqueued: float) -> None:
        """Be a job that never ends."""
        await self.run(number, enqueued)
        await asyncio.Event().wait()

    async def until(self, count: int) -> bool:
        """Wait until so many jobs have run; False if none does any more."""
        since = time.monotonic()
        while len(self._seen) < count:
            if time.monotonic() - max(since, self._ended) > _PATIENCE_SECONDS:
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    async def report(self) -> dict[str, object]:
        """Say what happened, once all have run."""
        await self.until(self.total)
        rate = len(self._waits) / max(self._ended - self._began, 1e-9)
        await asyncio.sleep(_MORE_SECONDS)
        lost = self.total - len(self._seen)
        again = self._runs - len(self._seen)
        return {"lost": lost, "again": again, "rate": rate, "waits": self._waits}


def main(enqueuing: Enqueuing, working: Working) -> None:
    """Do what the command line says."""
    signal.alarm(_DEADLINE_SECONDS)  # whatever hangs
    what, url, *rest = sys.argv[1:]
    numbers = [int(number) for number in rest]
    if what == "pace":
        uvloop.run(_pace(enqueuing, url, *numbers))
    elif what == "hold":
        uvloop.run(_hold(enqueuing, working, url, *numbers))
    else:
        uvloop.run(_work(enqueuing, working, url, *numbers))


async def _work(enqueuing: Enqueuing, working: Working, url: str, fill: int, more: int) -> None:
    ledger = Ledger(fill, more)
    worker = _started(working(url, ledger.run, _AT_ONCE))
    async with enqueuing(url) as add:
        await _add(add, range(_WARM))
        await _warmed(ledger, _WARM)
        ledger.gate.clear()
        await _add(add, range(_WARM, _WARM + fill))
        ledger.gate.set()
    _ready()
    print(json.dumps(await ledger.report()), flush=True)
    await worker


async def _pace(enqueuing: Enqueuing, url: str, count: int, step: int) -> None:
    async with enqueuing(url) as add:
        began = time.monotonic()
        for number in range(count):
            await asyncio.sleep(began + number * step / 1000 - time.monotonic())
            await add(_WARM + number, time.monotonic())


async def _hold(enqueuing: Enqueuing, working: Working, url: str, count: int) -> None:
    ledger = Ledger(count, 0)
    worker = _started(working(url, ledger.hold, count))
    async with enqueuing(url) as add:
        await _add(add, range(count))
        await _warmed(ledger, count)
    _ready()
    await worker


def _started(work: Awaitable[None]) -> asyncio.Future[None]:
    worker = asyncio.ensure_future(work)
    worker.add_done_callback(_broken)
    return worker


async def _add(add: Add, numbers: Sequence[int]) -> None:
    for first in range(0, len(numbers), _AT_ONCE):
        some = numbers[first : first + _AT_ONCE]
        await asyncio.gather(*(add(number, time.monotonic()) for number in some))


async def _warmed(ledger: Ledger, count: int) -> None:
    if not await ledger.until(count):
        sys.exit(f"its first {count} jobs did not run, and none does any more")


def _ready() -> None:
    print("ready", flush=True)
    # Workers have their own ways to end, some of them slow; nothing is left to be done here.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)


def _broken(work: asyncio.Future[None]) -> None:
    """No worker ends before it is told to."""
    print(repr(work.exception()), file=sys.stderr, flush=True)
    os._exit(1)
