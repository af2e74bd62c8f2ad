import asyncio
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

import workers
from actions.database import Database
from workers.embedded import EmbeddedRedis, NoServer, server_binary

Owner = Callable[[], Awaitable[tuple[Process, Path]]]

BOUND = 30.0
"""Seconds after which something that should have gone is still there."""
OWNER = """
import sys
from workers.embedded import EmbeddedRedis
with EmbeddedRedis() as redis:
    print(redis.folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
async def owner() -> AsyncIterator[Owner]:
    """Start a process that opens a server and keeps it until its own input ends."""
    started: list[Process] = []

    async def owner() -> tuple[Process, Path]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", OWNER),
            cwd=Path(workers.__file__).parents[1],
            stdin=PIPE,
            stdout=PIPE,
        )
        started.append(process)
        assert process.stdout is not None
        line = await process.stdout.readline()
        return process, Path(line.decode().strip())

    yield owner
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def gone(folder: Path) -> None:
    """Wait until a server's folder is removed, which comes after its end."""
    async with asyncio.timeout(BOUND):
        while await asyncio.to_thread(folder.exists):  # noqa: ASYNC110 - another process removes it
            await asyncio.sleep(0.01)


def running(folder: Path) -> bool:
    found = subprocess.run(["pgrep", "-f", str(folder)], check=False, capture_output=True)  # noqa: S603, S607
    return found.returncode == 0


async def test_a_server_answers_while_it_is_open_and_then_leaves_nothing() -> None:
    with EmbeddedRedis() as redis:
        folder = redis.folder
        assert redis.url == f"unix://{folder}/redis.sock"
        async with Database(redis.url) as database:
            assert await database.do("PING")
    assert not folder.exists()
    assert not running(folder)


@pytest.mark.parametrize("appendfsync", ["everysec", "always"])
async def test_a_server_appends_every_write_to_a_file(appendfsync: str) -> None:
    with EmbeddedRedis(appendfsync) as redis:
        async with Database(redis.url) as database:
            assert await database.do("CONFIG", "GET", "append*") is not None
            shown = dict([await database.do("CONFIG", "GET", "appendonly")])
            assert shown == {b"appendonly": b"yes"}
            assert (await database.do("CONFIG", "GET", "appendfsync"))[1] == appendfsync.encode()
            assert (await database.do("CONFIG", "GET", "maxmemory-policy"))[1] == b"noeviction"


async def test_a_server_is_reached_only_through_its_socket() -> None:
    with EmbeddedRedis() as redis:
        async with Database(redis.url) as database:
            assert (await database.do("CONFIG", "GET", "port"))[1] == b"0"
        assert (redis.folder.stat().st_mode & 0o077) == 0


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_a_server_ends_and_its_folder_goes_when_its_owner_is_killed(
    owner: Owner, end: signal.Signals
) -> None:
    process, folder = await owner()
    assert running(folder)
    process.send_signal(end)
    await process.wait()
    await gone(folder)
    assert not running(folder)


async def test_two_servers_do_not_meet() -> None:
    with EmbeddedRedis() as one, EmbeddedRedis() as other:
        async with Database(one.url) as first, Database(other.url) as second:
            await first.do("SET", "key", "value")
            assert await second.do("GET", "key") is None


def test_stopping_twice_is_stopping_once() -> None:
    with EmbeddedRedis() as redis:
        redis.stop()
        assert not redis.folder.exists()


def put_first(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    """Make a `redis-server` that is found before any other."""
    program = folder / "redis-server"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return program


def test_a_server_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = put_first(tmp_path, monkeypatch, "exit 1")
    assert server_binary() == str(program)


def test_a_server_that_ends_at_once_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = put_first(tmp_path, monkeypatch, "exit 1")
    redis = EmbeddedRedis()
    with pytest.raises(NoServer) as raised:
        redis.__enter__()
    assert str(raised.value) == f"{program} ended as soon as it was started: try it by hand."
    assert not redis.folder.exists()
