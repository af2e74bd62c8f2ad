"""Redis loses what it knew under processes that go on: no burst above the limit."""

import asyncio
import random

import pytest

from actions.database import Database
from tests.faults.budget_crowd import Crowd, aged, gathered
from tests.faults.refresh_store import is_thorough
from tests.redis_server import RedisServer

LIMIT = 350
SECONDS = 300.0
PROCESSES = 3
LOAD = 30
"""Calls after which the load is on."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("how", ["emptied", "killed"])
async def test_a_redis_that_lost_its_counters_lets_no_burst_through(
    pytestconfig: pytest.Config, how: str
) -> None:
    rounds, pace = (5, 30.0) if is_thorough(pytestconfig) else (1, 60.0)
    retailers = tuple(f"shop-{number}" for number in range(rounds))
    with RedisServer() as redis:
        async with gathered(redis.url, retailers=retailers, time_scale=pace) as crowd:
            for retailer in retailers:
                async with Database(redis.url) as database:
                    await aged(database)
                await crowd.join(*[retailer] * PROCESSES)
                await loses(crowd, redis, retailer, how)
            refused = [crowd.statuses(one).count(429) for one in retailers]
            most = max(max(crowd.ended(one)) for one in retailers)
            calls = sum(len(crowd.statuses(one)) for one in retailers)
    print(
        f"\nRedis {how} {rounds} times under {PROCESSES} processes: {sum(refused)} x 429 in "
        f"{calls} calls, {most} of {LIMIT} used in a window at most"
    )
    assert sum(refused) == 0
    assert 0.9 * LIMIT <= most <= LIMIT


async def loses(crowd: Crowd, redis: RedisServer, retailer: str, how: str) -> None:
    """Have Redis lose all while the calls of a window go out, and wait for the next window."""
    least = random.randint(LOAD, LIMIT - LOAD)  # noqa: S311 - no secret
    await crowd.comes(lambda: len(crowd.statuses(retailer)) >= least)
    if how == "emptied":
        async with Database(redis.url) as database:
            await database.do("FLUSHALL")
    else:
        redis.kill()
        redis.forget()
        await asyncio.to_thread(redis.start)
    await crowd.comes(lambda: len(crowd.ended(retailer)) > 0)
