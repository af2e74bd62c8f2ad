"""The demo's child processes: web and worker as the Procfile starts them, their logs read."""

import asyncio
import os
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import msgspec

from actions.errors import BackroomError
from workers.children import guarded

_LINE_BYTES = 1 << 20


class ChildFailed(BackroomError):
    """A child process ended before its time."""


class Child:
    """One of our processes, started with `environ`; its log lines can be waited for."""

    def __init__(self, name: str, environ: Mapping[str, str]) -> None:
        self._name = name
        self._environ = {**os.environ, **environ}
        self._lines: list[dict[str, Any]] = []
        self._ended = False
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *guarded([sys.executable, "-m", "ingress", self._name]),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environ,
            start_new_session=True,
            limit=_LINE_BYTES,
        )
        self._reader = asyncio.create_task(self._read(), name=f"log of {self._name}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def line(self, event: str, **facts: str) -> dict[str, Any]:
        """Wait for the log line of `event` with these facts, and return it.

        Raises:
            ChildFailed: the process ended without saying it.
        """
        seen = 0
        async with self._news:
            while True:
                for line in self._lines[seen:]:
                    if line.get("event") == event and facts.items() <= line.items():
                        return line
                seen = len(self._lines)
                if self._ended:
                    raise ChildFailed(f"The {self._name} process ended early; it said why above.")
                await self._news.wait()

    async def _read(self) -> None:
        if self._process.stdout is not None:
            async for raw in self._process.stdout:
                try:
                    line = msgspec.json.decode(raw, type=dict[str, Any])
                except msgspec.DecodeError:
                    continue
                async with self._news:
                    self._lines.append(line)
                    self._news.notify_all()
        async with self._news:
            self._ended = True
            self._news.notify_all()
