"""Section `sharing`: 200 retailers share two workers; one of them has 100,000 jobs."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from actions.database import Database
from actions.grants import Grants, Pair
from actions.resources.retailer import GetRetailer
from actions.secret import Secret
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from actions.vault import Vault
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Wrong, running
from tests.benchmarks.storage import Storage
from workers.action_jobs import ActionJobs

_PACE = 5.0
"""A window of 350 calls lasts 60 s."""
_RETAILERS = tuple(f"shop-{number:03}" for number in range(200))
_CROWDED, *_OTHERS = _RETAILERS
_CROWD = 100_000
_SECONDS = 60.0
_A_SECOND = 40
"""Jobs of the others, at random moments."""
_ROUNDS = 3
_AT_ONCE = 500
_PATIENCE_SECONDS = 20.0
_GET = GetRetailer()


def sharing(storage: Storage) -> list[Figure]:
    """Measure what the others wait, alone and beside the crowd."""
    return asyncio.run(_sharing(storage))


async def _sharing(storage: Storage) -> list[Figure]:
    options = Options(retailers=_RETAILERS, registers=1, products=0, time_scale=_PACE)
    async with Simulator(options) as simulator, Database(storage.url) as database:
        alone, beside = list[float](), list[float]()
        for _ in range(_ROUNDS):
            alone.append(_p99(await _round(storage, simulator, database, 0)))
            beside.append(_p99(await _round(storage, simulator, database, _CROWD)))
        refused = sum(simulator.stage.limits.refused.values())
    ratios = [other / one for one, other in zip(alone, beside, strict=True)]
    return [
        Figure("rounds of a whole window, in turn", _ROUNDS),
        Figure("wait of 199 retailers' jobs alone, p99", median(alone), "ms"),
        Figure("their wait beside 100,000 jobs, p99", median(beside), "ms"),
        Figure("beside ÷ alone", median(ratios), "times", most=1.2),
        Figure("the same, least of the rounds", min(ratios), "times"),
        Figure("the same, most of the rounds", max(ratios), "times"),
        Figure("429s", refused, most=0),
    ]


async def _round(
    storage: Storage, simulator: Simulator, database: Database, crowd: int
) -> list[float]:
    """Return the waits of the others' jobs in real ms, from enqueued to arrived."""
    await database.do("FLUSHALL")
    vault = Vault((Secret(storage.key),))
    grants = Grants(database, vault)
    for retailer in _RETAILERS:
        await grants.keep(retailer, Pair(access=Secret(simulator.personal_token(retailer))))
    jobs = ActionJobs(database, vault, pace=_PACE)
    simulator.stage.ledger.reset()
    with _workers(storage, simulator):
        await asyncio.gather(*(jobs.enqueue(_GET, one) for one in _RETAILERS))  # all warm up
        await _arrived(simulator, dict.fromkeys(_RETAILERS, 1))
        simulator.stage.ledger.reset()
        for _ in range(crowd // _AT_ONCE):
            await asyncio.gather(*(jobs.enqueue(_GET, _CROWDED) for _ in range(_AT_ONCE)))
        enqueued = await _enqueue_others(simulator, jobs)
        await _arrived(simulator, {who: len(moments) for who, moments in enqueued.items()})
    return _waits(simulator, enqueued)


@contextmanager
def _workers(storage: Storage, simulator: Simulator) -> Iterator[None]:
    environ = {
        "REDIS_URL": storage.url,
        "BACKROOM_KEYS": storage.key,
        "LIGHTSPEED_ORIGIN": f"{simulator.origin}/{{domain_prefix}}",
        "LOG_LEVEL": "error",
        "PACE": str(_PACE),
    }
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(running(("tests.benchmarks.sharing_worker",), environ))
        yield


async def _enqueue_others(simulator: Simulator, jobs: ActionJobs) -> dict[str, list[float]]:
    """Enqueue jobs on a clock; return the moments by retailer, in simulated seconds."""
    made = random.Random(7)  # noqa: S311 - the same in each round
    loop, moments = asyncio.get_running_loop(), defaultdict[str, list[float]](list)
    due = loop.time()
    for _ in range(int(_SECONDS * _A_SECOND)):
        due += made.expovariate(_A_SECOND)
        await asyncio.sleep(max(0.0, due - loop.time()))
        retailer = made.choice(_OTHERS)
        moments[retailer].append(simulator.stage.clock.now())
        await jobs.enqueue(_GET, retailer)
    return moments


async def _arrived(simulator: Simulator, wanted: dict[str, int]) -> None:
    """Wait until so many calls of each retailer have arrived."""
    for _ in range(int(_PATIENCE_SECONDS * 20)):
        counts = defaultdict[str, int](int)
        for one in simulator.stage.ledger.requests:
            counts[one.retailer] += 1
        if all(counts[who] >= count for who, count in wanted.items()):
            return
        await asyncio.sleep(0.05)
    raise Wrong("jobs were enqueued and have not arrived")


def _waits(simulator: Simulator, enqueued: dict[str, list[float]]) -> list[float]:
    arrived = defaultdict[str, list[float]](list)
    for one in simulator.stage.ledger.requests:
        arrived[one.retailer].append(one.at)
    return [
        (there - begun) * 1000 / _PACE
        for who, moments in enqueued.items()
        for begun, there in zip(moments, sorted(arrived[who]), strict=True)
    ]


def _p99(values: list[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]
