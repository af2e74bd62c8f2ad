"""What every queue runs: a job that does nothing but be counted, once for each of its runs.

    python -m tests.benchmarks.queues.NAME work URL FILL WARM TOTAL
    python -m tests.benchmarks.queues.NAME pace URL FIRST COUNT MILLISECONDS
    python -m tests.benchmarks.queues.NAME hold URL COUNT

`work` enqueues the jobs 0 to FILL - 1 and is the worker that runs them. It prints a line when
WARM of them have run, and one with a report when TOTAL have: others may enqueue the rest.
`pace` enqueues COUNT jobs from FIRST on, one every so many MILLISECONDS.
`hold` runs COUNT jobs at once that never end, and prints a line when all have begun.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
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

_AT_ONCE = 100
_PATIENCE_SECONDS = 30.0
_DEADLINE_SECONDS = 300
_MORE_SECONDS = 0.3
"""How long it waits for jobs that run once more than they should."""


class Ledger:
    """Counts the runs of each job and how long each waited."""

    def __init__(self, warm: int, total: int) -> None:
        self.is_warm = asyncio.Event()
        self.is_full = asyncio.Event()
        self.warm = warm
        self._total = total
        self._runs = 0
        self._seen: set[int] = set()
        self._waits: list[float] = []
        self._began = self._ended = 0.0

    async def run(self, number: int, enqueued: float) -> None:
        """Be the job."""
        self._ended = time.monotonic()
        self._runs += 1
        self._seen.add(number)
        if self._runs > self.warm:
            self._waits.append(self._ended - enqueued)
        elif self._runs == self.warm:
            self._began = self._ended
            self.is_warm.set()
        if len(self._seen) == self._total:
            self.is_full.set()

    async def hold(self, number: int, enqueued: float) -> None:
        """Be a job that never ends."""
        await self.run(number, enqueued)
        await asyncio.Event().wait()

    async def report(self) -> dict[str, object]:
        """Wait until every job has run or none does any more, and say what happened."""
        while not self.is_full.is_set() and time.monotonic() - self._ended < _PATIENCE_SECONDS:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.is_full.wait(), 1.0)
        rate = (self._runs - self.warm) / max(self._ended - self._began, 1e-9)
        await asyncio.sleep(_MORE_SECONDS)
        lost = self._total - len(self._seen)
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


async def _pace(enqueuing: Enqueuing, url: str, first: int, count: int, step: int) -> None:
    async with enqueuing(url) as add:
        began = time.monotonic()
        for number in range(count):
            await asyncio.sleep(began + number * step / 1000 - time.monotonic())
            await add(first + number, time.monotonic())


async def _hold(enqueuing: Enqueuing, working: Working, url: str, count: int) -> None:
    ledger = Ledger(count, count)
    await _fill(enqueuing, url, count)
    await _start(working, url, ledger, ledger.hold, count)
    await asyncio.Event().wait()


async def _work(
    enqueuing: Enqueuing, working: Working, url: str, fill: int, warm: int, total: int
) -> None:
    ledger = Ledger(warm, total)
    await _fill(enqueuing, url, fill)
    await _start(working, url, ledger, ledger.run, _AT_ONCE)
    print(json.dumps(await ledger.report()), flush=True)
    await asyncio.Event().wait()


async def _fill(enqueuing: Enqueuing, url: str, count: int) -> None:
    async with enqueuing(url) as add:
        for first in range(0, count, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, count))
            await asyncio.gather(*(add(number, time.monotonic()) for number in numbers))


async def _start(working: Working, url: str, ledger: Ledger, run: Run, slots: int) -> None:
    asyncio.ensure_future(working(url, run, slots)).add_done_callback(_broken)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await ledger.is_warm.wait()
    except TimeoutError:
        sys.exit(f"its first {ledger.warm:,} jobs did not run within {_PATIENCE_SECONDS:g} s")
    print("warm", flush=True)
    # Workers have their own ways to end, some of them slow; nothing is left to be done here.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)


def _broken(work: asyncio.Future[None]) -> None:
    """No worker ends before it is told to."""
    print(repr(work.exception()), file=sys.stderr, flush=True)
    os._exit(1)
