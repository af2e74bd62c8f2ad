"""A Redis whose power can be cut: its folder stays, and it starts again from what it had synced."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from workers.embedded import SOCKET, answers, options, server_binary

_SECONDS = 20.0


class RedisServer:
    """A server on a unix socket that syncs its writes as `appendfsync` says."""

    def __init__(self, appendfsync: str = "always") -> None:
        self._appendfsync = appendfsync

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="backroom-")
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
        return f"unix://{Path(self._folder.name) / SOCKET}"

    def start(self) -> None:
        """Start it and wait until it has loaded what it had."""
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            [server_binary(), *options(Path(self._folder.name), self._appendfsync)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _SECONDS
        while not answers(Path(self._folder.name)):
            assert time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.005)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """Throw away what it had synced."""
        for one in Path(self._folder.name).iterdir():
            shutil.rmtree(one) if one.is_dir() else one.unlink()

    @property
    def written(self) -> int:
        """How long its file is."""
        return self._file.stat().st_size

    def cut(self, written: int) -> None:
        """Cut its power where no more than this was on its disk."""
        self.kill()
        os.truncate(self._file, written)

    @property
    def _file(self) -> Path:
        (found,) = Path(self._folder.name).glob("appendonlydir/*.incr.aof")
        return found
