"""The engine: arq's worker on leases. It keeps arq's keys, job format and life cycle.

What it does otherwise: one round trip ends what has ended and claims what there is room for; it
is woken instead of asking; a killed worker's jobs run again after one lease; what it cannot run it
puts back.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, cast

import msgspec
import structlog
from arq import Worker, func

from actions.database import Database
from actions.errors import DatabaseAway
from workers import queue, strays
from workers.claims import MOST_AT_ONCE, PLAIN, Claimed, Claims, Effects, Ending
from workers.heart import Heart
from workers.run import Functions, Run, Verdict
from workers.signals import cancelled
from workers.wake import listen

if TYPE_CHECKING:
    from arq.typing import WorkerCoroutine

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_LOOK_SECONDS: Final = 2.0
"""How often it looks without being woken."""
_FIRST_PAUSE, _MOST_PAUSE = 0.05, 1.0
"""Between tries while Redis is away."""


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
        effects: Effects = PLAIN,
    ) -> None:
        """Run the jobs of a queue, `max_jobs` at once, each `longest` seconds unless it says so."""
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
        self._claims = Claims(database, queue_name, effects)
        self._heart = Heart(url, queue_name, self._soon, self._stop)
        self._listening: asyncio.Task[None] | None = None
        self._awake = asyncio.Event()
        self._runs: dict[str, Run] = {}
        self._ends: list[Ending] = []
        self._busy = self._begun = self._suspects = 0
        self._pause = _FIRST_PAUSE
        self._is_empty = False

    async def main(self) -> None:
        """Work until told to stop and done; with `burst`, until the queue is empty."""
        self._heart.start()
        name = self.queue_name
        self._listening = asyncio.create_task(
            listen(self.pool, name, self._awake), name=f"wake {name}"
        )
        while not self._is_over():
            await self._turn()

    def stop(self) -> None:
        """Claim nothing more: `main` returns once what runs has ended."""
        self.allow_pick_jobs = False
        self._awake.set()

    def hand_back(self) -> None:
        """Cut short what runs: other workers begin it anew at once."""
        for task in self.tasks.values():
            task.cancel()

    async def close(self) -> None:
        """Hand back what still runs, and leave."""
        self.stop()
        self.hand_back()
        if self._listening is not None:
            await cancelled(self._listening)
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        try:
            while self._ends:
                await self._exchange(0)
        finally:
            await asyncio.to_thread(self._heart.stop)
            await self.pool.aclose()

    def ended(self, run: Run, ending: Ending) -> None:
        """Take note that a run is over; it leaves with the next turn."""
        self._heart.drop(run.job_id, run.claimed.owner)
        self._busy -= 1
        self._suspects -= run.is_suspect
        if run.is_lost:
            ending.told.set_result(None)
            return
        self._ends.append(ending)
        self._awake.set()

    def held(self, run: Run, seconds: float) -> None:
        """Keep a run's lease for so many seconds from now at most."""
        self._heart.hold(run.job_id, run.claimed.owner, seconds)

    async def _turn(self) -> None:
        """End and claim in one round trip, then wait until there may be more to do."""
        self._awake.clear()
        free = self._free()
        due: float | None = None
        if free or self._ends:
            try:
                claimed, due = await self._exchange(free)
            except DatabaseAway as away:
                log.warning("worker.waits", reason=str(away))
                await asyncio.sleep(self._pause)
                self._pause = min(2 * self._pause, _MOST_PAUSE)
                return
            self._pause = _FIRST_PAUSE
            if claimed or self._ends:
                await asyncio.sleep(0)
                return
        await self._rest(due if free else None)

    async def _exchange(self, free: int) -> tuple[int, float | None]:
        """Send what has ended and start what is claimed."""
        ends, self._ends = self._ends[:MOST_AT_ONCE], self._ends[MOST_AT_ONCE:]
        try:
            turn = await self._claims.turn(ends, free, 0 if self._suspects else 1)
        except BaseException:
            self._ends = ends + self._ends
            raise
        for one in turn.claimed:
            self._start(one)
        for job_id, why in turn.lost:
            log.warning("job.lost", job_id=job_id, reason=why)
        if turn.trouble:
            log.warning("worker.waits", reason=f"Redis refuses to serve: {turn.trouble[:100]}")
        self._is_empty = turn.due is None and not turn.claimed
        return len(turn.claimed), turn.due

    async def _rest(self, due: float | None) -> None:
        pause = _LOOK_SECONDS if due is None else min(due, _LOOK_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._awake.wait()

    def _free(self) -> int:
        if not self.allow_pick_jobs:
            return 0
        free = min(self.max_jobs - self._busy, MOST_AT_ONCE)
        if self.burst and self.max_burst_jobs >= 0:
            free = min(free, self.max_burst_jobs - self._begun)
        return max(free, 0)

    def _is_over(self) -> bool:
        """Say whether nothing runs and nothing more is to be begun."""
        if self.tasks or self._ends:
            return False
        if not (self.burst and self.allow_pick_jobs):
            return not self.allow_pick_jobs
        return self._is_empty or 0 <= self.max_burst_jobs <= self._begun

    def _start(self, claimed: Claimed) -> None:
        self._begun += 1
        self._busy += 1
        run = Run(claimed, self)
        self._suspects += run.is_suspect
        self._runs[claimed.job_id] = run
        self._heart.hold(claimed.job_id, claimed.owner, self.job_timeout_s)
        self.tasks[claimed.job_id] = asyncio.create_task(self._run(run))

    async def _run(self, run: Run) -> None:
        """Run a job and end its claim, unless the lease was lost meanwhile."""
        try:
            await self._function(run)(run)
            run.end()
        except asyncio.CancelledError:
            if run.stopped == "late":
                strays.postpone(run, TimeoutError())
            run.end(0.0)  # handed back: another worker begins it at once
        except Exception as error:  # noqa: BLE001 - no job is dropped because we ourselves fail
            strays.postpone(run, error)
        finally:
            self._forget(run)

    def _function(self, run: Run) -> Callable[[Run], Awaitable[None]]:
        try:
            run.read()
        except msgspec.MsgspecError:
            return strays.unreadable
        return self._functions.get(run.function, strays.unknown)

    def _forget(self, run: Run) -> None:
        if self._runs.get(run.job_id) is run:
            del self._runs[run.job_id], self.tasks[run.job_id]
            self._awake.set()

    def _soon(self, call: Callable[..., None], *args: object) -> None:
        """Have something called on the event loop, from another thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(call, *args)

    def _stop(self, job_id: str, why: Verdict) -> None:
        """Cut a run short; unless its lease is lost, it may still say how it ended."""
        run = self._runs.get(job_id)
        if run is None or run.ending is not None:
            return
        if why == "lost":
            log.warning("job.lost", job_id=job_id, reason="its lease went to another worker")
        run.stopped = why
        self.tasks[job_id].cancel()
