"""The load: keep-alive connections on a bare protocol, since it shares the cores it measures.

`python -m tests.benchmarks.load ORDER` prints what came of it; both are JSON.
"""

import asyncio
import gc
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

from tests.benchmarks.deliveries import requests

_TICK_SECONDS = 0.001
_PATIENCE_SECONDS = 20.0
"""How long answers may lag behind the last request."""


class Order(Struct, frozen=True, kw_only=True):
    """What to send, and where."""

    port: int
    path: str
    secret: str
    connections: int = 32
    seconds: float
    count: int
    """Requests at most; they are all made before the clock starts."""
    rate: float = 0
    """Arrivals a second, whatever the answers do; 0 sends the next when one is answered."""


class Result(Struct, frozen=True):
    """What came of it."""

    statuses: dict[int, int]
    unanswered: int
    seconds: float
    """From the first request to the last answer."""
    p50: float
    p99: float
    most: float

    @property
    def stored(self) -> int:
        """How many were acknowledged."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.stored / self.seconds


class Line(asyncio.Protocol):
    """One connection, with one request on its way at most."""

    transport: asyncio.Transport

    def __init__(self, run: "Run") -> None:
        self.due = 0.0
        self._run = run
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if status := _status(self._answer):
            self._answer = b""
            self._run.answered(self, status)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # whatever it was, its request counts as unanswered
        self._run.lost()


class Run:
    """Requests that are due, and the lines that are free for them."""

    def __init__(self, order: Order, made: Iterable[bytes]) -> None:
        self._order = order
        self._made = iter(made)
        self._left = order.count
        self._free: deque[Line] = deque()
        self._waits: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._sent = 0
        self._began = 0.0
        self._over = asyncio.Event()

    async def play(self) -> Result:
        """Send everything and wait for the answers."""
        loop = asyncio.get_running_loop()
        for _ in range(self._order.connections):
            _, line = await loop.create_connection(
                lambda: Line(self), "127.0.0.1", self._order.port
            )
            self._free.append(line)
        self._began = time.perf_counter()
        self._tick(loop)
        try:
            async with asyncio.timeout(self._order.seconds + _PATIENCE_SECONDS):
                await self._over.wait()
        except TimeoutError:
            print("load: not every request was answered", file=sys.stderr)
        return self._result()

    def answered(self, line: Line, status: int) -> None:
        """Note an answer and use the line again."""
        now = time.perf_counter()
        self._waits.append(now - line.due)
        self._statuses[status] += 1
        self._free.append(line)
        self._send(now)

    def lost(self) -> None:
        """Give up: the server hangs up on no one."""
        self._over.set()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """See what is due; answers do so too, which makes the clock finer than its tick."""
        self._send(time.perf_counter())
        if self._order.rate and self._left:
            loop.call_later(_TICK_SECONDS, self._tick, loop)

    def _send(self, now: float) -> None:
        while self._free and self._left and (due := self._due(now)) <= now:
            line = self._free.popleft()
            line.due = due
            line.transport.write(next(self._made))
            self._sent += 1
            self._left -= 1
        if not self._left and len(self._waits) == self._sent:
            self._over.set()

    def _due(self, now: float) -> float:
        if self._order.rate:
            return self._began + self._sent / self._order.rate
        if now - self._began > self._order.seconds:
            self._left = 0
        return now if self._left else now + 1

    def _result(self) -> Result:
        took = time.perf_counter() - self._began
        waits = sorted(self._waits) or [0.0]
        p50, p99 = (waits[int(len(waits) * share)] for share in (0.5, 0.99))
        return Result(
            dict(self._statuses), self._sent - len(self._waits), took, p50, p99, waits[-1]
        )


def _status(answer: bytes) -> int:
    """Return the status of an answer that is whole, else 0."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    at = answer.find(b"Content-Length: ") + len(b"Content-Length: ")
    whole = end + 4 + int(answer[at : answer.find(b"\r\n", at)])
    return int(answer[9:12]) if len(answer) >= whole else 0


async def _main(order: Order) -> Result:
    made = list(requests(f"127.0.0.1:{order.port}", order.path, order.secret, order.count))
    gc.disable()  # a pause here would read as the server's
    return await Run(order, made).play()


if __name__ == "__main__":
    result = uvloop.run(_main(msgspec.json.decode(sys.argv[1], type=Order)))
    sys.stdout.buffer.write(msgspec.json.encode(result))
