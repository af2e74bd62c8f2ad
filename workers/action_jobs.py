"""Actions as jobs: enqueued by anyone, run by a worker, the result kept for whoever asks.

Parameters and results name shoppers, so they stand in Redis sealed.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import msgspec
import structlog
from msgspec import Struct

from actions.action import Action
from actions.catalog import named
from actions.checking import checked
from actions.client import Client
from actions.connections import domain_prefix
from actions.database import Database, Script
from actions.errors import BackroomError, OutcomeUnknown, RateLimited, TryLater
from actions.vault import Vault
from workers import keys
from workers.claims import MOST_AT_ONCE, Effects
from workers.group_commit import GroupCommit
from workers.line import LINE, terms
from workers.plugins import KEEP_SECONDS
from workers.queue import RUN_ACTION, RUNNING_PREFIX, job
from workers.retry import ACTION, Decision, GiveUp, Wait, decide
from workers.run import Run

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

JobState: TypeAlias = Literal["queued", "running", "waiting", "done", "failed", "cancelled"]

OVER_STATES = frozenset({b"done", b"failed", b"cancelled"})
ACTION_EFFECTS = Effects.load("actions", keys=(keys.OVER,))
_ENQUEUE = LINE + Script.load("workers.scripts", "enqueue")
_BEGIN = Script.load("workers.scripts", "begin")
_PATIENCE_SECONDS = 0.5
"""A job waits so long for its permit; then it waits in the queue, where it holds nothing."""
_Words: TypeAlias = tuple[str | bytes | float, ...]
_NO_LINE: _Words = ("", -1)
_results = msgspec.json.Encoder(decimal_format="number")


class NoSuchJob(BackroomError):
    """No job of that id is kept: it never was, or it is over for longer than it was kept."""


def no_such(job_id: str) -> NoSuchJob:
    """Return what says that a job is not known."""
    return NoSuchJob(f"No job {job_id[:60]} is kept: its id is wrong, or it is long over.")


class Job(Struct, frozen=True, kw_only=True):
    """A job as it stands."""

    job_id: str
    action: str
    """The action that was enqueued, or an event's subscriber."""
    retailer: str
    state: JobState
    attempts: int
    """Runs that failed; waits do not count."""
    result: msgspec.Raw | None = None
    """What it answered, as JSON."""
    error: str = ""
    """The class of what went wrong last."""
    message: str = ""


class _Begun(Struct, frozen=True):
    job_id: str
    action: Action[Any]
    retailer: str
    attempts: int
    keep: int
    was_running: bool

    @property
    def facts(self) -> dict[str, Any]:
        """What every line about it says."""
        name = self.action.operation.name
        return {"job_id": self.job_id, "action": name, "retailer": self.retailer}


