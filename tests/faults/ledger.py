"""The ledger that subscribers under test write themselves: what began, where, and what ended."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

Job: TypeAlias = tuple[str, str]
"""An event's id and a subscriber."""


class Line(Struct, array_like=True, frozen=True):
    """One line, as a subscriber wrote it."""

    event_id: str
    subscriber: str
    attempt: int
    pid: int
    word: Literal["begin", "end"]
    at: float
    """By the clock that all processes of a machine share, whatever the time of day they know."""
    clocks: tuple[float, float]
    """The time of day that the process knew, asked in two ways."""


class Run(Struct):
    """One run of a subscriber."""

    event_id: str
    subscriber: str
    attempt: int
    pid: int
    began: float
    clocks: tuple[float, float]
    ended: float | None = None

    @property
    def job(self) -> Job:
        """What was run."""
        return self.event_id, self.subscriber


def note(file: str, event_id: str, subscriber: str, attempt: int, word: str) -> None:
    """Append a line, in one write: it is whole or not there, however the process ends."""
    clocks = time.time(), datetime.now(UTC).timestamp()
    facts = (event_id, subscriber, attempt, os.getpid(), word, time.monotonic(), clocks)
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, msgspec.json.encode(facts) + b"\n")
    finally:
        os.close(handle)


class Ledger:
    """What was written so far."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.runs: list[Run] = []
        self._open: dict[tuple[str, str, int, int], Run] = {}
        self._read = 0
        file.touch()

    def read(self) -> "Ledger":
        """Read on from where it was read before."""
        with self.file.open("rb") as file:
            file.seek(self._read)
            fresh = file.read().rpartition(b"\n")[0]
        self._read += len(fresh) + bool(fresh)
        for text in fresh.splitlines():
            self._add(msgspec.json.decode(text, type=Line))
        return self

    def in_hand(self, pid: int) -> list[Run]:
        """The runs that a process has begun and not ended."""
        return [run for run in self._open.values() if run.pid == pid]

    def jobs(self, *subscribers: str) -> dict[Job, list[Run]]:
        """Every run, by what was run, in the order they began; of these subscribers, or of all."""
        jobs: dict[Job, list[Run]] = {}
        for run in self.runs:
            if not subscribers or run.subscriber in subscribers:
                jobs.setdefault(run.job, []).append(run)
        return jobs

    def pids(self, subscriber: str) -> set[int]:
        """The processes that began a run of a subscriber."""
        return {run.pid for run in self.runs if run.subscriber == subscriber}

    def _add(self, line: Line) -> None:
        key = (line.event_id, line.subscriber, line.attempt, line.pid)
        if line.word == "end":
            self._open.pop(key).ended = line.at
            return
        assert key not in self._open, f"begun twice as the same attempt: {key}"
        self._open[key] = Run(*key, line.at, line.clocks)
        self.runs.append(self._open[key])
