import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import BIN, PATIENCE, Run
from workers.events import WEBHOOK_TYPES

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def test_the_demo_shows_every_type_to_its_end_and_the_ledgers_agree(run: Run) -> None:
    shown = run("demo").stdout
    for name in WEBHOOK_TYPES:
        (line,) = [one for one in shown.splitlines() if one.strip().startswith(f"{name}  ")]
        assert "journal.note_" in line
    assert "stock.counted → ping" in shown
    assert "a repeat: not enqueued" in shown
    assert "The signature does not fit the body." in shown
    (stock,) = [one for one in shown.splitlines() if "stock adjustments" in one]
    assert "1,000 stock adjustments    2 requests, " in stock
    assert int(re.findall(r"([\d,]+) inventory.update", stock)[0].replace(",", "")) >= 1000
    assert "8 acknowledged · 8 handled · 8 in the journal · 1 repeat · 1 forgery" in shown
    last = shown.splitlines()[-1]
    assert "any MCP client takes" in last
    started = json.loads(last[last.index("{") :])
    assert Path(started["command"]).samefile(BIN / "backroom")
    assert run(*started["args"], "--help").stdout.startswith("Usage: backroom mcp ")


def test_the_demo_loads_no_plugin_but_its_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "explodes.py").write_text("raise SystemExit('loaded')")
    run("demo", PLUGINS="explodes")


def test_a_demo_that_is_killed_leaves_no_process_behind(
    environ: dict[str, str], tmp_path: Path
) -> None:
    mark = {"BACKROOM_TEST_MARK": str(tmp_path)}
    demo = subprocess.Popen(  # noqa: S603
        [str(BIN / "backroom"), "demo"],
        env={**environ, **mark},
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert demo.stdout
    while b"product.update" not in demo.stdout.readline():
        pass
    assert marked(tmp_path)
    demo.kill()
    demo.wait()
    demo.stdout.close()
    deadline = time.monotonic() + PATIENCE
    while marked(tmp_path):
        assert time.monotonic() < deadline, marked(tmp_path)
        time.sleep(0.05)


def marked(folder: Path) -> list[str]:
    """The processes whose environment has the test's mark."""
    if not Path("/proc").is_dir():
        pytest.skip("only Linux tells the environment of processes")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"BACKROOM_TEST_MARK={folder}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("target", ["demo", "test", "lint", "bench", "faults", "setup"])
def test_make_knows_every_target_that_the_readme_names(target: str) -> None:
    ended = subprocess.run(  # noqa: S603
        ["make", "-n", target],  # noqa: S607
        cwd=MAKEFILE.parent,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
