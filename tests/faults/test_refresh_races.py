"""Many processes meet a token that is over: one of them refreshes it, once."""

import time
from statistics import median

import pytest

from actions.database import Database
from tests.faults.refresh_caller import RETAILER, Order, Report
from tests.faults.refresh_store import Process, Store, is_thorough, linked_store

CALLERS = 4
"""In each process."""
SPREAD = 0.005
"""Seconds within which they come: so do some in the middle of a refresh, and some after it."""


@pytest.mark.timeout(300)
async def test_of_all_callers_in_all_processes_one_refreshes(
    redis_url: str, key: str, database: Database, pytestconfig: pytest.Config
) -> None:
    races, number = (1000, 8) if is_thorough(pytestconfig) else (20, 3)
    async with linked_store(redis_url, key, database) as store:
        processes = await store.ready([store.start() for _ in range(number)])
        began, waits = time.perf_counter(), list[float]()
        for race in range(races):
            for report in await raced(store, processes, race):
                waits += report.waits
        seconds = time.perf_counter() - began
        grant = await store.grants.get(RETAILER)
        assert (grant.state, grant.generation) == ("linked", races + 1)
        assert await store.is_good()
        asked = {status: store.asked(status) for status in (200, 400, 401, 429)}
        assert asked == {200: races + 1, 400: 0, 401: 0, 429: 0}  # the first was the consent's
    print(
        f"\n{races} races of {number} processes with {CALLERS} callers each in {seconds:.0f} s: "
        f"{asked[200] - 1} refreshes, {asked[400]} uses of a spent token, 0 lock-outs; "
        f"waits p50 {median(waits) * 1000:.0f} ms, max {max(waits) * 1000:.0f} ms"
    )


async def raced(store: Store, processes: list[Process], race: int) -> list[Report]:
    """Let all meet a token that has expired or, every other time, was refused; judge the race."""
    before = store.refreshed
    if race % 2:
        await store.expire()
    what: Order = Order("expired" if race % 2 else "refused", callers=CALLERS, spread=SPREAD)
    await store.order(processes, what)
    reports = await store.reports(len(processes))
    assert store.refreshed - before == 1, f"race {race}"
    for report in reports:
        assert not report.dead
        assert not report.troubles
        assert report.generations == [race + 2] * CALLERS, "all got the one new pair"
    return reports
