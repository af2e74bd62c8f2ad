"""Processes whose clocks are an hour apart share a budget: none matters."""

import pytest

from actions.database import Database
from tests.faults.budget_crowd import aged, gathered
from tests.faults.refresh_store import is_thorough

HOUR = 3600.0
AHEAD = (HOUR, -HOUR, 0.0)
LIMIT = 350


@pytest.mark.timeout(600)
async def test_a_budget_is_shared_by_machines_whose_clocks_are_an_hour_apart(
    redis_url: str, database: Database, pytestconfig: pytest.Config
) -> None:
    if not is_thorough(pytestconfig):
        pytest.skip("whole windows long: see `make faults`; Redis' time has tests of its own")
    windows, pace = 6, 30.0
    await aged(database)
    async with gathered(redis_url, time_scale=pace) as crowd:
        for ahead in AHEAD:
            await crowd.join("kowhai", ahead=ahead)
        await crowd.comes(lambda: len(crowd.ended()) >= windows)
        used, refused = crowd.ended()[:windows], crowd.statuses().count(429)
    print(
        f"\n3 processes, one an hour ahead, one an hour behind: {sum(used)} of {LIMIT * windows} "
        f"used in {windows} windows, {refused} x 429"
    )
    # On a machine that is too busy for its pace a few are refused; a clock would cost an hour.
    assert refused <= 0.02 * sum(used)
    assert sum(used[1:]) >= 0.99 * LIMIT * (windows - 1)
