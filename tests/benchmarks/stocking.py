"""Section `stock`: singles of many processes leave as few requests, and so does a file."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import ceil
from statistics import median
from typing import Any

from actions.database import Database
from actions.grants import Grants, Pair
from actions.resources.stock_adjustments import NewStockAdjustment
from actions.secret import Secret
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from actions.vault import Vault
from tests.benchmarks.figures import Figure
from tests.benchmarks.filing import filing
from tests.benchmarks.processes import Wrong, running
from tests.benchmarks.stocking_caller import GO, READY
from tests.benchmarks.storage import Storage
from workers.stock import keys
from workers.stock.orders import LINGER_SECONDS, StockOrders

_SINGLES = 100_000
_PROCESSES = 8
_TIMED = 100
_APART_SECONDS = 0.1
_LOOK_SECONDS = 0.2
"""How often who waits for an outcome looks."""
_PATIENCE_SECONDS = 300.0
_POST = "POST /stock_adjustments"


def stocking(storage: Storage) -> list[Figure]:
    """Measure requests for 100,000 singles and for a file, and how long a single waits."""
    storage.empty()
    singles = asyncio.run(_stocking(storage))
    storage.empty()
    return singles + asyncio.run(filing(storage))


async def _stocking(storage: Storage) -> list[Figure]:
    options = Options(products=1, registers=1000)  # the budget is no bottleneck
    async with Simulator(options) as simulator, Database(storage.url) as database:
        grants = Grants(database, Vault((Secret(storage.key),)))
        await grants.keep("kowhai", Pair(access=Secret(simulator.personal_token("kowhai"))))
        shop = simulator.shop("kowhai")
        product, outlet = (next(shop.table(one).all())["id"] for one in ("products", "outlets"))
        with _running(storage, simulator, product, outlet):
            took = await _gathered(database, simulator)
            requests = simulator.stage.ledger.writes["kowhai", _POST]
            waits = await _waits(StockOrders(database), product, outlet)
        if len(shop.table("stock_adjustments")) != _SINGLES + _TIMED:
            raise Wrong("adjustments were lost, or applied twice")
    return _figures(requests, took, waits)


def _figures(requests: int, took: float, waits: list[float]) -> list[Figure]:
    full = ceil(_SINGLES / 1000)
    return [
        Figure("requests for 100,000 singles", requests, most=int(1.02 * full)),
        Figure("until all were applied", took, "s"),
        Figure("one by one ÷ ours, under any budget", _SINGLES / requests, "times"),
        Figure("a single's wait, p50", median(waits), "s"),
        Figure(
            "a single's wait, p99",
            sorted(waits)[len(waits) * 99 // 100],
            "s",
            most=LINGER_SECONDS + _LOOK_SECONDS + 0.5,
        ),
    ]


@contextmanager
def _running(storage: Storage, simulator: Simulator, product: str, outlet: str) -> Iterator[None]:
    environ = {
        "REDIS_URL": storage.url,
        "BACKROOM_KEYS": storage.key,
        "LIGHTSPEED_ORIGIN": f"{simulator.origin}/{{domain_prefix}}",
        "LOG_LEVEL": "error",
        "PACE": "1",
    }
    caller = ("tests.benchmarks.stocking_caller", str(_SINGLES // _PROCESSES), product, outlet)
    with ExitStack() as stack:
        stack.enter_context(running(("tests.benchmarks.sharing_worker",), environ))
        for _ in range(_PROCESSES):
            stack.enter_context(running(caller, environ))
        yield


async def _gathered(database: Database, simulator: Simulator) -> float:
    """Let all processes begin at once; return the seconds until all has been applied."""
    await _until(database, "GET", READY, lambda found: int(found or 0) == _PROCESSES)
    began = time.perf_counter()
    await database.do("SET", GO, 1)
    table = simulator.shop("kowhai").table("stock_adjustments")
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while len(table) < _SINGLES:  # noqa: ASYNC110 - a table tells nobody
            await asyncio.sleep(0.05)
    took = time.perf_counter() - began
    await _until(database, "EXISTS", keys.request("kowhai"), lambda found: not found)
    return took


async def _until(database: Database, command: str, name: str, is_so: Any) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not is_so(await database.do(command, name)):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.05)


async def _waits(orders: StockOrders, product: str, outlet: str) -> list[float]:
    """Return how long each of some singles waits, from submitted to its outcome known."""

    async def one(number: int) -> float:
        await asyncio.sleep(number * _APART_SECONDS)
        adjustment = NewStockAdjustment(
            product_id=product, outlet_id=outlet, quantity=str(number + 1), reason="STOCK_FOUND"
        )
        began = time.perf_counter()
        (result,) = await orders.outcome(await orders.submit([adjustment], "kowhai"))
        if result.outcome != "applied":
            raise Wrong(f"an adjustment is {result.outcome}: {result.detail}")
        return time.perf_counter() - began

    waits = await asyncio.gather(*map(one, range(_TIMED)))
    await orders.close()
    return waits
