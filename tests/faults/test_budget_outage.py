"""Ten minutes in which Lightspeed answers nothing but 5xx, to many retailers: jobs wait it out."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec import Struct

from actions.budget import Budget
from actions.client import Client
from actions.database import Database
from actions.grants import Grants, Pair
from actions.resources.outlets import ListOutlets
from actions.secret import Secret
from actions.sending import open_session
from actions.simulator.faults import Fault
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from actions.tokens import Tokens
from actions.vault import Vault
from tests.faults.budget_crowd import PATIENCE, aged
from tests.faults.refresh_store import is_thorough
from workers.action_jobs import ActionJobs
from workers.lightspeed import Lightspeed
from workers.settings import Settings
from workers.worker import build_actions

BEFORE, OUTAGE, WITHIN, AFTER = 60.0, 600.0, 15.0, 60.0
"""Vendor's seconds: calm, outage, until the rate must be back, calm."""
RATE = 0.2
"""Jobs of each retailer, a vendor's second."""
PROBES = 12
FIRST_PAUSE = 10.0


class Scene(Struct):
    """Who plays, and how fast."""

    simulator: Simulator
    reach: Lightspeed
    retailers: tuple[str, ...]
    pace: float
    enqueued: list[str] = []

    def now(self) -> float:
        return self.simulator.stage.clock.now()

    async def feed(self) -> None:
        """Enqueue jobs at the rate for ever."""
        began, done = self.now(), 0
        while True:
            while done < (self.now() - began) * RATE * len(self.retailers):
                retailer = self.retailers[done % len(self.retailers)]
                self.enqueued.append(await self.reach.enqueue(ListOutlets(), retailer))
                done += 1
            await asyncio.sleep(0.02)

    def answered(self, least: int, begin: float, end: float) -> Counter[str]:
        """How many calls of each retailer were answered with 200 or, if `least` is 500, 5xx."""
        book = self.simulator.stage.ledger.requests
        return Counter(
            one.retailer
            for one in book
            if begin <= one.at < end and least <= one.status < least + 100
        )


@asynccontextmanager
async def scene(
    settings: Settings, database: Database, vault: Vault, number: int, pace: float
) -> AsyncIterator[Scene]:
    """Stores that are linked, and a worker of the actions queue."""
    retailers = tuple(f"shop-{number}" for number in range(number))
    grants = Grants(database, vault)
    options = Options(retailers=retailers, products=1, time_scale=pace)
    async with (
        Simulator(options) as simulator,
        open_session() as session,
        Budget(database, pace=pace) as budget,
    ):
        for one in retailers:
            await grants.keep(one, Pair(access=Secret(simulator.personal_token(one))))
        origin = f"{simulator.origin}/{{domain_prefix}}"
        client = Client(Tokens(grants), session, budget, origin=origin)
        reach = Lightspeed(client, ActionJobs(database, vault), grants, None)
        worker = build_actions(settings, reach, burst=False)
        working = asyncio.create_task(worker.async_run())
        try:
            yield Scene(simulator, reach, retailers, pace)
        finally:
            worker.stop()
            await working
            await worker.close()
    assert simulator.bugs == []


@pytest.mark.timeout(600)
async def test_an_outage_of_ten_minutes_fails_no_job_and_is_over_as_soon_as_it_is(
    settings: Settings, database: Database, vault: Vault, pytestconfig: pytest.Config
) -> None:
    number, pace = (50, 10.0) if is_thorough(pytestconfig) else (6, 20.0)
    await aged(database)
    async with scene(settings, database, vault, number, pace) as play:
        feeding = asyncio.create_task(play.feed())
        began = play.now()
        await play.simulator.stage.clock.until(began + BEFORE)
        play.simulator.stage.faults.add(Fault(name="5xx"))
        await play.simulator.stage.clock.until(began + BEFORE + OUTAGE)
        play.simulator.stage.faults.remove()
        await play.simulator.stage.clock.until(began + BEFORE + OUTAGE + WITHIN + AFTER)
        feeding.cancel()
        await done(play)
        judge(play, began)


async def done(play: Scene) -> None:
    """Wait until every job is over, and see that none has failed."""
    async with asyncio.timeout(PATIENCE):
        for job_id in play.enqueued:
            while (job := await play.reach.jobs.get(job_id)).state != "done":
                assert job.state != "failed", job
                await asyncio.sleep(0.05)


def judge(play: Scene, began: float) -> None:
    """Read the book: what was asked during the outage, and how soon all was as before."""
    broke, back = began + BEFORE, began + BEFORE + OUTAGE
    probes = play.answered(500, broke + FIRST_PAUSE, back)
    all_failed = play.answered(500, broke, back)
    calm = play.answered(200, began, broke).total() / BEFORE
    again = play.answered(200, back + WITHIN, back + WITHIN + AFTER)
    soon = play.answered(200, back, back + WITHIN)
    share = again.total() / AFTER / calm
    import os  # DEBUG

    if os.environ.get("DBG"):
        print("CALM", calm)
        for r in play.retailers[:3]:
            print(
                r,
                [
                    (round(o.at - broke, 1), o.status)
                    for o in play.simulator.stage.ledger.requests
                    if o.retailer == r and o.at >= broke and o.at < back + 100
                ][:90],
            )
        for k in range(0, 75, 5):
            print(
                k,
                play.answered(200, back + k, back + k + 5).total() / 5 / calm,
                len(play.answered(200, back + k, back + k + 5)),
            )
    print(
        f"\n{len(play.retailers)} retailers, 10 min of 5xx: {max(probes.values())} probes at most "
        f"once the breaker was open ({max(all_failed.values())} with those before), 0 of "
        f"{len(play.enqueued)} jobs failed; {len(soon)} retailers were answered within "
        f"{WITHIN:g} s, {soon.total() / WITHIN / calm:.0%} of the rate; then {share:.0%}"
    )
    assert max(probes.values()) <= PROBES
    assert len(soon) == len(play.retailers)
    assert share >= 0.9
