"""`kill -9` of processes that hold permits: what they held is there again after one lease."""

import asyncio

import pytest

from actions.database import Database
from actions.exchange import LEASE_SECONDS
from tests.faults.budget_crowd import Crowd, aged, gathered
from tests.faults.refresh_store import is_thorough

LIMIT = 350
KEPT = 18
"""For calls that somebody waits for."""
HELD = 16
"""As many as may be under way in a process that knows nothing of latency yet."""
SLACK = 1.0
"""Seconds that a busy machine may take to send what has come back."""


@pytest.mark.timeout(600)
async def test_what_killed_processes_held_is_used_by_others_after_one_lease(
    redis_url: str, database: Database, pytestconfig: pytest.Config
) -> None:
    kills, holders = (20, 4) if is_thorough(pytestconfig) else (3, 2)
    await aged(database)
    retailers = tuple(f"shop-{number}" for number in range(kills))
    async with gathered(redis_url, retailers=retailers) as crowd:
        waits = []
        for first in range(0, kills, 4):
            some = retailers[first : first + 4]
            waits += await asyncio.gather(*(killed(crowd, one, holders) for one in some))
        statuses = [status for one in retailers for status in crowd.statuses(one)]
    assert statuses.count(429) == 0
    assert max(waits) <= LEASE_SECONDS + SLACK
    print(
        f"\n{kills} x {holders} processes killed that held {HELD} permits each: all of them used "
        f"by another {min(waits):.2f} to {max(waits):.2f} s after, 0 x 429 in {len(statuses)} calls"
    )


async def killed(crowd: Crowd, retailer: str, number: int) -> float:
    """Kill processes that hold permits; return how soon others have used the whole budget."""

    def used(calls: int) -> bool:
        return len(crowd.statuses(retailer)) >= calls

    holders = await crowd.join(*[retailer] * number, what="hold", permits=HELD)
    await crowd.join(retailer)
    await crowd.comes(lambda: used(LIMIT - KEPT - HELD * number))
    assert not used(LIMIT - KEPT)
    at = max(await asyncio.gather(*(one.kill() for one in holders)))
    return await crowd.comes(lambda: used(LIMIT - KEPT)) - at
