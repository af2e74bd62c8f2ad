"""A command of ours with a terminal before it, as a person has."""

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end.conftest import BIN, PATIENCE

_WIDE = {"TERM": "xterm-256color", "COLUMNS": "200", "LINES": "40"}


class Terminal:
    """What a command wrote on its terminal so far; stdout may be a pipe instead."""

    def __init__(self, words: tuple[str, ...], environ: dict[str, str], folder: Path) -> None:
        self.seen = ""
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(  # noqa: S603
            [str(BIN / "backroom"), *words],
            stdin=slave,
            stdout=subprocess.PIPE if words[0] == "call" else slave,
            stderr=slave,
            env=environ | _WIDE,
            cwd=folder,
            start_new_session=True,
        )
        os.close(slave)

    def shows(self, text: str, times: int = 1) -> None:
        """Wait until a text was written so many times."""
        deadline = time.monotonic() + PATIENCE
        while self.seen.count(text) < times:
            assert time.monotonic() < deadline, self.seen
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._master, 65536).decode()
                except OSError:  # what it wrote was read, and it is gone
                    raise AssertionError(self.seen) from None

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def ended(self) -> tuple[int, str]:
        """Wait for its end; return its exit code and what it wrote into the pipe."""
        out, _ = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, (out or b"").decode()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@contextmanager
def terminal(*words: str, environ: dict[str, str], folder: Path) -> Iterator[Terminal]:
    """Run a command of ours on a terminal."""
    opened = Terminal(words, environ, folder)
    try:
        yield opened
    finally:
        opened.close()
