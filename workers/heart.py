"""Renewing leases from a thread of its own: a plugin that blocks the event loop keeps its lease."""

import threading
import time
from collections.abc import Callable

import structlog
from redis import Redis
from redis.exceptions import RedisError

from actions.database import Script
from workers.claims import LEASE_SECONDS

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_BEATS = 3
"""Renewals in the time of a lease."""
_RENEW = Script.load("workers.scripts", "renew")


class Heart(threading.Thread):
    """Beats until it is stopped; it holds each job no longer than the job's own time."""

    def __init__(self, url: str, queue: str, token: str, lost: Callable[[str], None]) -> None:
        """Call `lost` from this thread with each job whose lease is another's by now."""
        super().__init__(name=f"heart {queue}", daemon=True)
        self._redis = Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        self._renew = self._redis.register_script(_RENEW.text)
        self._queue = queue
        self._token = token
        self._lost = lost
        self._held: dict[str, float] = {}
        self._over = threading.Event()

    def hold(self, job_id: str, seconds: float) -> None:
        """Renew a job's lease, for so many seconds at most."""
        self._held[job_id] = time.monotonic() + seconds

    def drop(self, job_id: str) -> None:
        """Let a job's lease end by itself."""
        self._held.pop(job_id, None)

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
        held = [job_id for job_id, until in self._held.copy().items() if now < until]
        if not held:
            return
        args: list[str | int] = [self._token, int(LEASE_SECONDS * 1000), *held]
        for job_id in self._renew(keys=[self._queue], args=args):
            self._lost(job_id.decode())
