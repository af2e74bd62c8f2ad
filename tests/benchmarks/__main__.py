"""`make bench`. It fails when something is wrong, never because something is slow."""

import os
import sys
import time
from collections.abc import Sequence

from tests.benchmarks.calling import calling
from tests.benchmarks.contest import contest, latency
from tests.benchmarks.deliveries import body_bytes
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Wrong
from tests.benchmarks.refreshing import refreshing
from tests.benchmarks.simulating import simulating
from tests.benchmarks.starting import starting
from tests.benchmarks.storage import Storage
from tests.benchmarks.working import working
from workers.embedded import EmbeddedRedis


def main() -> None:
    """Measure everything and print it."""
    began = time.monotonic()
    print(
        f"{os.cpu_count()} cores; bodies of {body_bytes():,} bytes, signed, all distinct; "
        "32 connections;\nload, server and Redis share the cores; rounds alternate, and a ratio "
        "is the median of its\nrounds; the product logs JSON to /dev/null."
    )
    with EmbeddedRedis() as redis:
        storage = Storage(redis.url)
        figures, rate = contest(storage, {"bare": 0.4, "naive": 3})
        _show("1. Rate, appendfsync everysec", figures)
        with EmbeddedRedis("always") as always:
            figures, _ = contest(Storage(always.url), {"naive": 2})
            _show("2. Rate, appendfsync always", figures)
        _show("3. Latency at half of that rate, open loop", latency(storage, rate / 2))
        _show("4. Start", starting(storage))
        _show("5. For information", working(storage))
        _show("6. 200 callers in 8 processes meet an expired token", refreshing(storage))
    _show("7. Client", calling())
    _show("8. Simulator", simulating())
    print(f"\n{time.monotonic() - began:.0f} s in all.")


def _show(title: str, figures: Sequence[Figure]) -> None:
    print(f"\n{title}", *figures, sep="\n", flush=True)


try:
    main()
except Wrong as wrong:
    sys.exit(f"WRONG: {wrong}")
