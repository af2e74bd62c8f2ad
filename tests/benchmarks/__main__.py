"""`make bench`. It fails when something is wrong, never because something is slow.

`make bench SECTIONS="queue events"` measures these sections only.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from tests.benchmarks import queueing
from tests.benchmarks.budgets.costing import costing
from tests.benchmarks.budgets.hurrying import hurrying
from tests.benchmarks.budgets.saturating import saturating
from tests.benchmarks.budgets.spanning import spanning
from tests.benchmarks.calling import calling
from tests.benchmarks.contest import contest, latency
from tests.benchmarks.deliveries import body_bytes
from tests.benchmarks.figures import Line
from tests.benchmarks.processes import Wrong
from tests.benchmarks.refreshing import refreshing
from tests.benchmarks.sharing import sharing as shared
from tests.benchmarks.simulating import simulating
from tests.benchmarks.starting import starting
from tests.benchmarks.stocking import stocking
from tests.benchmarks.storage import Storage
from tests.benchmarks.working import working
from workers.embedded import EmbeddedRedis

Titled: TypeAlias = Iterator[tuple[str, Sequence[Line]]]


def web(storage: Storage) -> Titled:
    """Measure the ingress, beside a bare handler and a naive one."""
    figures, rate = contest(storage, {"bare": 0.4, "naive": 3})
    yield "Rate, appendfsync everysec", figures
    with EmbeddedRedis("always") as always:
        yield "Rate, appendfsync always", contest(Storage(always.url), {"naive": 2})[0]
    yield "Latency at half of that rate, open loop", latency(storage, rate / 2)


def start(storage: Storage) -> Titled:
    """Measure how long one waits for the command line and for `web`."""
    yield "Start", starting(storage)


def queue(storage: Storage) -> Titled:
    """Measure the engine, beside stock arq and other queues on Redis."""
    yield "Jobs that do nothing, one worker process each", queueing.racing(storage)
    yield "From enqueued to started, 50 jobs/s", queueing.waiting(storage)
    yield "What an idle worker asks of Redis", queueing.idling(storage)


def events(storage: Storage) -> Titled:
    """Measure whole events, from the inbox to the outcome."""
    yield "Events, one worker process", working(storage)


def tokens(storage: Storage) -> Titled:
    """Measure what an expired token costs those that need it."""
    yield "200 callers in 8 processes meet an expired token", refreshing(storage)


def sharing(storage: Storage) -> Titled:
    """Measure what one retailer's crowd costs the others."""
    yield "200 retailers, two workers", shared(storage)


def budget(storage: Storage) -> Titled:
    """Measure calls at the rate limit; the simulator's own ledger is the judge."""
    yield from saturating(storage)
    yield "2,000 calls at 350 in 300 s, 15 times as fast as real", spanning(storage)
    yield "Calls that somebody waits for, while bulk takes all it gets", hurrying(storage)
    yield "What a permit costs, without HTTP", costing(storage)


def stock(storage: Storage) -> Titled:
    """Measure how single stock adjustments of many processes leave together."""
    yield "100,000 single stock adjustments, 8 processes, one worker", stocking(storage)


def client(_: Storage) -> Titled:
    """Measure calls, beside bare aiohttp."""
    yield "Client", calling()


def simulator(_: Storage) -> Titled:
    """Measure the simulator."""
    yield "Simulator", simulating()


SECTIONS: dict[str, Callable[[Storage], Titled]] = {
    section.__name__: section
    for section in (
        *(web, start, queue, events, tokens),
        *(budget, sharing, stock, client, simulator),
    )
}


def main(names: Sequence[str]) -> None:
    """Measure these sections, or all, and print each as soon as it is known."""
    if unknown := set(names) - set(SECTIONS):
        sys.exit(f"{', '.join(sorted(unknown))}: no such section. There are {', '.join(SECTIONS)}.")
    began = time.monotonic()
    print(
        f"{os.cpu_count()} cores; bodies of {body_bytes():,} bytes, signed, all distinct; "
        "32 connections;\nload, server and Redis share the cores; rounds alternate, and a ratio "
        "is the median of its\nrounds; the product logs JSON to /dev/null."
    )
    with EmbeddedRedis() as redis:
        storage = Storage(redis.url)
        for name in names or SECTIONS:
            for title, lines in SECTIONS[name](storage):
                print(f"\n{title}", *lines, sep="\n", flush=True)
    print(f"\n{time.monotonic() - began:.0f} s in all.")


try:
    main(sys.argv[1:])
except Wrong as wrong:
    sys.exit(f"WRONG: {wrong}")
