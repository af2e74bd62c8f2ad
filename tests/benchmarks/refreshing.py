"""Section `tokens`: 200 callers in 8 processes meet an access token that has expired."""

import asyncio
import time
from statistics import median

from actions.database import Database
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Wrong
from tests.benchmarks.storage import Storage
from tests.faults.refresh_caller import RETAILER, Order, Report
from tests.faults.refresh_store import Process, Store, linked_store

_PROCESSES = 8
_CALLERS = 25
"""In each process."""
_WARM = 5
"""Rounds that do not count: connections are opened in them."""
_ROUNDS = 20
_MARGIN_MS = 50.0
"""What waiting for another process may cost beyond the refresh itself."""


def refreshing(storage: Storage) -> list[Figure]:
    """Let a token expire in turns for a lone caller, which is the plain refresh, and for all."""
    storage.empty()
    return asyncio.run(_refreshing(storage))


async def _refreshing(storage: Storage) -> list[Figure]:
    async with (
        Database(storage.url) as database,
        linked_store(storage.url, storage.key, database) as store,
    ):
        processes = await store.ready([store.start() for _ in range(_PROCESSES)])
        for _ in range(_WARM):
            await _met(store, processes)
        plain, requests, waits = list[float](), list[int](), list[float]()
        for _ in range(_ROUNDS):
            plain.append(await _plain(store))
            before = store.refreshed
            reports = await _met(store, processes)
            requests.append(store.refreshed - before)
            waits += [wait * 1000 for report in reports for wait in report.waits]
    one = median(plain)
    p99 = sorted(waits)[len(waits) * 99 // 100]
    return [
        Figure("token requests for 200 callers, most", max(requests), most=1),
        Figure("one plain token request", one, "ms"),
        Figure("wait for the new token, p50", median(waits), "ms"),
        Figure("wait for the new token, p99", p99, "ms", most=round(one + _MARGIN_MS, 1)),
    ]


async def _plain(store: Store) -> float:
    """Return the milliseconds of one refresh with nothing around it."""
    old = (await store.grants.get(RETAILER)).pair.refresh
    began = time.perf_counter()
    pair = await store.oauth.refresh(RETAILER, old)
    took = (time.perf_counter() - began) * 1000
    await store.grants.keep(RETAILER, pair)
    return took


async def _met(store: Store, processes: list[Process]) -> list[Report]:
    await store.expire()
    await store.order(processes, Order("expired", callers=_CALLERS))
    reports = await store.reports(len(processes))
    if lacking := [one for one in reports if one.troubles or one.dead]:
        raise Wrong(f"callers got no token: {lacking[0]}")
    return reports
