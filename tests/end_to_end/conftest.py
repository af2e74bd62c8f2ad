"""Running Backroom as its users do: as commands and processes, in a folder of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actions.database import Database
from workers.children import guarded

BIN = Path(sys.executable).parent
PATIENCE = 20.0
"""Seconds after which what was waited for will not come."""

Run = Callable[..., subprocess.CompletedProcess[str]]


class Process:
    """A process of ours in the background; its log lines are read from a file."""

    def __init__(self, name: str, log: Path, environ: dict[str, str], folder: Path) -> None:
        self.log = log
        with log.open("wb") as out:
            self._guard = subprocess.Popen(  # noqa: S603
                guarded([str(BIN / "backroom"), name]),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environ,
                cwd=folder,
                start_new_session=True,
            )

    def line(self, event: str, **facts: object) -> dict[str, Any]:
        """Wait for a log line."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for line in self.lines():
                if line.get("event") == event and facts.items() <= line.items():
                    return line
            assert self._guard.poll() is None, self.log.read_text()
            time.sleep(0.01)
        raise AssertionError(f"no {event} {facts} in {self.log.read_text()}")

    def lines(self) -> list[dict[str, Any]]:
        """Return the whole log lines so far."""
        raw = self.log.read_bytes().rpartition(b"\n")[0].splitlines()
        return [msgspec.json.decode(line) for line in raw if line.startswith(b"{")]

    def code(self) -> int | None:
        """Return its exit code once it has ended by itself."""
        return self._guard.poll()

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code."""
        assert self._guard.stdin
        self._guard.stdin.close()
        return self._guard.wait(PATIENCE)


@pytest.fixture
def environ(environ: dict[str, str], database: Database) -> dict[str, str]:
    """The whole environment of a user's shell, on an empty Redis."""
    assert database.where
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **environ, "PATH": path, "HOST": "127.0.0.1", "PORT": "0"}


@pytest.fixture
def run(environ: dict[str, str], tmp_path: Path) -> Run:
    """Run a `backroom` command to its end."""

    def run(*words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(  # noqa: S603
            [str(BIN / "backroom"), *words],
            env={**environ, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        return ended

    return run


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start `web` or `worker` in the background and wait until it is ready."""
    started: list[Process] = []

    def start(name: str, **more: str) -> Process:
        log = tmp_path / f"{name}-{len(started)}.log"
        process = Process(name, log, {**environ, **more}, tmp_path)
        started.append(process)
        process.line(f"{name}.ready")
        return process

    yield start
    for process in started:
        process.stop()
