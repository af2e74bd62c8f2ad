"""The picture in the docs: what the ledger has of ten windows."""

import subprocess
import tempfile
from pathlib import Path

import msgspec

from tests.benchmarks.budgets.judging import Judged
from tests.benchmarks.figures import Line
from tests.benchmarks.processes import ROOT, Wrong
from tests.benchmarks.racing import PEERS_PYTHON

_PICTURE = ROOT / "docs" / "budget.png"
_MODULE = "tests.benchmarks.budgets.plotting"


def picturing(found: dict[str, Judged], titles: dict[str, str]) -> Line:
    """Draw the retailers that have a title, and say where the picture is."""
    if not PEERS_PYTHON.exists():
        return "  no picture: .venv-bench is not there; `make bench` makes it"
    panels = [
        {
            "title": title,
            "windows": found[name].windows,
            "answers": found[name].answers,
            "taken": found[name].taken,
        }
        for name, title in titles.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "panels.json"
        data.write_bytes(msgspec.json.encode(panels))
        command = [str(PEERS_PYTHON), "-m", _MODULE, str(data), str(_PICTURE)]
        drawn = subprocess.run(  # noqa: S603 - our own command line
            command, cwd=ROOT, capture_output=True, text=True, check=False
        )
    if drawn.returncode:
        raise Wrong(f"the picture could not be drawn: {drawn.stderr.strip().splitlines()[-1]}")
    return f"  drawn: {_PICTURE.relative_to(ROOT)}"
