"""Renewing leases from a thread of its own: a plugin that blocks the event loop keeps its lease."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from math import inf
from typing import Any, Final, TypeAlias

import structlog
from redis import Redis

from actions.database import Script
from workers.claims import LEASE_SECONDS
from workers.run import Verdict

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Claim: TypeAlias = tuple[str, str]
"""A job's id and who has claimed it."""
EXIT_STUCK: Final = 70
"""A worker's exit code when a subscriber never gives the event loop back."""
_BEATS = 3
"""Renewals in the time of a lease."""
_STUCK_SECONDS = 5.0
"""Beyond the time of what blocks the loop."""
_RENEW = Script.load("workers.scripts", "clock", "renew")


class Heart(threading.Thread):
    """Beats until it is stopped; it holds each job no longer than the job's own time."""

    def __init__(
        self,
        url: str,
        queue: str,
        tasks: Mapping[str, asyncio.Task[Any]],
        stop: Callable[[Claim, Verdict], None],
    ) -> None:
        """Have `stop` called on the event loop with what is to be stopped and why.

        `tasks` are those that run jobs, by id.
        """
        super().__init__(name=f"heart {queue}", daemon=True)
        self._redis = Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        self._renew = self._redis.register_script(_RENEW.text)
        self._queue = queue
        self._tasks = tasks
        self._stop_run = stop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._held: dict[Claim, float] = {}
        self._turned = time.monotonic()
        self._over = threading.Event()

    def hold(self, claim: Claim, seconds: float) -> None:
        """Renew a lease, for so many seconds at most."""
        self._held[claim] = time.monotonic() + seconds

    def drop(self, claim: Claim) -> None:
        """Let a lease end by itself, or with the run's recorded end."""
        self._held.pop(claim, None)

    def start(self) -> None:
        """Begin to beat beside the running event loop."""
        self._loop = asyncio.get_running_loop()
        super().start()

    def run(self) -> None:
        """Beat."""
        while not self._over.wait(LEASE_SECONDS / _BEATS):
            try:
                self._beat()
            except Exception as error:  # noqa: BLE001 - MemoryError too: no later beat may lack
                log.debug("worker.heart_missed", error=type(error).__name__)

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        if self.is_alive():
            self.join(LEASE_SECONDS)
        self._redis.close()

    def _beat(self) -> None:
        now = time.monotonic()
        self._soon(self._note_turn)
        held = self._held.copy()
        over = [claim for claim, until in held.items() if until <= now]
        if over and now - self._turned > _STUCK_SECONDS:
            self._leave_if_stuck(held, over)
        args: list[str | int] = [int(LEASE_SECONDS * 1000)]
        owners = dict(held.keys() - over)
        for claim in owners.items():
            args += claim
        if owners:
            lost, cancelled = self._renew(keys=[self._queue], args=args)
            for verdict, ids in (("lost", lost), ("cancelled", cancelled)):
                for job_id in map(bytes.decode, ids):
                    self._soon(self._stop_run, (job_id, owners[job_id]), verdict)
        for claim in over:
            self._soon(self._stop_run, claim, "late")

    def _soon(self, call: Callable[..., None], *args: object) -> None:
        """Have something called on the event loop."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    def _note_turn(self) -> None:
        """Called on the event loop: it is alive."""
        self._turned = time.monotonic()

    def _leave_if_stuck(self, held: Mapping[Claim, float], over: Collection[Claim]) -> None:
        """End the process if its event loop is gone: whoever starts workers starts another.

        A job may have the loop for as long as its own time. Where none of them has it itself, one
        of its tasks may: then the time of all that run must be over.
        """
        has_loop = asyncio.current_task(self._loop)
        blamed = [claim for claim in held if has_loop and self._tasks.get(claim[0]) is has_loop]
        blamed = blamed or [claim for claim, until in held.items() if until < inf]
        if not set(blamed) <= set(over):
            return
        jobs = sorted(job_id for job_id, _ in blamed)[:5]
        log.error("worker.stuck", jobs=jobs, blocked=round(time.monotonic() - self._turned, 1))
        os._exit(EXIT_STUCK)
