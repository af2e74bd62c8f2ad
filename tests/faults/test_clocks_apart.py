"""Two workers whose clocks are an hour apart from everyone's: nothing early, nothing stolen."""

import asyncio
import time
from itertools import cycle
from pathlib import Path

import pytest

from tests.faults.crew import PATIENCE, ROOT, Crew, Worker, hired
from tests.faults.feed import Feed, drained, standing
from tests.faults.later import AFTER
from tests.faults.ledger import Ledger
from tests.faults.refresh_store import is_thorough
from workers import keys

HOUR = 3600.0
AHEAD = (HOUR, -HOUR)
"""Seconds that the workers' clocks are ahead."""
ROUGHLY = 60.0
"""Two looks at a clock are not so many seconds apart."""
ROUNDED = 0.005
"""Redis counts in ms."""


@pytest.mark.timeout(300)
async def test_clocks_an_hour_apart_begin_nothing_early_and_steal_no_lease(
    environ: dict[str, str], feed: Feed, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    rounds = 5 if is_thorough(pytestconfig) else 1
    async with hired(environ, "later", tmp_path) as crew:
        workers = [crew.launch(**clock(ahead)) for ahead in AHEAD]
        await asyncio.gather(*(worker.ready() for worker in workers))
        for _ in range(rounds):
            await shared(crew, feed, workers)
            await drained(feed.database)
    ledger = crew.ledger.read()
    judge_clocks(ledger, workers)
    assert await standing(feed.database, keys.FAILED) == set()
    assert await standing(feed.database, keys.HANDLED) == set(feed.acknowledged)
    waits = judge_waits(ledger)
    whole = ledger.jobs("last")
    for runs in whole.values():
        assert [(run.attempt, run.ended is not None) for run in runs] == [(1, True)], runs
    assert {event_id for event_id, _ in ledger.jobs()} == set(feed.acknowledged)
    print(
        f"\n2 workers whose clocks are an hour ahead and an hour behind: 0 of {len(waits)} waits "
        f"of {AFTER:g} s ended early, the longest after {max(waits):.2f} s; 0 of {len(whole)} "
        f"leases stolen from runs that outlast one"
    )


def clock(ahead: float) -> dict[str, str]:
    """The environment of a process whose clock is wrong."""
    return {
        "CLOCK_AHEAD": str(ahead),
        "PYTHONPATH": f"{ROOT / 'tests' / 'faults' / 'clock'}:{ROOT}",
    }


async def shared(crew: Crew, feed: Feed, workers: list[Worker]) -> None:
    """Put events until both workers have begun some of either kind since now.

    They came through machines with such clocks, too.
    """
    began = time.monotonic()
    missing = wanted = {(worker.pid, name) for worker in workers for name in ("again", "last")}
    async with asyncio.timeout(PATIENCE):
        for ahead in cycle(AHEAD):
            if not missing:
                return
            if any(name == "again" for _, name in missing):
                await feed.put(20, ahead_ms=int(ahead * 1000))
            if any(name == "last" for _, name in missing):
                await feed.put(1, "product.update", ahead_ms=int(ahead * 1000))
            await asyncio.sleep(0.05)
            begun = [run for run in crew.ledger.read().runs if run.began > began]
            missing = wanted - {(run.pid, run.subscriber) for run in begun}


def judge_clocks(ledger: Ledger, workers: list[Worker]) -> None:
    """See that the clocks were wrong indeed."""
    right = time.time() - time.monotonic()
    by_pid = {worker.pid: ahead for worker, ahead in zip(workers, AHEAD, strict=True)}
    for run in ledger.runs:
        for told in run.clocks:
            assert abs(told - (right + run.began) - by_pid[run.pid]) < ROUGHLY


def judge_waits(ledger: Ledger) -> list[float]:
    """See that what asked to be run again was, and not too early; return how long each waited."""
    waits = []
    for runs in ledger.jobs("again").values():
        first, second = runs
        assert (first.attempt, second.attempt) == (1, 2)
        assert first.ended
        assert second.ended
        waits.append(second.began - first.ended)
    assert min(waits) >= AFTER - ROUNDED, "begun early"
    return waits
