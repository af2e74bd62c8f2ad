"""Jobs as they stand: what waits, what runs, what is over."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, structs

from actions.database import Database
from workers import keys
from workers.action_jobs import ActionJobs, Job, JobState, no_such
from workers.deliveries import kept, moment
from workers.inbox import Inbox, Outcome, now_ms
from workers.keys import QUEUES, QueueName
from workers.queue import DISPATCH, JOB_PREFIX, RUNNING_PREFIX, SEND_STOCK, decode

_CHUNK = 200


class Listed(Struct, frozen=True, kw_only=True):
    """One job."""

    job_id: str
    queue: QueueName
    name: str
    """The action, the subscriber, `dispatch` or `send_stock`."""
    retailer: str
    state: JobState
    attempts: int
    """Runs that failed; waits do not count."""
    due: datetime | None
    """When it runs, or when its lease ends while it does; None when it is over."""
    error: str = ""
    """The class of what went wrong last."""


class Wanted(Struct, frozen=True):
    """Which jobs to list; None means any."""

    queue: QueueName | None = None
    state: JobState | None = None


async def listed(database: Database, wanted: Wanted, limit: int) -> list[Listed]:
    """Return the jobs that are wanted, what is due first in front, what is over behind."""
    found: list[Listed] = []
    for queue in QUEUES:
        if wanted.queue in {None, queue}:
            async for one in _open(database, queue):
                if wanted.state in {None, one.state}:
                    found.append(one)
                if len(found) == limit:
                    return found
    if wanted.queue != "events":
        found += [one async for one in _over(database) if wanted.state in {None, one.state}]
    return found[:limit]


async def get(inbox: Inbox, jobs: ActionJobs, job_id: str) -> Job:
    """Return one job: an action's, or `event:subscriber`, a subscriber's part in an event.

    Raises:
        NoSuchJob: none of that id is kept.
        CannotOpen: it was sealed with a key that is not in `BACKROOM_KEYS`.
    """
    event_id, colon, rest = job_id.partition(":")
    if not colon:
        return await jobs.get(job_id)
    name = rest.partition(":")[0]
    delivery, known, runs = await inbox.database.together(
        [
            ("GET", keys.delivery(event_id)),
            ("HGET", keys.event(event_id), f"s:{name}"),
            ("EXISTS", f"{RUNNING_PREFIX}{job_id}"),
        ]
    )
    if delivery is None or known is None:
        raise no_such(job_id)
    outcome = msgspec.msgpack.decode(known, type=Outcome)
    state: JobState = "waiting" if outcome.state == "retrying" else outcome.state
    return Job(
        job_id=job_id,
        action=name,
        retailer=kept(delivery).retailer,
        state="running" if runs else state,
        attempts=outcome.failures,
        error=outcome.error.partition(" at ")[0],
        message=inbox.message(event_id, name, outcome),
    )


async def _open(database: Database, queue: QueueName) -> AsyncIterator[Listed]:
    start = 0
    while True:
        rows = await database.do("ZRANGE", QUEUES[queue], start, start + _CHUNK - 1, "WITHSCORES")
        pairs = [
            (job_id.decode(), float(due)) for job_id, due in zip(rows[::2], rows[1::2], strict=True)
        ]
        for one in await _described(database, queue, pairs):
            yield one
        if len(pairs) < _CHUNK:
            return
        start += _CHUNK


async def _described(
    database: Database, queue: QueueName, pairs: Sequence[tuple[str, float]]
) -> list[Listed]:
    marks = [("EXISTS", f"{RUNNING_PREFIX}{job_id}") for job_id, _ in pairs]
    jobs = [("GET", f"{JOB_PREFIX}{job_id}") for job_id, _ in pairs]
    answers = await database.together([*marks, *jobs]) if pairs else []
    calls = [_call(job) for job in answers[len(pairs) :]]
    facts = await _facts(database, queue, [args for _, args in calls])
    for at, (function, args) in enumerate(calls):
        if function == SEND_STOCK:
            facts[at] = _Facts(SEND_STOCK, str(args[0]))
    found = []
    for (job_id, due), runs, fact in zip(pairs, answers, facts, strict=False):
        if fact is not None:
            state: JobState = "running" if runs else "waiting" if due > now_ms() else "queued"
            now = structs.replace(fact, state=state)
            found.append(_listed(queue, job_id, now, moment(int(due))))
    return found


def _call(job: bytes | None) -> tuple[str, list[Any]]:
    try:
        read = decode(job) if job else {"f": "", "a": []}
        return str(read["f"]), list(read["a"])
    except (msgspec.MsgspecError, LookupError, TypeError):
        return "", []


class _Facts(Struct):
    name: str
    retailer: str
    state: JobState = "queued"
    attempts: int = 0
    error: str = ""


async def _facts(
    database: Database, queue: QueueName, args: Sequence[list[Any]]
) -> list[_Facts | None]:
    """Return what is known of jobs with these arguments; None for what is no job of ours."""
    commands: list[tuple[str, ...]] = []
    for one in args:
        if queue == "actions":
            commands.append(("HMGET", keys.action_job(one[0] if one else ""), *_WORDS))
        else:
            event_id, subscriber = (*one, "", "")[:2]
            commands.append(("GET", keys.delivery(event_id)))
            commands.append(("HGET", keys.event(event_id), f"s:{subscriber}"))
    answers = await database.together(commands) if commands else []
    if queue == "actions":
        return [_action(answer) for answer in answers]
    rows = zip(args, answers[::2], answers[1::2], strict=True)
    return [_subscriber(one, delivery, outcome) for one, delivery, outcome in rows]


_WORDS = ("action", "retailer", "state", "attempts", "error")


def _action(answer: list[bytes | None]) -> _Facts | None:
    action, retailer, state, attempts, error = [(one or b"").decode() for one in answer]
    if not action:
        return None
    return _Facts(action, retailer, msgspec.convert(state, JobState), int(attempts), error)


def _subscriber(args: list[Any], delivery: bytes | None, outcome: bytes | None) -> _Facts | None:
    if delivery is None:
        return None
    last = msgspec.msgpack.decode(outcome, type=Outcome) if outcome else Outcome("queued")
    name = args[1] if len(args) > 1 else DISPATCH
    return _Facts(
        name, kept(delivery).retailer, attempts=last.failures, error=last.error.partition(" at ")[0]
    )


def _listed(queue: QueueName, job_id: str, facts: _Facts, due: datetime | None = None) -> Listed:
    return Listed(job_id=job_id, queue=queue, due=due, **structs.asdict(facts))


async def _over(database: Database) -> AsyncIterator[Listed]:
    """Yield the actions' jobs that are over, the one that is kept longest first."""
    ids = [one.decode() for one in await database.do("ZREVRANGE", keys.OVER, 0, -1)]
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        facts = await _facts(database, "actions", [[job_id] for job_id in chunk])
        for job_id, fact in zip(chunk, facts, strict=True):
            if fact is not None:
                yield _listed("actions", job_id, fact)
