"""The README's plugin and its commands, run as they stand there."""

import re
import subprocess
from pathlib import Path

from tests.end_to_end.conftest import PATIENCE
from tests.end_to_end.ports import free_port

README = (Path(__file__).parents[2] / "README.md").read_text()
PLUGIN = next(iter(re.findall(r"```python\n(.*?)```", README, re.DOTALL)))
COMMANDS = next(
    block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "export" in block
)


def test_the_plugin_has_no_more_lines_than_it_boasts() -> None:
    assert len([line for line in PLUGIN.splitlines() if line.strip()]) <= 12


def test_the_plugin_and_the_commands_of_the_readme_work_as_they_stand(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ledger.py").write_text(PLUGIN)
    script = "set -e\n" + "\n".join(map(waiting, COMMANDS.splitlines()))
    script += "\nkill $(jobs -p); wait\n"
    environ |= {"PORT": str(free_port())}
    ended = subprocess.run(  # noqa: S603
        ["bash", "-c", script],  # noqa: S607
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"ledger +ledger\.post_sale +sale\.update", ended.stdout)
    assert re.search(r"kowhai +sale\.update +handled +1 of 1", ended.stdout)
    assert '"event":"sale.posted"' in (tmp_path / "worker.log").read_text()


def waiting(line: str) -> str:
    """Let a reader's pace into the script: processes get ready, the event gets handled."""
    command = line.partition("#")[0].strip()
    if command.endswith("&"):
        name = command.split()[1]
        until = f"until grep -q ready {name}.log; do sleep .05; done"
        return f"{command[:-1]} > {name}.log 2>&1 &\n{until}"
    if command.startswith("backroom trigger"):
        return f"{command}\nuntil grep -q succeeded worker.log; do sleep .05; done"
    return command
