"""Minutes in which Lightspeed answers nothing but 5xx, to many retailers: jobs wait it out."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec import Struct

from actions.budget import Budget
from actions.client import Client
from actions.database import Database
from actions.grants import Grants, Pair
from actions.listening import cancelled
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
from workers.line import Line
from workers.settings import Settings
from workers.stock.orders import StockOrders
from workers.worker import build_actions

BEFORE, AFTER = 60.0, 30.0
"""Vendor's seconds of calm."""


class Play(Struct, frozen=True):
    """How much of it, and how fast; in the vendor's seconds."""

    number: int
    pace: float
    outage: float
    within: float
    """The rate must be back so soon. Few retailers look at it less often, all of them together."""


THOROUGH = Play(number=50, pace=10.0, outage=600.0, within=15.0)
RATE = 0.2
"""Jobs of each retailer, a vendor's second."""
MOST_LOOKS = 12
BROKEN = "backroom:budgets:broken"


class Scene(Struct):
    """Who plays, and how fast."""

    simulator: Simulator
    reach: Lightspeed
    retailers: tuple[str, ...]
    enqueued: list[str] = []
    opened: dict[str, float] = {}
    """When the breaker of each retailer was first seen open."""

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

    async def watch(self) -> None:
        """See when breakers open."""
        while True:
            for key in await self.reach.jobs.database.do("SMEMBERS", BROKEN):
                self.opened.setdefault(key.decode().rpartition(":")[2], self.now())
            await asyncio.sleep(0.005)

    def answered(
        self, least: int, begin: float, end: float, *, opened: bool = False
    ) -> Counter[str]:
        """How many calls of each retailer were answered with 200 or, if `least` is 500, 5xx.

        `opened` counts those that came after its breaker was.
        """
        return Counter(
            one.retailer
            for one in self.simulator.stage.ledger.requests
            if max(begin, self.opened[one.retailer] if opened else 0) <= one.at < end
            and least <= one.status < least + 100
        )


@asynccontextmanager
async def staged(
    settings: Settings, database: Database, vault: Vault, play: Play
) -> AsyncIterator[Scene]:
    """Stores that are linked, and a worker of the actions queue."""
    retailers = tuple(f"shop-{number}" for number in range(play.number))
    grants = Grants(database, vault)
    options, line = (
        Options(retailers=retailers, products=1, time_scale=play.pace),
        Line(database, play.pace),
    )
    async with (
        Simulator(options) as simulator,
        open_session() as session,
        Budget(database, pace=play.pace, roomy=line.notice) as budget,
    ):
        for one in retailers:
            await grants.keep(one, Pair(access=Secret(simulator.personal_token(one))))
        origin = f"{simulator.origin}/{{domain_prefix}}"
        client = Client(Tokens(grants), session, budget, origin=origin)
        jobs = ActionJobs(database, vault, pace=play.pace)
        reach = Lightspeed(client, jobs, grants, None, StockOrders(database), line)
        worker = build_actions(settings, reach, burst=False)
        working = asyncio.create_task(worker.async_run())
        watching = asyncio.create_task(line.watch())
        try:
            yield Scene(simulator, reach, retailers)
        finally:
            worker.stop()
            await working
            await worker.close()
            await cancelled(watching)
    assert simulator.bugs == []


@pytest.mark.timeout(600)
async def test_an_outage_fails_no_job_and_is_over_as_soon_as_it_is(
    settings: Settings, database: Database, vault: Vault, pytestconfig: pytest.Config
) -> None:
    if not is_thorough(pytestconfig):
        pytest.skip("minutes of an outage: see `make faults`; the breaker has tests of its own")
    play = THOROUGH
    await aged(database)
    async with staged(settings, database, vault, play) as scene:
        tasks = [asyncio.create_task(one) for one in (scene.feed(), scene.watch())]
        clock, began = scene.simulator.stage.clock, scene.now()
        await clock.until(began + BEFORE)
        scene.simulator.stage.faults.add(Fault(name="5xx"))
        await clock.until(began + BEFORE + play.outage)
        scene.simulator.stage.faults.remove()
        await clock.until(began + BEFORE + play.outage + play.within + AFTER)
        for one in tasks:
            await cancelled(one)
        await done(scene)
        judge(scene, play, began)


async def done(scene: Scene) -> None:
    """Wait until every job is over, and see that none has failed."""
    deadline = time.monotonic() + PATIENCE
    for job_id in scene.enqueued:
        while (job := await scene.reach.jobs.get(job_id)).state != "done":
            assert job.state != "failed", job
            assert time.monotonic() < deadline, f"not over: {job}"
            await asyncio.sleep(0.05)


def judge(scene: Scene, play: Play, began: float) -> None:
    """Read the book: what was asked during the outage, and how soon all was as before."""
    broke = began + BEFORE
    back = broke + play.outage
    looks = max(scene.answered(500, broke, back, opened=True).values())
    calm = scene.answered(200, began, broke).total() / BEFORE
    soon = scene.answered(200, back, back + play.within)
    again = scene.answered(200, back + play.within, back + play.within + AFTER)
    rates = [soon.total() / play.within / calm, again.total() / AFTER / calm]
    print(
        f"\n{play.number} retailers, {play.outage:g} s of 5xx: {looks} looks at each at most while "
        f"the breaker was open, 0 of {len(scene.enqueued)} jobs failed; then {rates[0]:.0%} of the "
        f"rate in the first {play.within:g} s, of {len(soon)} retailers, and {rates[1]:.0%} after"
    )
    assert looks <= MOST_LOOKS
    assert min(rates) >= 0.9
    assert len(soon + again) == play.number
