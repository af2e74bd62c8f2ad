"""Section `stock`, its second half: a file of 100,000 rows by `backroom stock adjust`."""

import asyncio
import contextlib
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants, Pair
from actions.secret import Secret
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from actions.vault import Vault
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Wrong
from tests.benchmarks.storage import Storage

_ROWS = 100_000
_COMMAND = (sys.executable, "-m", "ingress", "stock", "adjust")
_LOOK_SECONDS = 0.02
_POST = "POST /stock_adjustments"


async def filing(storage: Storage) -> list[Figure]:
    """Send a file as its user does, and measure its checking without the sending."""
    options = Options(products=100, registers=1000)  # the budget is no bottleneck
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "count.csv"
        async with Simulator(options) as simulator, Database(storage.url) as database:
            vault = Vault((Secret(storage.key),))
            token = Secret(simulator.personal_token("kowhai"))
            await Grants(database, vault).keep("kowhai", Pair(access=token))
            await Connections(database, vault).link("kowhai", unsigned=False)
            shop = simulator.shop("kowhai")
            outlet = next(shop.table("outlets").all())["id"]
            _write(file, [row["id"] for row in shop.table("products").all()], outlet)
            environ = _environ(storage, simulator)
            checked, _ = await _run(environ, str(file), "--dry-run")
            took, memory = await _run(environ, str(file), "--yes", "--json")
            requests = simulator.stage.ledger.writes["kowhai", _POST]
            applied = len(shop.table("stock_adjustments"))
    if applied != _ROWS:
        raise Wrong(f"{applied:,} of {_ROWS:,} rows of the file were applied")
    return [
        Figure("requests for a file of 100,000 rows, the first learns as whom", requests, most=101),
        Figure(
            "rows a second checked, the start of the command with it", _ROWS / checked, least=2e4
        ),
        Figure("until all were applied", took, "s"),
        Figure("memory of the command, at most", memory, "MB", most=150),
    ]


def _write(file: Path, products: list[str], outlet: str) -> None:
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("product_id", "outlet_id", "quantity", "reason"))
        for number in range(_ROWS):
            product = products[number % len(products)]
            writer.writerow((product, outlet, number + 1, "STOCK_FOUND"))


def _environ(storage: Storage, simulator: Simulator) -> dict[str, str]:
    return os.environ | {
        "REDIS_URL": storage.url,
        "BACKROOM_KEYS": storage.key,
        "LIGHTSPEED_ORIGIN": f"{simulator.origin}/{{domain_prefix}}",
    }


async def _run(environ: dict[str, str], *words: str) -> tuple[float, float]:
    """Run the command; return the seconds it took and its greatest memory in MB."""
    began, memory = time.perf_counter(), 0.0
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, *words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.returncode is None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _LOOK_SECONDS)
        memory = max(memory, _peak(process.pid))
    if process.returncode:
        raise Wrong(f"the command left with {process.returncode}")
    return time.perf_counter() - began, memory


def _peak(pid: int) -> float:
    """Return a process' greatest memory so far; not by `rusage`, which has its parent's too."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in lines if "VmHWM" in line), default=0.0)
