"""Section `simulator`: the simulator, in a process of its own beside its client."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Wrong, started

_ROUNDS = 3
_SECONDS = 2.0
_SMALL, _LARGE = 1_000, 100_000
_STORE = "/kowhai/api/2026-07"
# So many registers that the rate limit is no limit here.
_COMMAND = ("ingress", "simulator", "--json", "--port=0", "--control-port=0", "--registers=9000")


def simulating() -> list[Figure]:
    """Read from a small store; start a small and a large one."""
    with _simulator(_SMALL) as (facts, start, _):
        port = urlsplit(facts["origin"]).port
        token = facts["stores"][0]["personal_token"]
        first = _read(port, f"{_STORE}/products?page_size=200", token)
        one = _read(port, f"{_STORE}/products/{_product(facts)}", token)
    with _simulator(_LARGE) as (_, long, megabytes):
        pass
    return [
        Figure("GET /products/{id}", one, "/s", least=1500),
        Figure("GET /products, pages of 200", first, "/s"),
        Figure(f"start with {_SMALL:,} products", start, "s", most=1),
        Figure(f"start with {_LARGE:,} products", long, "s", most=10),
        Figure(f"memory with {_LARGE:,} products", megabytes, "MB", most=500),
    ]


@contextmanager
def _simulator(products: int) -> Iterator[tuple[dict[str, Any], float, float]]:
    """Run one; tell what it says of itself, the seconds until then and its megabytes."""
    began = time.perf_counter()
    command = (*_COMMAND, f"--products={products}")
    with started(command, {}, subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        took = time.perf_counter() - began
        if not line:
            raise Wrong("the simulator did not start, as said above")
        yield json.loads(line), took, _megabytes(process.pid)


def _megabytes(guard: int) -> float:
    """Return the most memory that the child of a guard has had."""
    children = Path(f"/proc/{guard}/task/{guard}/children").read_text().split()
    peaks = [
        int(line.split()[1]) / 1024
        for child in children
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return max(peaks)


def _product(facts: dict[str, Any]) -> str:
    control = f"{facts['control_url']}/state/kowhai/products"
    read = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
    told = subprocess.run(  # noqa: S603 - our own line
        [sys.executable, "-c", read, control], check=True, capture_output=True, text=True
    )
    return str(json.loads(told.stdout)[0]["id"])


def _read(port: int | None, path: str, token: str) -> float:
    return median(_round(port, path, token) for _ in range(_ROUNDS))


def _round(port: int | None, path: str, token: str) -> float:
    arguments = ("tests.benchmarks.reading", str(port), path, token, str(_SECONDS))
    with started(arguments, {}, subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.read()
    if not told:
        raise Wrong(f"{path}: the reads broke off, as said above")
    return float(told)
