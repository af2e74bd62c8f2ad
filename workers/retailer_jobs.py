"""A retailer's own action jobs: what is not over in front, newest first, then what is over."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from actions.database import Database
from workers import keys
from workers.action_jobs import OVER_STATES, WAITING_STATES, JobState
from workers.deliveries import moment
from workers.inbox import now_ms
from workers.jobs import Listed

MOST_LOOKED_AT: Final = 10_000
"""Jobs of one retailer that are looked at for one list."""
_CHUNK: Final = 200
"""Jobs that are read in one round trip."""
_OPEN: Final = 10**14
"""Scores from here on are of jobs that are not over; `enqueue.lua` says so too."""
_WORDS: Final = ("action", "state", "attempts", "error")


class Wanted(Struct, frozen=True):
    """Which jobs to list."""

    state: JobState | None = None
    """None means any."""
    names: Callable[[str], bool] = lambda _: True
    """Says of an action whether its jobs are wanted."""

    def has(self, job: Listed) -> bool:
        """Say whether a job is wanted."""
        return self.state in {None, job.state} and self.names(job.name)

    @property
    def scores(self) -> tuple[str, str]:
        """The highest and the lowest score that its jobs may have."""
        if self.state is None:
            return "+inf", "-inf"
        return (f"({_OPEN}", "-inf") if self.state.encode() in OVER_STATES else ("+inf", str(_OPEN))


async def jobs_of(
    database: Database, retailers: Sequence[str], wanted: Wanted, limit: int
) -> tuple[list[Listed], bool]:
    """Return the jobs that are wanted, retailer by retailer, and whether there may be more."""
    found: list[Listed] = []
    is_cut = False
    counted = await database.together(("ZCARD", keys.jobs_of(one)) for one in retailers)
    for retailer, count in zip(retailers, counted, strict=True):
        if not count:
            continue
        async for job in _own(database, retailer, wanted, min(_CHUNK, limit + 1)):
            if wanted.has(job):
                found.append(job)
            if len(found) > limit:
                return found[:limit], True
        is_cut = is_cut or count > MOST_LOOKED_AT
    return found, is_cut


async def _own(
    database: Database, retailer: str, wanted: Wanted, chunk: int
) -> AsyncIterator[Listed]:
    name, scores = keys.jobs_of(retailer), wanted.scores
    await database.do("ZREMRANGEBYSCORE", name, "-inf", now_ms())
    for start in range(0, MOST_LOOKED_AT, chunk):
        kept = await database.do("ZREVRANGEBYSCORE", name, *scores, "LIMIT", start, chunk)
        for job in await _described(database, retailer, [one.decode() for one in kept]):
            yield job
        if len(kept) < chunk:
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
