"""A Redis whose power can be cut: its folder stays, and it starts again from what it had synced."""

import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from workers.embedded import server_binary

_SECONDS = 20.0


class RedisServer:
    """A server on a unix socket that syncs every write before it answers."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="backroom-")
        self._socket = Path(self._folder.name) / "redis.sock"
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start it and wait until it has loaded what it had."""
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "dir": self._folder.name,
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        words = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            [server_binary(), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.005)

    def kill(self) -> None:
        """Cut its power."""
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            try:
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")
            except OSError:
                return False
