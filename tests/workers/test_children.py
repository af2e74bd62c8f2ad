import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from workers.children import guarded

Start = Callable[..., Awaitable[Process]]

BOUND = 30.0
"""Seconds after which a child that should have ended goes on."""
WAITING = 'trap "echo ended; exit 0" TERM; echo $$; while :; do sleep 0.05; done'


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a shell's script under a guard."""
    started: list[Process] = []

    async def start(script: str, **environ: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            *guarded(["/bin/sh", "-c", script]),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,
            env={**os.environ, **environ},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.stdin is not None:
            process.stdin.close()
        await process.communicate()


async def line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(BOUND):
        return (await process.stdout.readline()).decode().strip()


async def code(process: Process) -> int:
    async with asyncio.timeout(BOUND):
        return await process.wait()


@pytest.mark.parametrize("given", [0, 1, 7])
async def test_a_childs_exit_code_is_passed_on(start: Start, given: int) -> None:
    assert await code(await start(f"exit {given}")) == given


async def test_a_childs_words_are_passed_on_as_they_are(start: Start) -> None:
    assert await line(await start('echo "a  b" \'$HOME "c"\'')) == 'a  b $HOME "c"'


async def test_a_child_has_nothing_to_read(start: Start) -> None:
    assert await line(await start("cat; echo over")) == "over"


async def test_closing_the_pipe_ends_the_child_kindly(start: Start) -> None:
    process = await start(WAITING)
    await line(process)
    assert process.stdin is not None
    process.stdin.close()
    assert await line(process) == "ended"
    assert await code(process) == 0


async def test_sigterm_reaches_the_child(start: Start) -> None:
    process = await start(WAITING)
    await line(process)
    process.send_signal(signal.SIGTERM)
    assert await line(process) == "ended"
    assert await code(process) == 0


async def test_a_killed_child_ends_its_guard(start: Start) -> None:
    process = await start(WAITING)
    os.kill(int(await line(process)), signal.SIGKILL)
    assert await code(process) == 128 + signal.SIGKILL


async def test_a_folder_goes_with_the_child(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "its own"
    folder.mkdir()
    process = await start("exit 3", REMOVE=str(folder))
    assert await code(process) == 3
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240


PARENT = f"""
import subprocess, sys
from workers.children import guarded
child = subprocess.Popen(
    guarded(["/bin/sh", "-c", {WAITING!r}]), stdin=subprocess.PIPE, start_new_session=True
)
child.wait()
"""


async def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT),
        cwd=Path(__file__).parents[2],
        stdout=PIPE,
    )
    assert await line(parent)
    parent.kill()
    assert await line(parent) == "ended"
    await parent.communicate()
