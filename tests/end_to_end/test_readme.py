"""The README's plugin and its commands, run as they stand there."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.vault import Vault
from tests.end_to_end.conftest import PATIENCE, Process
from tests.end_to_end.ports import free_port
from tests.stores import Store, open_store

README = (Path(__file__).parents[2] / "README.md").read_text()
PLUGIN = next(iter(re.findall(r"```python\n(.*?)```", README, re.DOTALL)))
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = next(block for block in BLOCKS if "export" in block)
WITHOUT_A_STORE = next(block for block in BLOCKS if "backroom simulator" in block)
ACTIONS = next(block for block in BLOCKS if "backroom actions" in block)
FOR_PROGRAMS = ("keys create", "/jobs", "backroom stock", "backroom webhooks")
"""What tells the blocks that need a store and a `web` that reaches it, in that order."""


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
    shown = typed(f"{script}\nkill $(jobs -p); wait\n", tmp_path, environ)
    assert re.search(r"ledger +ledger\.post_sale +sale\.update", shown)
    first, second, called = shown.split("In the inbox:")
    assert len(re.findall(r"kowhai +sale\.update +handled +1 of 1", first)) == 1
    assert len(re.findall(r"kowhai +sale\.update +handled +1 of 1", second)) > 1
    assert '"domain_prefix": "kowhai"' in called
    assert re.search(r"CreateBrand: Create Brand\n(.*\n)+name +string, at least 1 long", called)
    assert re.search(r'^\{"id":"[0-9a-f-]{36}","name":"Koru"', called, re.MULTILINE)
    assert re.search(r'"job_id": "[0-9a-f]{24}"', called)
    assert '"event":"sale.posted"' in (tmp_path / "worker.log").read_text()


@pytest.fixture
async def store(database: Database, vault: Vault) -> AsyncIterator[Store]:
    async with open_store() as store:
        await Grants(database, vault).keep("kowhai", store.pair())
        await Connections(database, vault).link("kowhai", unsigned=True)
        yield store


async def test_what_the_readme_tells_programs_and_operators_works_as_it_stands(
    start: Callable[..., Process], store: Store, environ: dict[str, str], tmp_path: Path
) -> None:
    environ |= store.environ | {"PORT": str(free_port())}
    for name in ("web", "worker"):
        start(name, **environ)
    outlet, skus = store.rows("outlets")[0]["name"], [row["sku"] for row in store.rows("products")]
    rows = "".join(f"{sku},{outlet},3,STOCK_FOUND\n" for sku in skus)
    (tmp_path / "count.csv").write_text(f"sku,outlet,quantity,reason\n{rows}")
    blocks = [next(block for block in BLOCKS if word in block) for word in FOR_PROGRAMS]
    commands = [told(one) for block in blocks for one in lines(block)]
    script = "\n".join(commands).replace("8000", environ["PORT"])
    shown = await asyncio.to_thread(typed, script, tmp_path, environ)
    assert re.search(r'^\{"data":\[.*"next":null\}', shown, re.MULTILINE)
    assert re.search(r'"state":"done"', shown)
    assert "2 applied; each row is in count.report.csv" in shown
    assert "2 applied, 0 refused, 0 unknown, 0 left" in shown
    assert ("kowhai", "POST /brands") in store.written
    assert store.rows("webhooks") == []


def typed(script: str, folder: Path, environ: dict[str, str]) -> str:
    """Run commands in a shell until one fails, which none may; return what they print."""
    ended = subprocess.run(  # noqa: S603
        ["bash", "-c", f"set -e\n{script}"],  # noqa: S607
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def told(command: str) -> str:
    """Let a script go on where a person would read, copy or agree."""
    if command.startswith("curl") and "idempotency-key" in command:
        return f"{command} > told.json\nJOB=$({AN_ID} told.json | head -1)"
    if command.startswith("backroom stock order"):
        dry = "backroom stock adjust count.csv --dry-run --json"
        return command.replace("ID", f"$({dry} | {AN_ID})")
    if command == "backroom webhooks":
        return f"{command} || [ $? = 1 ]"  # they are not registered yet
    asks = command in {"backroom stock adjust count.csv", "backroom disconnect kowhai"}
    return f"{command} --yes" if asks else command


AN_ID = "grep -o '[0-9a-f]\\{24\\}'"


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
