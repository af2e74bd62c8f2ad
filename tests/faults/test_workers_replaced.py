"""SIGTERM of every worker in turn, as a deploy does, under load: nobody notices."""

from pathlib import Path

import pytest

from tests.faults.crew import hired
from tests.faults.feed import Feed, drained, standing
from tests.faults.refresh_store import is_thorough
from tests.faults.till import SUBSCRIBERS
from workers import keys

OPEN = 20
"""Events that are open at any time."""
WORKERS = 2


@pytest.mark.timeout(300)
async def test_a_deploy_loses_nothing_and_runs_nothing_twice(
    environ: dict[str, str], feed: Feed, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    rounds = 20 if is_thorough(pytestconfig) else 2
    async with hired(environ, "till", tmp_path) as crew:
        workers = await crew.start(WORKERS)
        async with feed.flowing(OPEN):
            for _ in range(rounds * WORKERS):
                oldest, *rest = workers
                await crew.at_work(oldest)
                assert await oldest.leave() == 0
                assert crew.ledger.read().in_hand(oldest.pid) == []
                workers = rest + await crew.start(1)
        await drained(feed.database)
    jobs = crew.ledger.read().jobs()
    assert await standing(feed.database, keys.FAILED) == set()
    assert await standing(feed.database, keys.HANDLED) == set(feed.acknowledged)
    assert set(jobs) == {(event_id, name) for event_id in feed.acknowledged for name in SUBSCRIBERS}
    for runs in jobs.values():
        assert [(run.attempt, run.ended is not None) for run in runs] == [(1, True)], runs
    print(
        f"\n{rounds} rounds of SIGTERM to each of {WORKERS} workers, {len(feed.acknowledged)} "
        f"events acknowledged, 0 lost, 0 of {len(jobs)} runs cut short or run twice"
    )
