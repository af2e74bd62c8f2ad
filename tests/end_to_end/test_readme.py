"""The README's plugin and its commands, run as they stand there."""

import re
import subprocess
from pathlib import Path

from tests.end_to_end.conftest import PATIENCE
from tests.end_to_end.ports import free_port

README = (Path(__file__).parents[2] / "README.md").read_text()
PLUGIN = next(iter(re.findall(r"```python\n(.*?)```", README, re.DOTALL)))
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = next(block for block in BLOCKS if "export" in block)
WITHOUT_A_STORE = next(block for block in BLOCKS if "backroom simulator" in block)
ACTIONS = next(block for block in BLOCKS if "backroom actions" in block)


def test_the_plugin_has_no_more_lines_than_it_boasts() -> None:
    assert len([line for line in PLUGIN.splitlines() if line.strip()]) <= 12


def test_the_plugin_and_the_commands_of_the_readme_work_as_they_stand(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ledger.py").write_text(PLUGIN)
    commands = lines(COMMANDS) + lines(WITHOUT_A_STORE) + lines(ACTIONS)
    port = str(free_port())
    script = "\n".join(waiting(one.replace("8089", port), port) for one in commands)
    environ |= {"PORT": str(free_port())}
    ended = subprocess.run(  # noqa: S603
        ["bash", "-c", f"set -e\n{script}\nkill $(jobs -p); wait\n"],  # noqa: S607
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"ledger +ledger\.post_sale +sale\.update", ended.stdout)
    first, second, called = ended.stdout.split("In the inbox:")
    assert len(re.findall(r"kowhai +sale\.update +handled +1 of 1", first)) == 1
    assert len(re.findall(r"kowhai +sale\.update +handled +1 of 1", second)) > 1
    assert '"domain_prefix": "kowhai"' in called
    assert re.search(r"CreateBrand: Create Brand\n(.*\n)+name +string, at least 1 long", called)
    assert re.search(r'^\{"id":"[0-9a-f-]{36}","name":"Koru"', called, re.MULTILINE)
    assert re.search(r'"job_id": "[0-9a-f]{24}"', called)
    assert '"event":"sale.posted"' in (tmp_path / "worker.log").read_text()


def lines(block: str) -> list[str]:
    """Return the commands of a block, without what is said of them."""
    said = re.sub(r"\\\n", "", block).splitlines()
    return [line.partition(" #")[0].strip() for line in said]


def waiting(command: str, port: str) -> str:
    """Let a reader's pace into the script: processes get ready, events get handled."""
    if command.startswith("backroom simulator"):
        free = f"{command[:-1]} --port {port} --control-port 0 > simulator.log 2>&1 &"
        return f"{free}\nuntil [ $(grep -c succeeded worker.log) -gt 2 ]; do sleep .05; done"
    if command.endswith("&"):
        name = command.split()[1]
        until = f"until grep -q ready {name}.log; do sleep .05; done"
        return f"{command[:-1]} > {name}.log 2>&1 &\n{until}"
    if command.startswith("backroom trigger"):
        return f"{command}\nuntil grep -q succeeded worker.log; do sleep .05; done"
    return command
