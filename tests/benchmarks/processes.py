"""Every process of the bench runs under a guard: none outlives it, however it ends."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from tests.benchmarks.load import Order, Result
from workers.children import guarded

ROOT = Path(__file__).parents[2]
_START_SECONDS = 15.0
_POLL_SECONDS = 0.002


class Wrong(Exception):
    """Something is broken, which no figure of speed would say."""


@contextmanager
def running(
    arguments: Sequence[str], environ: Mapping[str, str] = {}, log: Path = Path(os.devnull)
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m` with these arguments, its standard output appended to `log`."""
    with log.open("ab") as stdout, started(arguments, environ, stdout.fileno()) as process:
        yield process


def sent(order: Order) -> Result:
    """Send a load from a process of its own and return what came of it."""
    arguments = ("tests.benchmarks.load", msgspec.json.encode(order).decode())
    with started(arguments, {}, subprocess.PIPE) as process:
        assert process.stdout is not None
        answer = process.stdout.read()
    if not answer:
        raise Wrong(f"{order.path}: the load broke off, as said above")
    result = msgspec.json.decode(answer, type=Result)
    answers = sum(result.statuses.values())
    if result.unanswered or answers != result.stored or not answers:
        raise Wrong(f"{order.path}: {result.statuses}, {result.unanswered} unanswered")
    return result


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def await_ready(port: int) -> None:
    """Wait until `/ready` answers 200."""
    deadline = time.monotonic() + _START_SECONDS
    while not _is_ready(port):
        if time.monotonic() > deadline:
            raise Wrong(f"nothing is ready on port {port} after {_START_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)


def _is_ready(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as client:
            client.sendall(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return client.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@contextmanager
def started(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    stdout: int,
    stderr: IO[bytes] | None = None,
    python: str = sys.executable,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m` with these arguments until the end of the `with`."""
    # None of our own variables: a PLUGINS of the user's must not slow the figures down.
    with subprocess.Popen(  # noqa: S603 - our own command line
        guarded([python, "-m", *arguments]),
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
    ) as process:
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.wait()
