"""Workers as an operator runs them: started, killed, told to leave, started again."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from tests.end_to_end.conftest import Process
from tests.faults.ledger import Ledger

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds after which what was waited for will not come."""
_LOOK_SECONDS = 0.005


class Worker:
    """A worker process; its guard ends it should we die."""

    def __init__(self, log: Path, environ: dict[str, str], folder: Path) -> None:
        self.pid = 0
        self._process = Process("worker", log, environ, folder)

    async def ready(self) -> Self:
        """Wait until it works."""
        self.pid = (await asyncio.to_thread(self._process.line, "worker.ready"))["pid"]
        return self

    async def kill(self) -> float:
        """`kill -9`, and wait until it is gone; return the moment."""
        os.kill(self.pid, signal.SIGKILL)
        at = time.monotonic()
        await asyncio.to_thread(self._process.stop)
        return at

    async def leave(self) -> int:
        """SIGTERM, and wait until it is gone; return its exit code."""
        return await asyncio.to_thread(self._process.stop)

    async def gone(self) -> int:
        """Wait until it is gone by itself; return its exit code."""
        while (code := self._process.code()) is None:  # noqa: ASYNC110 - processes tell nobody
            await asyncio.sleep(_LOOK_SECONDS)
        return code


class Crew:
    """The workers of one Redis, all with the same plugin and ledger."""

    def __init__(self, environ: dict[str, str], plugin: str, folder: Path) -> None:
        self.ledger = Ledger(folder / f"{plugin}.ledger")
        self._folder = folder
        self._environ = {
            **os.environ,
            **environ,
            "PYTHONPATH": str(ROOT),
            "PLUGINS": f"tests.faults.{plugin}",
            "PLUGINS_OFF": "*",
            f"{plugin.upper()}_LEDGER": str(self.ledger.file),
        }
        self._started: list[Worker] = []

    def launch(self, **more: str) -> Worker:
        """Start a worker, and do not wait for it."""
        log = self._folder / f"worker-{len(self._started)}.log"
        worker = Worker(log, {**self._environ, **more}, self._folder)
        self._started.append(worker)
        return worker

    async def start(self, number: int) -> list[Worker]:
        """Start workers and wait until they work."""
        return list(await asyncio.gather(*(self.launch().ready() for _ in range(number))))

    async def at_work(self, worker: Worker) -> None:
        """Wait until a worker is in the middle of something."""
        async with asyncio.timeout(PATIENCE):
            while not self.ledger.read().in_hand(worker.pid):  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(_LOOK_SECONDS)

    async def dismissed(self) -> None:
        """Tell all to leave that have not."""
        await asyncio.gather(*(worker.leave() for worker in self._started))


@asynccontextmanager
async def hired(environ: dict[str, str], plugin: str, folder: Path) -> AsyncIterator[Crew]:
    """A crew; at the end all of it has left."""
    crew = Crew(environ, plugin, folder)
    try:
        yield crew
    finally:
        await crew.dismissed()
