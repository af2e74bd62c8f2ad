"""The engine: arq's worker on leases. It keeps arq's keys, job format and life cycle.

What it does otherwise: one round trip ends what has ended and claims what there is room for; it
is woken instead of asking; a killed worker's jobs run again after one lease; what it cannot run it
puts back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import TYPE_CHECKING, cast

import msgspec
import structlog
from arq import Worker, func

from actions.database import Database
from actions.listening import cancelled
from workers import queue, strays
from workers.claims import PLAIN, Claimed, Claims, Effects, Ending, Turn
from workers.heart import Claim, Heart
from workers.run import Functions, Run, Verdict
from workers.traffic import SLICE, Traffic
from workers.wake import listen

if TYPE_CHECKING:
    from arq.typing import WorkerCoroutine

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


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
        self._traffic = Traffic(Claims(database, queue_name, effects), self._landed)
        self._heart = Heart(url, queue_name, self.tasks, self._stop)
        self._listening: asyncio.Task[None] | None = None
        self._runs: dict[str, Run] = {}
        self._waiting: list[Run] = []
        self._busy = self._begun = self._suspects = 0

    async def main(self) -> None:
        """Work until told to stop and done; with `burst`, until the queue is empty."""
        self._heart.start()
        name = self.queue_name
        self._listening = asyncio.create_task(
            listen(self.pool, name, self._traffic.look), name=f"wake {name}"
        )
        while not self._is_over():
            if self._traffic.is_away:
                await self._traffic.pause()
            elif self._traffic.take_off(self._free(), self._room_for_suspects()) or self._begin():
                await asyncio.sleep(0)  # what was sent is on its way before more is begun
            else:
                await self._traffic.rest()

    def stop(self) -> None:
        """Claim nothing more: `main` returns once what runs has ended."""
        self.allow_pick_jobs = False
        self._traffic.look()

    def hand_back(self) -> None:
        """Cut short what runs: other workers begin it anew at once."""
        for job_id, task in self.tasks.items():
            self._runs[job_id].stopped = self._runs[job_id].stopped or "handed back"
            task.cancel()
        waiting, self._waiting = self._waiting, []
        for run in waiting:
            run.end(0.0)
            self._forget(run)

    async def close(self) -> None:
        """Hand back what still runs, and leave."""
        self.stop()
        self.hand_back()
        if self._listening is not None:
            await cancelled(self._listening)
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        for run in self._runs.values():
            run.end(0.0)  # one that was cancelled before its first step
        try:
            await self._traffic.close()
        finally:
            await asyncio.to_thread(self._heart.stop)
            await self.pool.aclose()

    def ended(self, run: Run, ending: Ending) -> None:
        """Take note that a run is over; it leaves with the next turn, and is ours until then."""
        self._busy -= 1
        self._suspects -= run.is_suspect
        if run.is_lost:
            self._heart.drop(run.claimed.key)
            ending.told.set_result(None)
            return
        self.held(run, inf)
        self._traffic.end(ending)

    def held(self, run: Run, seconds: float) -> None:
        """Keep a run's lease for so many seconds from now at most."""
        self._heart.hold(run.claimed.key, seconds)

    def _landed(self, turn: Turn, ends: Sequence[Ending]) -> None:
        """Let go of what has ended, and take what is claimed."""
        for one in ends:
            self._heart.drop(one.claimed.key)
        for claimed in turn.claimed:
            self._take(claimed)
        for job_id, why in turn.lost:
            log.warning("job.lost", job_id=job_id, reason=why)
        if turn.trouble:
            log.warning("worker.waits", reason=f"Redis refuses to serve: {turn.trouble[:100]}")

    def _take(self, claimed: Claimed) -> None:
        run = Run(claimed, self)
        self._busy += 1
        self._begun += 1
        self._suspects += run.is_suspect
        self._runs[run.job_id] = run
        self._waiting.append(run)
        self.held(run, self.job_timeout_s)

    def _begin(self) -> bool:
        """Begin some of what is claimed."""
        for run in self._waiting[:SLICE]:
            self.tasks[run.job_id] = asyncio.create_task(self._run(run))
        begun, self._waiting = bool(self._waiting), self._waiting[SLICE:]
        return begun

    def _free(self) -> int:
        if not self.allow_pick_jobs:
            return 0
        free = self.max_jobs - self._busy - self._traffic.asked
        if self.burst and self.max_burst_jobs >= 0:
            free = min(free, self.max_burst_jobs - self._begun - self._traffic.asked)
        return max(free, 0)

    def _room_for_suspects(self) -> int:
        """Return 1 where none runs here and none may be on its way."""
        return 0 if self._suspects or self._traffic.asked else 1

    def _is_over(self) -> bool:
        """Say whether nothing runs and nothing more is to be begun."""
        if self._runs or not self._traffic.is_quiet:
            return False
        if not (self.burst and self.allow_pick_jobs):
            return not self.allow_pick_jobs
        return self._traffic.is_empty or 0 <= self.max_burst_jobs <= self._begun

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
            del self._runs[run.job_id]
            self.tasks.pop(run.job_id, None)
            self._traffic.look()

    def _stop(self, claim: Claim, why: Verdict) -> None:
        """Cut a run short; unless its lease is lost, it may still say how it ended."""
        run = self._runs.get(claim[0])
        if run is None or run.claimed.key != claim or run.ending is not None:
            return
        if why == "lost":
            log.warning("job.lost", job_id=run.job_id, reason="its lease went to another worker")
        if why == run.stopped == "late":  # it does not heed being cancelled: it costs no slot more
            run.stopped = "lost"
            run.end()
            self._forget(run)
            return
        run.stopped = why
        if run.job_id in self.tasks:
            self.tasks[run.job_id].cancel()
