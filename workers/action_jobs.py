"""Actions as jobs: enqueued by anyone, run by a worker, the result kept for whoever asks.

Parameters and results name shoppers, so they stand in Redis sealed.
"""

import secrets
from typing import Any, Literal, TypeAlias

import msgspec
import structlog
from msgspec import Struct

from actions.action import Action
from actions.catalog import named
from actions.checking import checked
from actions.client import Client
from actions.connections import domain_prefix
from actions.database import Database
from actions.errors import BackroomError, OutcomeUnknown
from actions.vault import Vault
from workers import keys
from workers.inbox import now_ms
from workers.queue import JOB_PREFIX, RUN_ACTION, job
from workers.retry import Again, Over, Wait, decide_action

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

JobState: TypeAlias = Literal["queued", "running", "waiting", "done", "failed"]

KEEP_SECONDS = 86_400
"""How long a job is kept once it is over, unless asked otherwise."""
_results = msgspec.json.Encoder(decimal_format="number")


class NoSuchJob(BackroomError):
    """No job of that id is kept: it never was, or it is over for longer than it was kept."""


class Job(Struct, frozen=True, kw_only=True):
    """An enqueued action as it stands."""

    job_id: str
    action: str
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
    action: Action[Any]
    retailer: str
    attempts: int
    keep: int
    was_running: bool


class ActionJobs:
    """The jobs of the actions queue. Every method is one round trip, but `run`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self.database = database
        self._vault = vault

    async def enqueue(self, action: Action[Any], retailer: str, *, keep: int = KEEP_SECONDS) -> str:
        """Put an action into the queue and return the job's id; it is kept `keep` seconds after.

        Raises:
            BadAction, BadDomainPrefix: nothing was enqueued.
        """
        job_id = secrets.token_hex(12)
        parameters = msgspec.msgpack.encode(checked(action))
        name = keys.action_job(job_id)
        record: dict[str, str | bytes | float] = {
            "action": action.operation.name,
            "retailer": domain_prefix(retailer),
            "parameters": self._vault.seal(parameters, f"parameters {job_id}"),
            "state": "queued",
            "attempts": 0,
            "keep": keep,
        }
        fields = [part for pair in record.items() for part in pair]
        await self.database.together(
            [
                ("HSET", name, *fields),
                ("SET", f"{JOB_PREFIX}{job_id}", job(RUN_ACTION, job_id)),
                ("ZADD", keys.ACTIONS_QUEUE, now_ms(), job_id),
                ("PUBLISH", f"{keys.ACTIONS_QUEUE}:wake", ""),
            ]
        )
        return job_id

    async def get(self, job_id: str) -> Job:
        """Return a job as it stands.

        Raises:
            NoSuchJob: none of that id is kept.
            CannotOpen: it was sealed with a key that is not in `BACKROOM_KEYS`.
        """
        names = ("action", "retailer", "state", "attempts", "result", "error", "message")
        found = await self.database.do("HMGET", keys.action_job(job_id), *names)
        if found[0] is None:
            raise NoSuchJob(f"No job {job_id[:60]} is kept: its id is wrong, or it is long over.")
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

    async def run(self, client: Client, job_id: str) -> Again | Wait | None:
        """Run a job once. Returns when to run it again, or None when it is over."""
        begun = await self._begin(job_id)
        if begun is None:
            return None
        facts = {
            "job_id": job_id,
            "action": begun.action.operation.name,
            "retailer": begun.retailer,
        }
        try:
            if begun.was_running and not begun.action.operation.repeatable:
                raise _left_open(begun)
            result = await client.call(begun.action, begun.retailer)
        except BackroomError as error:
            decision = decide_action(error, begun.attempts + 1)
            await self._failed(job_id, begun, error, decision)
            over = isinstance(decision, Over)
            tell = log.error if over else log.warning
            tell("action.failed" if over else "action.waited", error=type(error).__name__, **facts)
            return None if isinstance(decision, Over) else decision
        await self._done(job_id, begun, _results.encode(result))
        log.info("action.done", **facts)
        return None

    async def _begin(self, job_id: str) -> _Begun | None:
        """Note that it runs before it runs, so that a write cut short is not sent twice.

        It is noted last: what cannot be opened here has not run.
        """
        name = keys.action_job(job_id)
        wanted = ("action", "retailer", "parameters", "state", "attempts", "keep")
        found = await self.database.do("HMGET", name, *wanted)
        action, retailer, parameters, state, attempts, keep = found
        if action is None or state in {b"done", b"failed"}:
            return None
        kind = named(action.decode())
        opened = self._vault.open(parameters, f"parameters {job_id}")
        begun = _Begun(
            msgspec.msgpack.decode(opened, type=kind),
            retailer.decode(),
            int(attempts),
            int(keep),
            state == b"running",
        )
        await self.database.do("HSET", name, "state", "running")
        return begun

    async def _done(self, job_id: str, begun: _Begun, result: bytes) -> None:
        name = keys.action_job(job_id)
        sealed = self._vault.seal(result, f"result {job_id}")
        await self.database.together(
            [
                ("HSET", name, "state", "done", "result", sealed, "error", "", "message", ""),
                ("EXPIRE", name, begun.keep),
            ]
        )

    async def _failed(
        self, job_id: str, begun: _Begun, error: BackroomError, decision: Again | Wait | Over
    ) -> None:
        name = keys.action_job(job_id)
        state = "failed" if isinstance(decision, Over) else "waiting"
        message = self._vault.seal(str(error).encode(), f"message {job_id}")
        commands: list[tuple[str | bytes | int, ...]] = [
            ("HSET", name, "state", state, "error", type(error).__name__, "message", message)
        ]
        if not isinstance(decision, Wait):
            commands.append(("HSET", name, "attempts", begun.attempts + 1))
        if isinstance(decision, Over):
            commands.append(("EXPIRE", name, begun.keep))
        await self.database.together(commands)


def _left_open(begun: _Begun) -> OutcomeUnknown:
    said = "its worker ended while it was under way: look whether it was done."
    return OutcomeUnknown(begun.action.operation.name, begun.retailer, said)
