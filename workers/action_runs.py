"""Actions' jobs on a worker: run once, and what became of them recorded."""

import asyncio
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from actions.action import Action
from actions.catalog import named
from actions.client import Client
from actions.database import Script
from actions.errors import BackroomError, OutcomeUnknown, RateLimited, TryLater
from actions.exchange import Lane
from actions.permit import Permit
from workers import keys
from workers.action_jobs import NO_LINE, OVER_STATES, ActionJobs, Words, lane_of
from workers.line import Line
from workers.queue import RUNNING_PREFIX
from workers.retry import ACTION, Decision, GiveUp, Wait, decide
from workers.run import Run

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_BEGIN: Final = Script.load("workers.scripts", "begin")
_PATIENCE_SECONDS: Final = 0.5
"""A job waits so long for its permit; then it waits in the queue, where it holds nothing."""
_CUT: Final = "It was under way."
_results = msgspec.json.Encoder(decimal_format="number")


class _Begun(Struct, frozen=True):
    job_id: str
    action: Action[Any]
    retailer: str
    attempts: int
    keep: int
    lane: Lane
    was_running: bool

    @property
    def facts(self) -> dict[str, Any]:
        """What every line about it says."""
        name = self.action.operation.name
        return {"job_id": self.job_id, "action": name, "retailer": self.retailer}


class ActionRuns:
    """Runs the jobs of the actions queue."""

    def __init__(self, jobs: ActionJobs, client: Client, line: Line | None = None) -> None:
        """Where a `line` is given it is told of each job that leaves the queue."""
        self._jobs = jobs
        self._client = client
        self._line = line

    async def run(self, run: Run) -> None:
        """Run a job once, and record what became of it.

        Raises:
            CannotOpen, NoSuchAction: nothing was recorded; run it again later.
        """
        begun = self._begun(run)
        if begun is None:
            return
        try:
            await self._called(run, begun)
        except BackroomError as error:
            await self._failed(run, begun, error)
        except asyncio.CancelledError:
            if run.is_cancelled:
                run.end(
                    None, *self._jobs.cancelling(begun.job_id, begun.retailer, begun.keep, _CUT)
                )
            raise

    async def _called(self, run: Run, begun: _Begun) -> None:
        if run.is_poison:
            raise _deadly(begun, run.deaths)
        if begun.was_running and not begun.action.operation.repeatable:
            raise _left_open(begun)
        permit = await self._permit(begun)
        if not await self._begin(run):
            permit.unsent()
            return  # it runs elsewhere by now
        result = await self._client.call(
            begun.action, begun.retailer, lane=begun.lane, patience=_PATIENCE_SECONDS, permit=permit
        )
        sealed = self._jobs.vault.seal(_results.encode(result), f"result {begun.job_id}")
        facts = ("state", "done", "result", sealed, "error", "", "message", "")
        if await run.end(None, begun.job_id, begun.keep, begun.retailer, NO_LINE, *facts):
            log.info("action.done", **begun.facts)

    async def _permit(self, begun: _Begun) -> Permit:
        try:
            return await self._client.permit(
                begun.action, begun.retailer, lane=begun.lane, patience=_PATIENCE_SECONDS
            )
        finally:
            if self._line is not None and begun.lane == "bulk":
                self._line.passed(begun.retailer)

    def _begun(self, run: Run) -> _Begun | None:
        """Open what was enqueued, or return None where it is over."""
        action, retailer, parameters, state, attempts, keep, lane = run.brought or [None] * 7
        if action is None or state in OVER_STATES:
            return None
        job_id: str = run.args[0]
        opened = self._jobs.vault.open(parameters, f"parameters {job_id}")
        return _Begun(
            job_id,
            msgspec.msgpack.decode(opened, type=named(action.decode())),
            retailer.decode(),
            int(attempts),
            int(keep),
            lane_of(lane),
            state == b"running",
        )

    async def _begin(self, run: Run) -> bool:
        """Note that it runs before it runs, so that a write cut short is not sent twice.

        It is noted last, for what cannot be opened here has not run; and only while its lease is
        ours, for else it runs elsewhere by now.
        """
        names = (keys.action_job(run.args[0]), f"{RUNNING_PREFIX}{run.job_id}")
        return bool(await self._jobs.database.run(_BEGIN, names, [run.claimed.owner]))

    async def _failed(self, run: Run, begun: _Begun, error: BackroomError) -> None:
        decision = GiveUp() if run.is_poison else decide(error, begun.attempts + 1, ACTION)
        words, keep, after = self._told(begun, error, decision), -1, None
        if isinstance(decision, GiveUp):
            keep = begun.keep
        else:
            after = decision.after
        line = NO_LINE
        is_told = isinstance(error, RateLimited | TryLater)
        if after is not None and is_told and begun.lane == "bulk":
            line = int(after * 1000)
        if not await run.end(after, begun.job_id, keep, begun.retailer, line, *words):
            return
        if after is None:
            log.error("action.failed", error=type(error).__name__, **begun.facts)
        else:
            log.warning("action.waited", error=type(error).__name__, after=after, **begun.facts)

    def _told(self, begun: _Begun, error: BackroomError, decision: Decision) -> Words:
        state = "failed" if isinstance(decision, GiveUp) else "waiting"
        attempts = begun.attempts + (not isinstance(decision, Wait))
        message = self._jobs.vault.seal(str(error).encode(), f"message {begun.job_id}")
        facts = ("state", state, "error", type(error).__name__, "message", message)
        return (*facts, "attempts", attempts)


def _deadly(begun: _Begun, deaths: int) -> BackroomError:
    said = f"its worker ended during each of its last {deaths} runs, so it is not run again."
    return OutcomeUnknown(begun.action.operation.name, begun.retailer, said)


def _left_open(begun: _Begun) -> OutcomeUnknown:
    said = "its worker ended while it was under way: look whether it was done."
    return OutcomeUnknown(begun.action.operation.name, begun.retailer, said)
