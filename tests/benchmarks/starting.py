"""Section `start`: how long a person waits for `backroom --help`, and deliveries for `web`."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.contest import product
from tests.benchmarks.figures import Figure
from tests.benchmarks.storage import Storage

_HELPS = 15
_STARTS = 7


def starting(storage: Storage) -> list[Figure]:
    """Start both several times."""
    return [
        Figure("backroom --help", median(_help() for _ in range(_HELPS)), "ms", most=200),
        Figure("web ready", median(_ready(storage) for _ in range(_STARTS)), "ms", most=1000),
    ]


def _help() -> float:
    command = Path(sys.executable).with_name("backroom")
    began = time.perf_counter()
    subprocess.run([command, "--help"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    return (time.perf_counter() - began) * 1000


def _ready(storage: Storage) -> float:
    began = time.perf_counter()
    with product(storage):
        return (time.perf_counter() - began) * 1000
