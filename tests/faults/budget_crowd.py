"""Processes that share the budgets of a simulator's stores, and the simulator's own book."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from actions.database import Database
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from tests.faults.budget_caller import Setup
from workers.children import guarded

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds after which what was waited for will not come."""
_LOOK_SECONDS = 0.005


class Member:
    """One process."""

    def __init__(self, guard: subprocess.Popen[bytes]) -> None:
        self._guard = guard
        self._pid = 0

    async def ready(self) -> None:
        """Wait until it does what it was started for."""
        assert self._guard.stdout
        self._pid = int(await asyncio.to_thread(self._guard.stdout.readline))

    async def kill(self) -> float:
        """`kill -9`, and wait until it is gone; return the moment."""
        os.kill(self._pid, signal.SIGKILL)
        at = time.monotonic()
        await asyncio.to_thread(self._guard.wait)
        return at

    def end(self) -> None:
        """Have it end, kindly or not."""
        assert self._guard.stdin
        assert self._guard.stdout
        self._guard.stdin.close()
        self._guard.wait()
        self._guard.stdout.close()


class Crowd:
    """The processes, and who judges them."""

    def __init__(self, simulator: Simulator, redis_url: str) -> None:
        self.simulator = simulator
        self._redis_url = redis_url
        self._members: list[Member] = []

    async def join(self, *retailers: str, ahead: float = 0.0, **setup: Any) -> list[Member]:
        """Start a process for each of these retailers, and wait until they are at it."""
        joined = [self._start(retailer, ahead, setup) for retailer in retailers]
        self._members += joined
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(one.ready() for one in joined))
        return joined

    def statuses(self, retailer: str = "kowhai") -> list[int]:
        """The status of every request for a retailer."""
        return [
            one.status for one in self.simulator.stage.ledger.requests if one.retailer == retailer
        ]

    def ended(self, retailer: str = "kowhai") -> list[int]:
        """How many calls each window that is over has let through."""
        ended = self.simulator.stage.limits.ended
        return [one["used"] for one in ended if one["retailer"] == retailer]

    async def comes(self, condition: Callable[[], object]) -> float:
        """Wait until something is so; return when that was seen."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - a book tells nobody
                await asyncio.sleep(_LOOK_SECONDS)
        return time.monotonic()

    def left(self) -> None:
        """Have all end."""
        for one in self._members:
            one.end()

    def _start(self, retailer: str, ahead: float, setup: dict[str, Any]) -> Member:
        told = Setup(
            redis_url=self._redis_url,
            url=f"{self.simulator.url(retailer)}/api/2026-07/outlets",
            retailer=retailer,
            token=self.simulator.personal_token(retailer),
            pace=self.simulator.options.time_scale,
            **setup,
        )
        command = (sys.executable, "-m", "tests.faults.budget_caller")
        path = f"{ROOT / 'tests' / 'faults' / 'clock'}:{ROOT}" if ahead else str(ROOT)
        guard = subprocess.Popen(  # noqa: S603 - our own command line
            guarded([*command, msgspec.json.encode(told).decode()]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the shell says what we have killed
            start_new_session=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, "CLOCK_AHEAD": str(ahead)},
        )
        return Member(guard)


@asynccontextmanager
async def gathered(redis_url: str, **options: Any) -> AsyncIterator[Crowd]:
    """A crowd before a simulator; at the end all have left, and the simulator had no bug."""
    async with Simulator(Options(**({"products": 1, "registers": 1} | options))) as simulator:
        crowd = Crowd(simulator, redis_url)
        try:
            yield crowd
        finally:
            await asyncio.to_thread(crowd.left)
    assert simulator.bugs == []


async def aged(database: Database) -> None:
    """Let Redis have kept budgets for long."""
    await database.do("SET", "backroom:budgets:since", 0)
