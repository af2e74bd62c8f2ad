"""The line: jobs that wait for their retailer's budget get their turn when they are enqueued."""

import asyncio

import pytest

from actions.budget import Budget
from actions.database import Database
from actions.resources.outlets import ListOutlets
from actions.vault import Vault
from workers import keys
from workers.action_jobs import ActionJobs
from workers.line import Line, waiting

GET = ListOutlets()
WINDOW = 300.0
FRESH = 332
"""What a fresh budget has for bulk: 350 but for the reserve of 18."""
FEW = 32
"""So many are let through at a time."""
FOLLOW = 0.429
"""Seconds between two of a crowd: so 350 are spread over half a window."""


@pytest.fixture
def jobs(database: Database, vault: Vault) -> ActionJobs:
    return ActionJobs(database, vault)


@pytest.fixture
def line(database: Database) -> Line:
    return Line(database)


async def enqueued(jobs: ActionJobs, count: int, retailer: str = "kowhai") -> list[str]:
    """Enqueue jobs one after the other, as one caller does; return their ids."""
    ids: list[str] = []
    for start in range(0, count, 100):
        some = min(100, count - start)
        ids += await asyncio.gather(*(jobs.enqueue(GET, retailer) for _ in range(some)))
    return ids


async def turns(database: Database, ids: list[str]) -> list[float]:
    """In how many seconds each of them is due."""
    seconds, micros = await database.do("TIME")
    now = int(seconds) + int(micros) / 1e6
    scores = await database.do("ZMSCORE", keys.ACTIONS_QUEUE, *ids)
    return [float(score) / 1000 - now for score in scores]


async def use(budget: Budget, count: int) -> None:
    """Use up so many permits of bulk; Lightspeed says nothing of its limit."""
    for _ in range(count):
        permit = await budget.take("ListOutlets", "kowhai", "bulk")
        permit.answered({})


async def test_few_are_due_at_once_and_the_others_follow_in_the_order_they_came(
    jobs: ActionJobs, database: Database
) -> None:
    due = await turns(database, await enqueued(jobs, 200))
    assert [one for one in due if one <= 0] == due[:FEW]
    assert due[FEW:] == sorted(due[FEW:])
    assert 0 < due[FEW] < 4
    assert due[-1] < 25


async def test_what_does_not_fit_into_this_window_has_its_turn_in_a_later_one(
    jobs: ActionJobs, database: Database
) -> None:
    due = await turns(database, await enqueued(jobs, 1500))
    windows = [int(max(0, one) // (WINDOW - 5)) for one in due]
    assert windows.count(0) == FRESH
    assert windows.count(1) == windows.count(2) == windows.count(3) == 350
    assert due[FRESH:] == sorted(due[FRESH:])


async def test_one_retailers_crowd_leaves_the_others_jobs_due_at_once(
    jobs: ActionJobs, database: Database
) -> None:
    await enqueued(jobs, 1000)
    (due,) = await turns(database, await enqueued(jobs, 1, "rimu"))
    assert due <= 0


async def test_those_that_wait_come_forward_as_permits_are_used(
    jobs: ActionJobs, line: Line, database: Database
) -> None:
    ids = await enqueued(jobs, 100)
    came, waits = await line.pull({"kowhai": 0})
    assert came == 0
    assert 30 < waits["kowhai"] <= 38
    async with Budget(database) as budget:
        await use(budget, 10)
    came, _ = await line.pull({"kowhai": 10})
    assert came == 10
    due = await turns(database, ids)
    assert [one for one in due if one <= 0] == due[: FEW + 10]


async def test_all_come_forward_that_fit_once_lightspeed_allows_more(
    jobs: ActionJobs, line: Line, database: Database
) -> None:
    ids = await enqueued(jobs, 400)
    limit = {"X-RateLimit-Limit": "3050", "X-RateLimit-Remaining": "3049"}
    async with Budget(database) as budget:
        (await budget.take("ListOutlets", "kowhai", "bulk")).answered(limit)
        await use(budget, FRESH)
    for _ in range(20):
        await line.pull({"kowhai": FEW})
        async with Budget(database) as budget:
            await use(budget, FEW)
    assert max(await turns(database, ids)) <= 0
    assert await waiting(database, ["kowhai"]) == {"kowhai": (0, 0.0)}


async def test_a_crowd_that_a_window_cannot_hold_comes_forward_slowly(
    jobs: ActionJobs, line: Line, database: Database
) -> None:
    await enqueued(jobs, 1500)
    loop = asyncio.get_running_loop()
    async with Budget(database) as budget:
        await use(budget, FEW)
        before = loop.time()
        await line.pull({"kowhai": FEW})
        await use(budget, FEW)
        came, waits = await line.pull({"kowhai": FEW})
        assert came <= min(FEW, (loop.time() - before) / FOLLOW)
        assert waits["kowhai"] == FOLLOW


async def test_a_closed_gate_lets_nobody_come_before_it_opens(
    jobs: ActionJobs, line: Line, database: Database
) -> None:
    async with Budget(database) as budget:
        (await budget.take("ListOutlets", "kowhai", "bulk")).refused({}, 100.0)
    ids = await enqueued(jobs, 3)
    assert all(95 < one <= 105 for one in await turns(database, ids))
    came, waits = await line.pull({"kowhai": 0})
    assert came == 0
    assert 95 < waits["kowhai"] <= 100


async def test_who_waits_is_counted_and_the_last_ones_turn_is_known(
    jobs: ActionJobs, database: Database
) -> None:
    assert await waiting(database, []) == {}
    ids = await enqueued(jobs, 700)
    found = await waiting(database, ["kowhai", "rimu"])
    assert found["rimu"] == (0, 0.0)
    count, last = found["kowhai"]
    assert count == 700 - FEW
    seconds, _ = await database.do("TIME")
    assert last - int(seconds) == pytest.approx((await turns(database, ids))[-1], abs=2)


async def test_what_runs_is_not_brought_forward(
    jobs: ActionJobs, line: Line, database: Database
) -> None:
    ids = await enqueued(jobs, FEW + 1)
    await database.do("SET", f"arq:in-progress:{ids[-1]}", "a worker")
    async with Budget(database) as budget:
        await use(budget, 5)
    assert (await line.pull({"kowhai": 5}))[0] == 0
    assert (await turns(database, ids))[-1] > 0


async def test_a_line_that_nobody_stands_in_takes_no_memory(
    jobs: ActionJobs, line: Line, database: Database
) -> None:
    await enqueued(jobs, FEW + 5)
    async with Budget(database) as budget:
        await use(budget, 10)
    await line.pull({"kowhai": 10})
    assert await database.do("EXISTS", keys.line("kowhai")) == 0
    assert await line.pull({"kowhai": 0}) == (0, {})


async def test_a_jobs_turn_is_told_while_it_waits(jobs: ActionJobs, database: Database) -> None:
    ids = await enqueued(jobs, 400)
    due = (await jobs.get(ids[-1])).due
    seconds, _ = await database.do("TIME")
    assert due is not None
    assert due.timestamp() - int(seconds) == pytest.approx((await turns(database, ids))[-1], abs=2)
