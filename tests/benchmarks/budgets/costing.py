"""What a permit costs without HTTP: `python -m tests.benchmarks.budgets.costing REDIS`."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median

import msgspec
import uvloop
from msgspec import Struct
from multidict import CIMultiDict

from actions.budget import Budget
from actions.exchange import SINCE
from tests.benchmarks.budgets.calling import Counted
from tests.benchmarks.figures import Figure, Line
from tests.benchmarks.processes import Wrong, started
from tests.benchmarks.storage import Storage

_ROUNDS = 15
_PERMITS = 8_000
"""In a round."""
_CALLERS = 16
_LIMIT = 10_000_000
"""So many that there is room whatever the machine does."""


class Cost(Struct):
    """What permits took, in each round: CPU microseconds of one permit, and round trips."""

    ours: list[float]
    redis: list[float]
    trips: list[float]


def costing(storage: Storage) -> list[Line]:
    """Take permits and give them back as answered, as fast as goes, in one process."""
    storage.empty()
    storage.put(SINCE, 0)
    with started(("tests.benchmarks.budgets.costing", storage.url), {}, subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.read()
    if not told:
        raise Wrong("the permits broke off, as said above")
    cost = msgspec.json.decode(told, type=Cost)
    return [
        Figure("Redis calls per permit", median(cost.trips), most=0.1),
        Figure("CPU per permit, in the process", median(cost.ours), "µs", most=20),
        Figure("CPU per permit, in Redis", median(cost.redis), "µs"),
    ]


class _Vendor:
    """Answers at once and counts, as Lightspeed would."""

    def __init__(self) -> None:
        self._left = _LIMIT

    async def answer(self) -> Mapping[str, str]:
        self._left -= 1
        await asyncio.sleep(0)
        return CIMultiDict(
            {"X-RateLimit-Limit": str(_LIMIT), "X-RateLimit-Remaining": str(self._left)}
        )


async def _measured(url: str) -> Cost:
    cost, vendor = Cost([], [], []), _Vendor()
    async with Counted(url) as database, Budget(database) as budget:

        async def metered() -> None:
            permit = await budget.take("bench", "kowhai", "bulk")
            permit.answered(await vendor.answer())

        async def bare() -> None:
            await vendor.answer()

        await _spent(metered)  # warm: it learns the limit
        for _ in range(_ROUNDS):
            nothing = await _spent(bare)
            before, trips = await _redis_cpu(database), database.runs.total()
            cost.ours.append((await _spent(metered) - nothing) / _PERMITS * 1e6)
            cost.redis.append((await _redis_cpu(database) - before) / _PERMITS * 1e6)
            cost.trips.append((database.runs.total() - trips) / _PERMITS)
    return cost


async def _spent(one: Callable[[], Awaitable[None]]) -> float:
    """Return the CPU seconds of this process that a round takes."""
    began = time.process_time()

    async def caller() -> None:
        for _ in range(_PERMITS // _CALLERS):
            await one()

    await asyncio.gather(*(caller() for _ in range(_CALLERS)))
    return time.process_time() - began


async def _redis_cpu(database: Counted) -> float:
    found: dict[str, float] = await database.do("INFO", "cpu")
    return found["used_cpu_user_main_thread"] + found["used_cpu_sys_main_thread"]


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_measured(sys.argv[1]))))
