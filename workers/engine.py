"""The engine: arq's worker on leases. It keeps arq's keys, job format and life cycle.

What it does otherwise: it claims all that fits in one round trip and is woken instead of asking;
a killed worker's jobs run again after one lease; what it cannot run it puts back.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import msgspec
import structlog
from arq import Worker, func
from arq.jobs import SerializationError, deserialize_job_raw
from redis.exceptions import RedisError

from actions.database import Database
from actions.errors import BackroomError, DatabaseAway
from workers import queue
from workers.claims import MOST_AT_ONCE, Claimed, Claims
from workers.heart import Heart
from workers.logs import where

if TYPE_CHECKING:
    from arq.typing import WorkerCoroutine

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Functions: TypeAlias = Mapping[str, Callable[..., Awaitable[float | None]]]
"""By name: each returns after how many seconds its job runs again, or None when it is over."""

_LOOK_SECONDS = 1.0
"""How often it looks without being woken."""
_UNKNOWN_SECONDS = 30.0
_UNREADABLE_SECONDS = 600.0
_OVERDUE_SECONDS = 60.0
_MOST_PAUSE = 1.0
_CANCEL_SECONDS = 0.1


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends: redis-py swallows a cancellation that comes as it connects."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_CANCEL_SECONDS)


class Engine(Worker):
    """One queue's worker."""

    def __init__(  # noqa: PLR0913 - what a queue's worker is made of
        self,
        url: str,
        database: Database,
        queue_name: str,
        functions: Functions,
        *,
        longest: float,
        max_jobs: int,
        burst: bool,
    ) -> None:
        """Run the jobs of a queue, `max_jobs` at once, each for `longest` seconds at most."""
        super().__init__(
            functions=[
                func(cast("WorkerCoroutine", run), name=name) for name, run in functions.items()
            ],
            redis_pool=queue.pool(url),
            queue_name=queue_name,
            burst=burst,
            max_jobs=max_jobs,
            handle_signals=False,
            keep_result=0,
            job_timeout=longest,
            job_serializer=msgspec.msgpack.encode,
            job_deserializer=queue.decode,
        )
        self._functions = functions
        self._begun = 0
        self._claims = Claims(database, queue_name)
        self._heart = Heart(url, queue_name, self._claims.token, self._lose_soon)
        self._listening: asyncio.Task[None] | None = None
        self._awake = asyncio.Event()
        self._lost: set[str] = set()

    async def main(self) -> None:
        """Work until cancelled; with `burst`, until the queue is empty."""
        self._heart.start()
        self._listening = asyncio.create_task(self._listen(), name=f"wake {self.queue_name}")
        while not (self.burst and await self._is_burst_over()):
            await self._turn()

    async def close(self) -> None:
        """Hand back what still runs, and leave."""
        for task in self.tasks.values():
            task.cancel()
        if self._listening is not None:
            await cancelled(self._listening)
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        await asyncio.to_thread(self._heart.stop)
        await self.pool.aclose()

    async def _turn(self) -> None:
        """Claim and start what there is room for, then wait until there may be more."""
        free = min(self.max_jobs - len(self.tasks), MOST_AT_ONCE)
        due: float | None = None
        self._awake.clear()
        if free > 0 and self.allow_pick_jobs:
            try:
                claimed, due = await self._claims.take(free)
            except DatabaseAway as away:
                log.warning("worker.waits", reason=str(away))
                await asyncio.sleep(_MOST_PAUSE)
                return
            for one in claimed:
                self._start(one)
            if len(claimed) == free:
                await asyncio.sleep(0)
                return
        pause = _LOOK_SECONDS if due is None else min(due, _LOOK_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._awake.wait()

    async def _is_burst_over(self) -> bool:
        if 0 <= self.max_burst_jobs <= self._begun:
            await asyncio.gather(*self.tasks.values())
            return True
        return not self.tasks and not await self._claims.waiting()

    def _start(self, claimed: Claimed) -> None:
        task = asyncio.create_task(self._run(claimed), name=claimed.job_id)
        self.tasks[claimed.job_id] = task
        self._begun += 1
        task.add_done_callback(lambda _: self._ended(claimed.job_id))

    def _ended(self, job_id: str) -> None:
        self.tasks.pop(job_id, None)
        self._heart.drop(job_id)
        self._lost.discard(job_id)
        self._awake.set()

    async def _run(self, claimed: Claimed) -> None:
        """Run a job and end its claim, unless the lease was lost meanwhile."""
        try:
            after = await self._outcome(claimed)
        except asyncio.CancelledError:
            if claimed.job_id in self._lost:
                return
            after = 0.0  # handed back: another worker begins it at once
        try:
            await asyncio.shield(self._claims.end(claimed.job_id, after))
        except DatabaseAway as away:
            log.warning("job.not_ended", job_id=claimed.job_id, reason=str(away))

    async def _outcome(self, claimed: Claimed) -> float | None:
        """Run a job. Returns after how many seconds it runs again, or None when it is over."""
        try:
            name, args, kwargs, _, _ = deserialize_job_raw(claimed.job, deserializer=queue.decode)
        except SerializationError:
            log.exception("job.unreadable", job_id=claimed.job_id)
            return _UNREADABLE_SECONDS
        run = self._functions.get(name)
        if run is None:
            log.warning("job.unknown", job_id=claimed.job_id, function=name)
            return _UNKNOWN_SECONDS  # a worker of another version may know it
        self._heart.hold(claimed.job_id, self.job_timeout_s)
        ctx: dict[Any, Any] = {"job_id": claimed.job_id, "job_try": claimed.claims}
        try:
            async with asyncio.timeout(self.job_timeout_s):
                return await run(ctx, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - no job is dropped because we ourselves fail
            after = min(_OVERDUE_SECONDS, 2.0 ** min(claimed.claims, 6))
            reason = str(error) if isinstance(error, BackroomError) else where(error)
            # No traceback: it may quote a payload.
            log.error("job.postponed", job_id=claimed.job_id, error=reason, after=after)  # noqa: TRY400
            return after

    def _lose_soon(self, job_id: str) -> None:
        """Called by the heart's thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self._lose, job_id)

    def _lose(self, job_id: str) -> None:
        """Stop a job whose lease is another worker's by now: it runs there."""
        task = self.tasks.get(job_id)
        if task is not None:
            log.warning("job.lost", job_id=job_id)
            self._lost.add(job_id)
            task.cancel()

    async def _listen(self) -> None:
        """Be woken by whoever enqueues; the look once a second is the net under it."""
        while True:
            try:
                async with self.pool.pubsub() as channel:
                    await channel.subscribe(f"{self.queue_name}:wake")
                    self._awake.set()
                    while True:
                        if await channel.get_message(ignore_subscribe_messages=True, timeout=5.0):
                            self._awake.set()
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(_MOST_PAUSE)
