"""`kill -9` of a process in the middle of refreshing: no grant ends without saying so."""

import asyncio
import random
from collections import Counter

import pytest

from actions.database import Database
from tests.faults.refresh_caller import RETAILER, Order
from tests.faults.refresh_store import Process, Store, is_thorough, linked_store

LOST = "the answer to a refresh was lost"
SECONDS = 0.004
"""A process is killed within so many seconds of taking its turn: a refresh takes about as long."""
SPARE = 4
"""Processes that are started ahead, to be killed later."""


@pytest.mark.timeout(300)
async def test_a_grant_outlives_its_process_or_says_why_not(
    redis_url: str, key: str, database: Database, pytestconfig: pytest.Config
) -> None:
    kills = 200 if is_thorough(pytestconfig) else 5
    ends: Counter[str] = Counter()
    async with linked_store(redis_url, key, database) as store:
        survivors = await store.ready([store.start() for _ in range(2)])
        spare = [store.start() for _ in range(min(SPARE, kills))]
        for kill in range(kills):
            if not spare:
                spare = [store.start() for _ in range(min(SPARE, kills - kill))]
            ready = spare if spare[0].pid else await store.ready(spare)
            victim, *spare = ready
            ends[await survived(store, victim, survivors)] += 1
        assert (await store.grants.get(RETAILER)).state == "linked"
    assert ends.total() == kills
    told = ", ".join(f"{number} {end}" for end, number in sorted(ends.items()))
    print(f"\n{kills} kills of a process that refreshes: {told}, 0 silently broken")


async def survived(store: Store, victim: Process, survivors: list[Process]) -> str:
    """Kill a process at some instant of its refresh; say how its grant came out of it."""
    before, generation = store.refreshed, (await store.grants.get(RETAILER)).generation
    await store.order([victim], Order("fresh"))
    while not await store.has_turn() and store.refreshed == before:
        pass
    await asyncio.sleep(random.uniform(0, SECONDS))  # noqa: S311 - the instant of the kill
    await victim.kill()
    await store.forget_reports()
    done = (await store.grants.get(RETAILER)).generation > generation
    await store.let_turn_pass()
    await store.order(survivors, Order("refused", callers=3))
    reports = await store.reports(len(survivors))
    assert not [trouble for report in reports for trouble in report.troubles]
    grant = await store.grants.get(RETAILER)
    if grant.state == "linked":
        assert await store.is_good(), "a grant that says it is good, and is not"
        assert (grant.generation, store.refreshed) == (generation + 1, before + 1)
        assert all(report.generations == [generation + 1] * 3 for report in reports)
        return "after it was kept" if done else "refreshed by another"
    assert grant.why == LOST
    assert store.refreshed == before + 1, "an answer is named lost that never was"
    assert all(LOST in told for report in reports for told in report.dead)
    assert not any(report.generations for report in reports)
    await linked_again(store, survivors)
    return "lost and linked again"


async def linked_again(store: Store, survivors: list[Process]) -> None:
    """Have the merchant consent again: every process goes on as it is."""
    await store.link()
    assert await store.is_good()
    await store.order(survivors, Order("use"))
    generation = (await store.grants.get(RETAILER)).generation
    for report in await store.reports(len(survivors)):
        assert report.generations == [generation]
