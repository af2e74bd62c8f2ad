"""Actions as jobs: enqueued by anyone, the result kept for whoever asks.

Parameters and results name shoppers, so they stand in Redis sealed.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from actions.action import Action
from actions.database import Database, Script
from actions.errors import BackroomError
from actions.exchange import Lane
from actions.vault import Vault
from workers import keys
from workers.claims import MOST_AT_ONCE, Effects
from workers.deliveries import moment
from workers.group_commit import GroupCommit
from workers.keys import KEEP_SECONDS
from workers.line import LINE, terms
from workers.new_jobs import REPEAT_SECONDS, Memory, NewJob, Ready, all_ready, memory_of, ready
from workers.queue import RUN_ACTION, job

JobState: TypeAlias = Literal["queued", "running", "waiting", "done", "failed", "cancelled"]

WAITING_STATES = frozenset({b"queued", b"waiting"})
OVER_STATES = frozenset({b"done", b"failed", b"cancelled"})
ACTION_EFFECTS = Effects.load("meter", "actions", keys=(keys.OVER,))
_ENQUEUE = LINE + Script.load("workers.scripts", "enqueue")
Words: TypeAlias = tuple[str | bytes | float, ...]
NO_LINE: Final = -1
_UNREMEMBERED: Final = ("", "", 0, 0)


class NoSuchJob(BackroomError):
    """No job of that id is kept: it never was, or it is over for longer than it was kept."""


class OtherContent(BackroomError):
    """An idempotency key came a second time, with other content: nothing was enqueued."""


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
    lane: Lane = "bulk"
    result: msgspec.Raw | None = None
    """What it answered, as JSON."""
    error: str = ""
    """The class of what went wrong last."""
    message: str = ""
    due: datetime | None = None
    """When its turn is, of an action that waits for it: its budget has room then."""


def anybody(_retailer: str, _action: str) -> bool:
    """Let a job be seen."""
    return True


class ActionJobs:
    """The jobs of the actions queue. Every method is one round trip."""

    def __init__(self, database: Database, vault: Vault, *, pace: float = 1.0) -> None:
        """Where a simulator's time passes `pace` times as fast as ours, say so."""
        self.database = database
        self.vault = vault
        self._pace = pace
        self._enqueue = GroupCommit(self._send, MOST_AT_ONCE)

    async def enqueue(self, action: Action[Any], retailer: str, *, keep: int = KEEP_SECONDS) -> str:
        """Put an action into the queue and return the job's id; it is kept `keep` seconds after.

        Calls made at the same time share a round trip.

        Raises:
            BadAction, BadDomainPrefix: nothing was enqueued.
        """
        job_id = secrets.token_hex(12)
        one = ready(NewJob(action=action, retailer=retailer, keep=keep))
        await self._enqueue(self._row(job_id, one))
        return job_id

    async def enqueue_many(self, jobs: Sequence[NewJob], *, once: str = "") -> list[str]:
        """Put actions into the queue, few round trips for all, and return their ids in order.

        `once` is a word of the caller's: for 72 h the same jobs with the same word are enqueued
        once, however often they are given, also at the same time or after an answer was lost.

        Raises:
            BadAction, BadDomainPrefix, OtherContent: nothing was enqueued.
            DatabaseAway: some may have been; the same call with the same `once` goes on.
        """
        wanted = await all_ready(jobs)
        memory = memory_of(once, wanted) if once else Memory()
        seed, taken = secrets.token_hex(10), 0
        while taken < len(wanted):
            some = enumerate(wanted[taken : taken + MOST_AT_ONCE], taken)
            rows = [self._row(_id(seed, place), one) for place, one in some]
            known, taken = await self._sent(
                rows, memory.name, (memory.digest, seed, taken, REPEAT_SECONDS)
            )
            if not (seed := known.decode()):
                raise OtherContent(
                    "This idempotency key came before with other content: use a new one for it."
                )
        return [_id(seed, place) for place in range(len(wanted))]

    def _row(self, job_id: str, one: Ready) -> Words:
        record: dict[str, str | bytes | float] = {
            "action": one.action,
            "retailer": one.retailer,
            "parameters": self.vault.seal(one.parameters, f"parameters {job_id}"),
            "state": "queued",
            "attempts": 0,
            "keep": one.keep,
            "lane": one.lane,
        }
        words = [part for pair in record.items() for part in pair]
        ours = (job_id, job(RUN_ACTION, job_id), one.retailer, one.lane, keys.action_job(job_id))
        return (*ours, len(words), *words)

    async def _send(self, rows: Sequence[Words]) -> None:
        await self._sent(rows, "", _UNREMEMBERED)

    async def _sent(self, rows: Sequence[Words], memory: str, terms_of: Words) -> tuple[bytes, int]:
        args = [*terms(self._pace), *terms_of, *(word for row in rows for word in row)]
        seed, taken = await self.database.run(_ENQUEUE, [keys.ACTIONS_QUEUE, memory], args)
        return seed, taken

    async def get(self, job_id: str, may_see: Callable[[str, str], bool] = anybody) -> Job:
        """Return a job as it stands, if `may_see` says so of its retailer and its action.

        Raises:
            NoSuchJob: none of that id is kept, or this one may not be seen; nothing is opened.
            CannotOpen: it was sealed with a key that is not in `BACKROOM_KEYS`.
        """
        names = ("action", "retailer", "state", "attempts", "lane", "result", "error", "message")
        found, due = await self.database.together(
            [
                ("HMGET", keys.action_job(job_id), *names),
                ("ZSCORE", keys.ACTIONS_QUEUE, job_id),
            ]
        )
        if found[0] is None:
            raise no_such(job_id)
        action, retailer, state, attempts, lane, result, error, message = found
        if not may_see(retailer.decode(), action.decode()):
            raise no_such(job_id)
        return Job(
            job_id=job_id,
            action=action.decode(),
            retailer=retailer.decode(),
            state=msgspec.convert(state.decode(), JobState),
            attempts=int(attempts),
            lane=lane_of(lane),
            result=msgspec.Raw(self.vault.open(result, f"result {job_id}")) if result else None,
            error=(error or b"").decode(),
            message=self.vault.open(message, f"message {job_id}").decode() if message else "",
            due=moment(int(float(due))) if due and state in WAITING_STATES else None,
        )

    def cancelling(self, job_id: str, retailer: str, keep: int, said: str) -> Words:
        """Return the words that record that a job was cancelled."""
        message = self.vault.seal(said.encode(), f"message {job_id}")
        facts = ("state", "cancelled", "error", "", "message", message)
        return (job_id, keep, retailer, NO_LINE, *facts)


def lane_of(kept: bytes | None) -> Lane:
    """Return the lane of a job; one that was enqueued before there were any has none noted."""
    return "interactive" if kept == b"interactive" else "bulk"


def _id(seed: str, place: int) -> str:
    return f"{seed}{place:04x}"
