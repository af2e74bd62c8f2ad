"""`kill -9` of a worker, again and again under load: each event takes effect all the same."""

import asyncio
import random
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from tests.faults.crew import Crew, Worker, hired
from tests.faults.feed import Feed, drained, standing
from tests.faults.ledger import Ledger, Run
from tests.faults.refresh_store import is_thorough
from tests.faults.till import SUBSCRIBERS
from workers import keys

OPEN = 60
"""Events that are open at any time."""
SPREAD = 0.2
"""A worker is killed within so many seconds of being seen at work."""
WRONG_SECONDS = 15.0
"""A lease lasts five; three times that is no busy machine any more."""


@pytest.mark.timeout(600)
async def test_what_a_killed_worker_had_in_hand_runs_again_and_nothing_else_does(
    environ: dict[str, str], feed: Feed, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    kills, number = (100, 3) if is_thorough(pytestconfig) else (3, 2)
    killed: dict[int, float] = {}
    async with hired(environ, "till", tmp_path) as crew:
        workers = await crew.start(number)
        async with feed.flowing(OPEN):
            for _ in range(kills):
                victim, at = await kill_one(crew, workers)
                killed[victim.pid] = at
        await drained(feed.database)
    ledger = crew.ledger.read()
    assert await standing(feed.database, keys.FAILED) == set()
    assert await standing(feed.database, keys.HANDLED) == set(feed.acknowledged)
    judge(ledger, feed.acknowledged, killed)
    assert len(killed) == kills
    report(ledger, feed.acknowledged, killed)


async def kill_one(crew: Crew, workers: list[Worker]) -> tuple[Worker, float]:
    """Kill one worker in the middle of something, and put another in its place."""
    victim = random.choice(workers)  # noqa: S311 - no secret
    await crew.at_work(victim)
    await asyncio.sleep(random.uniform(0, SPREAD))  # noqa: S311 - the instant of the kill
    at = await victim.kill()
    workers.remove(victim)
    workers += await crew.start(1)
    return victim, at


def judge(ledger: Ledger, acknowledged: list[str], killed: dict[int, float]) -> None:
    """Compare what was acknowledged and killed with what was run."""
    jobs = ledger.jobs()
    assert set(jobs) == {(event_id, name) for event_id in acknowledged for name in SUBSCRIBERS}
    for runs in jobs.values():
        *earlier, last = runs
        assert last.ended is not None, f"lost half-way: {runs}"
        assert all(run.pid in killed for run in earlier), f"run twice without need: {runs}"
        attempts = [run.attempt for run in runs]
        assert all(attempt > 1 for attempt in attempts[1:]), f"a second run, not said: {runs}"
        assert attempts == sorted(set(attempts))


def report(ledger: Ledger, acknowledged: list[str], killed: dict[int, float]) -> None:
    """Say how soon work was resumed, and judge that it was."""
    jobs = ledger.jobs()
    waits: dict[int, list[float]] = {}
    for runs in jobs.values():
        for run, following in pairwise(runs):
            waits.setdefault(run.pid, []).append(following.began - killed[run.pid])
    assert waits, "no kill hit anything"
    first = [min(one) for one in waits.values()]
    longest = max(max(one) for one in waits.values())
    again = sum(map(len, waits.values()))
    print(
        f"\n{len(killed)} kills of a worker, {len(acknowledged)} events acknowledged, 0 lost; "
        f"{again} runs cut short and run again, {done_twice(jobs.values())} effects twice, each "
        f"said by ctx.attempt; work resumed after {median(first):.1f} s, {max(first):.1f} s at "
        f"most, the last cut run after {longest:.1f} s"
    )
    assert max(first) < WRONG_SECONDS


def done_twice(jobs: Iterable[list[Run]]) -> int:
    """Count effects whose worker was killed before it could record them."""
    return sum(run.ended is not None for runs in jobs for run in runs[:-1])
