"""Simulators, processes that call them, and what the simulators' ledgers say of it."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct, structs

from actions.exchange import SINCE
from actions.simulator.limits import Plan
from actions.simulator.simulator import Options, Simulator
from tests.benchmarks.budgets.orders import Done, Order, Work
from tests.benchmarks.processes import Wrong, started
from tests.benchmarks.storage import Storage

PROCESSES = 8
_ROUNDING_SECONDS = 1.0


class Window(Struct, frozen=True):
    """One window that is over, as the ledger has it."""

    begun: float
    limit: int
    used: int
    neighbour: int
    refused: int

    @property
    def use(self) -> float:
        """How much of what others left was used, in percent."""
        return min(100.0, 100.0 * self.used / max(1, self.limit - self.neighbour))


class Retailer(Struct, frozen=True, kw_only=True):
    """A retailer, and how it is called."""

    work: Work
    plan: Plan
    sliding: bool = False
    changes: tuple[tuple[float, int], ...] = ()
    """After so many seconds its limit becomes that."""


class Judged(Struct, frozen=True):
    """What came of one retailer."""

    windows: list[Window]
    """Those that are over; not the first, where it had begun before we came."""
    refused: int
    """429s in all."""
    answers: list[tuple[float, int]]
    """When each call was answered and with what status, in simulated seconds."""
    done: list[Done]
    taken: list[float]
    """When permits were taken, in simulated seconds."""
    hurried: list[tuple[float, float]]
    """When interactive permits were asked for, in simulated seconds, and the real seconds until."""
    begun: list[float]
    """When each window began, the one that is open too."""


def retailer(name: str, plan: Plan, **more: Any) -> Retailer:
    """Return a retailer that is saturated, unless `more` says otherwise."""
    of_retailer = {key: more.pop(key) for key in ("sliding", "changes") if key in more}
    work = Work(retailer=name, origin="", token="", **more)
    return Retailer(work=work, plan=plan, **of_retailer)


def judged(
    storage: Storage,
    retailers: Sequence[Retailer],
    pace: float,
    seconds: float,
    *,
    faults: tuple[str, ...] = (),
) -> dict[str, Judged]:
    """Call all retailers from `PROCESSES` processes at the same time; judge by retailer.

    Raises:
        Wrong: a process broke off, or the simulator has a bug.
    """
    storage.empty()
    storage.put(SINCE, 0)  # in its first seconds a Redis is careful
    return asyncio.run(_judged(storage, retailers, pace, seconds, faults))


async def _judged(
    storage: Storage,
    retailers: Sequence[Retailer],
    pace: float,
    seconds: float,
    faults: tuple[str, ...],
) -> dict[str, Judged]:
    async with AsyncExitStack() as stack:
        homes: dict[bool, Simulator] = {}
        for sliding in {one.sliding for one in retailers}:
            names = {one.work.retailer for one in retailers if one.sliding is sliding}
            options = Options(
                retailers=tuple(sorted(names)), products=2, time_scale=pace, faults=faults
            )
            home = homes[sliding] = await stack.enter_async_context(Simulator(options))
            home.stage.switches.window = "sliding" if sliding else "fixed"
        works = tuple(_placed(one, homes[one.sliding]) for one in retailers)
        order = Order(redis=storage.url, pace=pace, seconds=seconds, works=works)
        changing = [asyncio.create_task(_change(one, homes[one.sliding])) for one in retailers]
        reports = await asyncio.gather(*(_called(order, index) for index in range(PROCESSES)))
        await asyncio.gather(*changing)
        for home in homes.values():
            if home.bugs:
                raise Wrong(f"the simulator has a bug: {home.bugs[0]}")
        done = [one for report in reports for one in report]
        return {
            name: _verdict(homes[one.sliding], name, done)
            for one in retailers
            for name in [one.work.retailer]
        }


def _placed(one: Retailer, home: Simulator) -> Work:
    home.stage.limits.plans[one.work.retailer] = one.plan
    token = home.personal_token(one.work.retailer)
    return structs.replace(one.work, origin=home.origin, token=token)


async def _change(one: Retailer, home: Simulator) -> None:
    for after, limit in one.changes:
        await asyncio.sleep(after)
        home.stage.limits.plans[one.work.retailer].limit = limit


async def _called(order: Order, index: int) -> list[Done]:
    text = msgspec.json.encode(structs.replace(order, index=index, processes=PROCESSES)).decode()
    with started(("tests.benchmarks.budgets.calling", text), {}, subprocess.PIPE) as process:
        assert process.stdout is not None
        told = await asyncio.to_thread(process.stdout.read)
    if not told:
        raise Wrong("a process that called broke off, as said above")
    return msgspec.json.decode(told, type=list[Done])


def _verdict(home: Simulator, name: str, done: Sequence[Done]) -> Judged:
    limits, ledger = home.stage.limits, home.stage.ledger
    answers = [(one.at, one.status) for one in ledger.requests if one.retailer == name]
    began = min(at for at, _ in answers)
    windows = [
        Window(one["begun"], one["limit"], one["used"], one["neighbour"], one["refused"])
        for one in limits.ended
        if one["retailer"] == name and one["begun"] >= began - _ROUNDING_SECONDS
    ]
    ours = [one for one in done if one.retailer == name]
    simulated = _simulated(home)
    return Judged(
        windows=windows,
        refused=sum(
            count
            for (who, _, status), count in ledger.counts.items()
            if who == name and status == HTTPStatus.TOO_MANY_REQUESTS
        ),
        answers=answers,
        done=ours,
        taken=sorted(simulated(moment) for one in ours for moment in one.taken),
        hurried=[
            (simulated(moment - wait), wait)
            for one in ours
            if one.lane == "interactive"
            for moment, wait in zip(one.taken, one.waits, strict=True)
        ],
        begun=[one["begun"] for one in (*limits.ended, *limits.state()) if one["retailer"] == name],
    )


def _simulated(home: Simulator) -> Callable[[float], float]:
    """Return what turns a moment of `time.monotonic` into simulated seconds."""
    now, real = home.stage.clock.now(), time.monotonic()
    return lambda moment: now + (moment - real) * home.stage.clock.scale
