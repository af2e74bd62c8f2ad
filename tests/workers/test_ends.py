"""The ends of jobs: many wait, one looks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from actions.database import Database
from actions.resources.brands import GetBrand
from actions.vault import Vault
from workers import keys
from workers.action_jobs import ActionJobs
from workers.ends import Ends
from workers.new_jobs import NewJob

LONG = 60.0
"""Seconds that nobody waits here."""


@pytest.fixture
async def ends(database: Database) -> AsyncIterator[Ends]:
    ends = Ends(database)
    yield ends
    await ends.close()


@pytest.fixture
def jobs(database: Database, vault: Vault) -> ActionJobs:
    return ActionJobs(database, vault)


async def enqueued(jobs: ActionJobs, count: int) -> list[str]:
    one = NewJob(action=GetBrand("b"), retailer="kowhai")
    return await jobs.enqueue_many([one] * count)


async def end(database: Database, *ids: str, state: str = "done") -> None:
    await database.together([("HSET", keys.action_job(one), "state", state) for one in ids])


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
async def test_who_waits_is_let_go_when_the_job_is_over(
    ends: Ends, jobs: ActionJobs, database: Database, state: str
) -> None:
    over, other = await enqueued(jobs, 2)
    waits = [asyncio.create_task(ends.come(one, LONG)) for one in (over, over, other)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in waits)
    await end(database, over, state=state)
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    await waits[0]
    await waits[1]
    assert not waits[2].done()
    await end(database, other)
    await waits[2]


async def test_nobody_waits_for_what_is_gone_or_longer_than_asked(
    ends: Ends, jobs: ActionJobs
) -> None:
    (job_id,) = await enqueued(jobs, 1)
    await ends.come("0123", LONG)
    await ends.come(job_id, 0.01)
    assert (await jobs.get(job_id)).state == "queued"


async def test_a_thousand_who_wait_hold_few_connections(
    redis_url: str, jobs: ActionJobs, database: Database
) -> None:
    ids = await enqueued(jobs, 1000)
    async with Database(redis_url) as theirs:
        ends = Ends(theirs)
        before = (await database.do("INFO", "clients"))["connected_clients"]
        waits = [asyncio.create_task(ends.come(one, LONG)) for one in ids]
        await ends.come("0123", LONG)  # it has been looked once
        during = (await database.do("INFO", "clients"))["connected_clients"]
        assert during <= before + 1
        await end(database, *ids)
        await asyncio.gather(*waits)
        await ends.close()


async def test_who_waits_when_it_closes_is_let_go_and_nobody_waits_after(
    ends: Ends, jobs: ActionJobs
) -> None:
    (job_id,) = await enqueued(jobs, 1)
    waits = asyncio.create_task(ends.come(job_id, LONG))
    await asyncio.sleep(0)
    await ends.close()
    await waits
    await ends.come(job_id, LONG)


async def test_redis_going_away_and_coming_back_loses_nobody(
    redis_url: str, jobs: ActionJobs, database: Database
) -> None:
    class Away(Database):
        tries = 0

        async def together(self, commands: object) -> list[object]:
            self.tries += 1
            if self.tries == 1:
                return await self.do("NO-SUCH-COMMAND")  # type: ignore[no-any-return]
            return await super().together(commands)  # type: ignore[arg-type]

    (job_id,) = await enqueued(jobs, 1)
    await end(database, job_id)
    async with Away(redis_url) as away:
        ends = Ends(away)
        await ends.come(job_id, LONG)
        assert away.tries == 2
        await ends.close()
