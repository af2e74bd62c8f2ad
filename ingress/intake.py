"""Group commit: deliveries that arrive while Redis is busy leave together in the next trip."""

import asyncio
from collections import Counter, deque
from itertools import chain
from typing import NamedTuple

from actions.errors import DatabaseAway
from workers.inbox import Arrival, Inbox

MOST_WAITING = 4096
"""Deliveries that may wait for Redis at once; one more is told to come back."""
MOST_BYTES = 64 << 20
"""Bytes that may wait for Redis at once."""
_WRITERS = 2
"""Round trips in the air at once: while Redis works on one, the next is filled."""
_BATCH = 128
_BATCH_BYTES = 4 << 20
_COUNTS_SECONDS = 1.0
_TICK_SECONDS = 0.05


class Busy(Exception):
    """More deliveries wait for Redis than memory should hold."""


class _Waiting(NamedTuple):
    arrival: Arrival
    answer: asyncio.Future[str]
    deadline: float


class Intake:
    """The one way of this process into the inbox. An idle one adds no delay."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._loop = asyncio.get_running_loop()  # to ask for it costs a system call
        self._waiting: deque[_Waiting] = deque()
        self._sent: list[list[_Waiting]] = []
        self._ticking = False
        self._bytes = 0
        self._counts: Counter[str] = Counter()
        self._work = asyncio.Event()
        self._leaving = False

    def count(self, reason: str) -> None:
        """Count a delivery that was refused; it reaches Redis within a second or so."""
        if not self._counts:
            self._work.set()
        self._counts[reason] += 1

    async def put(self, arrival: Arrival, deadline: float) -> str:
        """Store a delivery and return what `Inbox.put` says of it.

        Raises:
            Busy: too many wait already.
            DatabaseAway: Redis has not taken it.
            TimeoutError: nor has it by the deadline, in the event loop's time.
        """
        size = len(arrival.body)
        if len(self._waiting) >= MOST_WAITING or self._bytes + size > MOST_BYTES:
            raise Busy
        answer: asyncio.Future[str] = self._loop.create_future()
        self._waiting.append(_Waiting(arrival, answer, deadline))
        self._bytes += size
        self._work.set()
        if not self._ticking:
            self._tick()
        return await answer

    def _tick(self) -> None:
        """Release those whose time is over. One clock for all costs less than one for each."""
        for one in chain(*self._sent, self._waiting):
            if one.deadline <= self._loop.time() and not one.answer.done():
                one.answer.set_exception(TimeoutError())
        self._ticking = bool(self._sent or self._waiting)
        if self._ticking:
            self._loop.call_later(_TICK_SECONDS, self._tick)

    def stop(self) -> None:
        """Let `run` end once nothing waits any more."""
        self._leaving = True
        self._work.set()

    async def run(self) -> None:
        """Write until told to stop; what is counted by then is written once more."""
        try:
            async with asyncio.TaskGroup() as writers:
                for _ in range(_WRITERS):
                    writers.create_task(self._keep_writing())
        finally:
            await self._write([])

    async def _keep_writing(self) -> None:
        while self._waiting or not self._leaving:
            await self._due()
            await asyncio.sleep(0)  # what else has arrived in this turn leaves with it
            batch = self._batch()
            self._sent.append(batch)
            await self._write(batch)
            self._sent.remove(batch)

    async def _due(self) -> None:
        """Wait for a delivery; counts alone may wait a moment longer."""
        while not self._waiting and not self._leaving:
            self._work.clear()
            try:
                async with asyncio.timeout(_COUNTS_SECONDS if self._counts else None):
                    await self._work.wait()
            except TimeoutError:
                return

    def _batch(self) -> list[_Waiting]:
        """Take the next deliveries, less those whose sender has been answered already."""
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < _BATCH and size < _BATCH_BYTES:
            one = self._waiting.popleft()
            self._bytes -= len(one.arrival.body)
            if not one.answer.done():
                batch.append(one)
                size += len(one.arrival.body)
        return batch

    async def _write(self, batch: list[_Waiting]) -> None:
        counts, self._counts = self._counts, Counter()
        if not batch and not counts:
            return
        try:
            answers = await self._inbox.put([one.arrival for one in batch], counts)
        except DatabaseAway as away:
            self._counts += counts
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(away)
            return
        for one, answer in zip(batch, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)
