"""A retailer's own action jobs: what is not over in front, newest first, then what is over."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec

from actions.database import Database
from workers import keys
from workers.action_jobs import WAITING_STATES, JobState
from workers.deliveries import moment
from workers.inbox import now_ms
from workers.jobs import Listed

MOST_LOOKED_AT: Final = 10_000
"""Jobs of one retailer that are looked at for one list."""
_CHUNK: Final = 200
_WORDS: Final = ("action", "state", "attempts", "error")


async def jobs_of(
    database: Database, retailers: Sequence[str], wanted: Callable[[Listed], bool], limit: int
) -> list[Listed]:
    """Return `limit` jobs that are wanted at most, retailer by retailer."""
    found: list[Listed] = []
    counted = await database.together(("ZCARD", keys.jobs_of(one)) for one in retailers)
    for retailer, count in zip(retailers, counted, strict=True):
        if not count:
            continue
        async for job in _own(database, retailer):
            if wanted(job):
                found.append(job)
            if len(found) == limit:
                return found
    return found


async def _own(database: Database, retailer: str) -> AsyncIterator[Listed]:
    name = keys.jobs_of(retailer)
    await database.do("ZREMRANGEBYSCORE", name, "-inf", now_ms())
    for start in range(0, MOST_LOOKED_AT, _CHUNK):
        kept = await database.do("ZREVRANGE", name, start, start + _CHUNK - 1)
        for job in await _described(database, retailer, [one.decode() for one in kept]):
            yield job
        if len(kept) < _CHUNK:
            return


async def _described(database: Database, retailer: str, ids: list[str]) -> list[Listed]:
    if not ids:
        return []
    records = [("HMGET", keys.action_job(job_id), *_WORDS) for job_id in ids]
    *answers, dues = await database.together([*records, ("ZMSCORE", keys.ACTIONS_QUEUE, *ids)])
    found = []
    for job_id, (action, kept, attempts, error), due in zip(ids, answers, dues, strict=True):
        if action is None:
            continue
        state = msgspec.convert(kept.decode(), JobState)
        waits = due is not None and kept in WAITING_STATES
        found.append(
            Listed(
                job_id=job_id,
                queue="actions",
                name=action.decode(),
                retailer=retailer,
                state=state,
                attempts=int(attempts),
                due=moment(int(float(due))) if waits else None,
                error=(error or b"").decode(),
            )
        )
    return found