class ActionJobs:
    """The jobs of the actions queue. Every method is one round trip, but `run`."""

    def __init__(self, database: Database, vault: Vault, *, pace: float = 1.0) -> None:
        """Where a simulator's time passes `pace` times as fast as ours, say so."""
        self.database = database
        self._pace = pace
        self._vault = vault
        self._enqueue = GroupCommit(self._send, MOST_AT_ONCE)

    async def enqueue(self, action: Action[Any], retailer: str, *, keep: int = KEEP_SECONDS) -> str:
        """Put an action into the queue and return the job's id; it is kept `keep` seconds after.

        Calls made at the same time share a round trip.

        Raises:
            BadAction, BadDomainPrefix: nothing was enqueued.
        """
        job_id = secrets.token_hex(12)
        parameters = msgspec.msgpack.encode(checked(action))
        record: dict[str, str | bytes | float] = {
            "action": action.operation.name,
            "retailer": domain_prefix(retailer),
            "parameters": self._vault.seal(parameters, f"parameters {job_id}"),
            "state": "queued",
            "attempts": 0,
            "keep": keep,
        }
        words = [part for pair in record.items() for part in pair]
        name = keys.action_job(job_id)
        await self._enqueue(
            (job_id, job(RUN_ACTION, job_id), record["retailer"], name, len(words), *words)
        )
        return job_id

    async def _send(self, rows: Sequence[_Words]) -> None:
        args = [*terms(self._pace), *(word for row in rows for word in row)]
        await self.database.run(_ENQUEUE, [keys.ACTIONS_QUEUE], args)

    async def get(self, job_id: str) -> Job:
        """Return a job as it stands.

        Raises:
            NoSuchJob: none of that id is kept.
            CannotOpen: it was sealed with a key that is not in `BACKROOM_KEYS`.
        """
        names = ("action", "retailer", "state", "attempts", "result", "error", "message")
        found = await self.database.do("HMGET", keys.action_job(job_id), *names)
        if found[0] is None:
            raise no_such(job_id)
        action, retailer, state, attempts, result, error, message = found
        return Job(
            job_id=job_id,
            action=action.decode(),
            retailer=retailer.decode(),
            state=msgspec.convert(state.decode(), JobState),
            attempts=int(attempts),
            result=msgspec.Raw(self._vault.open(result, f"result {job_id}")) if result else None,
            error=(error or b"").decode(),
            message=self._vault.open(message, f"message {job_id}").decode() if message else "",
        )

    async def run(self, client: Client, run: Run) -> None:
        """Run a job once, and record what became of it.

        Raises:
            CannotOpen, NoSuchAction: nothing was recorded; run it again later.
        """
        begun = self._begun(run)
        if begun is None:
            return
        try:
            await self._called(client, run, begun)
        except BackroomError as error:
            await self._failed(run, begun, error)
        except asyncio.CancelledError:
            if run.is_cancelled:
                run.end(None, *self.cancelling(begun.job_id, begun.keep, "It was under way."))
            raise

    async def _called(self, client: Client, run: Run, begun: _Begun) -> None:
        if run.is_poison:
            raise _deadly(begun, run.deaths)
        if begun.was_running and not begun.action.operation.repeatable:
            raise _left_open(begun)
        permit = await client.permit(
            begun.action, begun.retailer, lane="bulk", patience=_PATIENCE_SECONDS
        )
        if not await self._begin(run):
            permit.unsent()
            return  # it runs elsewhere by now
        result = await client.call(
            begun.action, begun.retailer, lane="bulk", patience=_PATIENCE_SECONDS, permit=permit
        )
        sealed = self._vault.seal(_results.encode(result), f"result {begun.job_id}")
        facts = ("state", "done", "result", sealed, "error", "", "message", "")
        if await run.end(None, begun.job_id, begun.keep, *_NO_LINE, *facts):
            log.info("action.done", **begun.facts)

    def cancelling(self, job_id: str, keep: int, said: str) -> _Words:
        """Return the words that record that a job was cancelled."""
        message = self._vault.seal(said.encode(), f"message {job_id}")
        facts = ("state", "cancelled", "error", "", "message", message)
        return (job_id, keep, *_NO_LINE, *facts)

    def _begun(self, run: Run) -> _Begun | None:
        """Open what was enqueued, or return None where it is over."""
        action, retailer, parameters, state, attempts, keep = run.brought or [None] * 6
        if action is None or state in OVER_STATES:
            return None
        job_id: str = run.args[0]
        opened = self._vault.open(parameters, f"parameters {job_id}")
        return _Begun(
            job_id,
            msgspec.msgpack.decode(opened, type=named(action.decode())),
            retailer.decode(),
            int(attempts),
            int(keep),
            state == b"running",
        )

    async def _begin(self, run: Run) -> bool:
        """Note that it runs before it runs, so that a write cut short is not sent twice.

        It is noted last, for what cannot be opened here has not run; and only while its lease is
        ours, for else it runs elsewhere by now.
        """
        names = (keys.action_job(run.args[0]), f"{RUNNING_PREFIX}{run.job_id}")
        return bool(await self.database.run(_BEGIN, names, [run.claimed.owner]))

    async def _failed(self, run: Run, begun: _Begun, error: BackroomError) -> None:
        decision = GiveUp() if run.is_poison else decide(error, begun.attempts + 1, ACTION)
        words, keep, after = self._told(begun, error, decision), -1, None
        if isinstance(decision, GiveUp):
            keep = begun.keep
        else:
            after = decision.after
        line = _NO_LINE
        if after is not None and isinstance(error, RateLimited | TryLater):
            line = (begun.retailer, int(after * 1000))
        if not await run.end(after, begun.job_id, keep, *line, *words):
            return
        if after is None:
            log.error("action.failed", error=type(error).__name__, **begun.facts)
        else:
            log.warning("action.waited", error=type(error).__name__, after=after, **begun.facts)

    def _told(self, begun: _Begun, error: BackroomError, decision: Decision) -> _Words:
        state = "failed" if isinstance(decision, GiveUp) else "waiting"
        attempts = begun.attempts + (not isinstance(decision, Wait))
        message = self._vault.seal(str(error).encode(), f"message {begun.job_id}")
        facts = ("state", state, "error", type(error).__name__, "message", message)
        return (*facts, "attempts", attempts)


def _deadly(begun: _Begun, deaths: int) -> BackroomError:
    said = f"its worker ended during each of its last {deaths} runs, so it is not run again."
    return OutcomeUnknown(begun.action.operation.name, begun.retailer, said)


def _left_open(begun: _Begun) -> OutcomeUnknown:
    said = "its worker ended while it was under way: look whether it was done."
    return OutcomeUnknown(begun.action.operation.name, begun.retailer, said)
