"""Bare reads of the simulator: `python -m tests.benchmarks.reading PORT PATH TOKEN SECONDS`.

Prints reads a second, over keep-alive connections that each wait for their answer.
"""

import asyncio
import sys
import time
from typing import cast

import uvloop

_CONNECTIONS = 16


class _Line(asyncio.Protocol):
    """One connection: the next request leaves when an answer is whole."""

    transport: asyncio.Transport

    def __init__(self, request: bytes, ends: float) -> None:
        self.answers = 0
        self.over = asyncio.get_running_loop().create_future()
        self._request, self._ends = request, ends
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._missing = (self._missing or _length(data)) - len(data)
        if self._missing:
            return
        self.answers += 1
        if time.monotonic() < self._ends:
            self.transport.write(self._request)
        elif not self.over.done():
            self.over.set_result(None)


def _length(data: bytes) -> int:
    """Return how long an answer is, of which this is the beginning."""
    head, separator, _ = data.partition(b"\r\n\r\n")
    if not separator or not head.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"not an answer to measure: {data[:200]!r}")
    name = b"content-length: "
    at = head.lower().index(name) + len(name)
    return len(head) + len(separator) + int(head[at:].partition(b"\r\n")[0])


async def _rate(port: int, path: str, token: str, seconds: float) -> float:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    loop, began = asyncio.get_running_loop(), time.monotonic()
    lines = []
    for _ in range(_CONNECTIONS):
        _, line = await loop.create_connection(
            lambda: _Line(request.encode(), began + seconds), "127.0.0.1", port
        )
        lines.append(line)
    async with asyncio.timeout(seconds + 10):
        await asyncio.gather(*(line.over for line in lines))
    return sum(line.answers for line in lines) / (time.monotonic() - began)


if __name__ == "__main__":
    port, path, token, seconds = sys.argv[1:]
    print(uvloop.run(_rate(int(port), path, token, float(seconds))))
