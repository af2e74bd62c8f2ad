"""Renewing leases from a thread of its own: a plugin that blocks the event loop keeps its lease."""

import os
import threading
import time
from collections.abc import Callable
from typing import Final, TypeAlias

import structlog
from redis import Redis
from redis.exceptions import RedisError

from actions.database import Script
from workers.claims import LEASE_SECONDS
from workers.run import Verdict

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Soon: TypeAlias = Callable[..., None]
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
        self, url: str, queue: str, soon: Soon, stop: Callable[[str, Verdict], None]
    ) -> None:
        """Have `stop` called, by way of `soon`, with what is to be stopped and why.

        `soon` has something called on the event loop; it is called from this thread.
        """
        super().__init__(name=f"heart {queue}", daemon=True)
        self._redis = Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        self._renew = self._redis.register_script(_RENEW.text)
        self._queue = queue
        self._soon = soon
        self._stop_run = stop
        self._held: dict[str, tuple[str, float]] = {}
        self._turned = time.monotonic()
        self._over = threading.Event()

    def hold(self, job_id: str, owner: str, seconds: float) -> None:
        """Renew a job's lease, for so many seconds at most."""
        self._held[job_id] = (owner, time.monotonic() + seconds)

    def drop(self, job_id: str, owner: str) -> None:
        """Let a job's lease end by itself."""
        if self._held.get(job_id, ("", 0))[0] == owner:
            del self._held[job_id]

    def run(self) -> None:
        """Beat."""
        while not self._over.wait(LEASE_SECONDS / _BEATS):
            try:
                self._beat()
            except (RedisError, OSError) as error:
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
        over = [job_id for job_id, (_, until) in held.items() if until <= now]
        if over and now - self._turned > _STUCK_SECONDS:
            self._leave(over)
        args: list[str | int] = [int(LEASE_SECONDS * 1000)]
        for job_id, (owner, until) in held.items():
            if now < until:
                args += (job_id, owner)
        if len(args) > 1:
            lost, cancelled = self._renew(keys=[self._queue], args=args)
            for job_id in lost:
                self._soon(self._stop_run, job_id.decode(), "lost")
            for job_id in cancelled:
                self._soon(self._stop_run, job_id.decode(), "cancelled")
        for job_id in over:
            self._soon(self._stop_run, job_id, "late")

    def _note_turn(self) -> None:
        """Called on the event loop: it is alive."""
        self._turned = time.monotonic()

    def _leave(self, over: list[str]) -> None:
        """End the process: its event loop is gone, and whoever starts workers starts another."""
        blamed = sorted(over)[:5]
        log.error("worker.stuck", jobs=blamed, blocked=round(time.monotonic() - self._turned, 1))
        os._exit(EXIT_STUCK)
