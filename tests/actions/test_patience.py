"""How callers wait for a permit: not at all or as long as it takes, without asking all the time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from actions.budget import Budget
from actions.database import Database
from actions.errors import RateLimited, TryLater

TOLD = {"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "340"}


@pytest.fixture
async def budget(database: Database) -> AsyncIterator[Budget]:
    async with Budget(database) as budget:
        yield budget


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Budget]:
    """Another process' budget, as far as Redis can tell."""
    async with Budget(database) as other:
        yield other


async def refused(budget: Budget, after: float) -> None:
    """Close the gate, and be sure that Redis knows it."""
    permit = await budget.take("GetSale", "kowhai")
    permit.refused({}, after)
    with pytest.raises(RateLimited):
        await budget.take("GetSale", "kowhai", patience=0)


async def exchanges(database: Database) -> int:
    return int((await database.do("INFO", "commandstats"))["cmdstat_evalsha"]["calls"])


async def test_without_patience_there_is_a_permit_where_there_is_one(budget: Budget) -> None:
    permit = await budget.take("GetSale", "kowhai", patience=0)
    permit.unsent()


async def test_without_patience_a_new_process_is_told_at_once_when_to_come_back(
    budget: Budget, other: Budget
) -> None:
    await refused(budget, 100)
    with pytest.raises(RateLimited) as told:
        await other.take("GetSale", "kowhai", patience=0)
    assert 90 < told.value.retry_after <= 100


async def test_who_was_refused_is_told_the_date_that_lightspeed_gave(budget: Budget) -> None:
    permit = await budget.take("GetSale", "kowhai")
    permit.refused({}, 100)
    with pytest.raises(RateLimited) as told:
        await budget.take("GetSale", "kowhai", patience=0)
    assert 90 < told.value.retry_after <= 100


async def test_it_is_said_what_a_caller_waits_for_while_it_waits(budget: Budget) -> None:
    assert budget.holdup("GetSale", "kowhai") is None
    await refused(budget, 100)
    assert budget.holdup("GetSale", "kowhai") is None  # nobody waits
    waiting = asyncio.create_task(budget.take("GetSale", "kowhai"))
    await asyncio.sleep(0)
    said = budget.holdup("GetSale", "kowhai")
    assert isinstance(said, RateLimited)
    assert "GetSale for kowhai: the rate limit is reached; it opens in " in str(said)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert budget.holdup("GetSale", "kowhai") is None


async def test_an_outage_is_told_from_the_rate_limit(budget: Budget) -> None:
    for _ in range(5):
        (await budget.take("GetSale", "kowhai")).failed()
    with pytest.raises(TryLater):
        await budget.take("GetSale", "kowhai", patience=0)
    waiting = asyncio.create_task(budget.take("GetSale", "kowhai"))
    await asyncio.sleep(0)
    assert isinstance(budget.holdup("GetSale", "kowhai"), TryLater)
    waiting.cancel()
    await asyncio.wait({waiting})


async def test_those_who_wait_for_one_call_that_goes_ahead_leave_redis_alone(
    budget: Budget, other: Budget, database: Database
) -> None:
    await refused(budget, 1)
    waiting = {asyncio.create_task(one.take("GetSale", "kowhai")) for one in (budget, other)}
    ahead, behind = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    before = await exchanges(database)
    for _ in range(200):
        await database.do("PING")
    assert await exchanges(database) - before < 20
    assert len(behind) == 1
    ahead.pop().result().answered(TOLD)
    (await behind.pop()).unsent()
