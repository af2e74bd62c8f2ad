"""One of the processes that call: `python -m tests.benchmarks.budgets.calling ORDER`."""

import asyncio
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
import msgspec
import uvloop

from actions.answers import wait
from actions.budget import Budget
from actions.database import Database, Script
from actions.exchange import key
from tests.benchmarks.budgets.orders import Done, Order, Work
from tests.benchmarks.budgets.peers import WAYS, Turn

_LIMIT = 350
"""What even pacing believes."""


class Counted(Database):
    """Redis, and how often it was asked about each budget."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.runs: Counter[str] = Counter()

    async def run(
        self, script: Script, keys: Sequence[str], args: Sequence[str | bytes | float]
    ) -> Any:
        self.runs[keys[0]] += 1
        return await super().run(script, keys, args)


class Caller:
    """The calls of one process at one retailer."""

    def __init__(
        self, order: Order, work: Work, budget: Budget, session: aiohttp.ClientSession
    ) -> None:
        self.done = Done(work.retailer, work.lane)
        self._order, self._work, self._budget, self._session = order, work, budget, session
        self._url = f"{work.origin}/{work.retailer}/api/2026-07/outlets"
        self._headers = {"Authorization": f"Bearer {work.token}"}
        self._numbers = iter(range(work.calls)) if work.calls else itertools.count()

    async def run(self) -> None:
        """Call until all is done or time is up."""
        await asyncio.sleep(self._work.after)
        self._began = asyncio.get_running_loop().time()
        one = self._metered if self._work.style == "budget" else self._unmetered
        await asyncio.gather(*(self._go_on(one) for _ in range(self._work.callers)))

    async def _go_on(self, one: Callable[[int], Awaitable[None]]) -> None:
        for number in self._numbers:
            if self._work.every:
                await asyncio.sleep(random.expovariate(1 / self._work.every))
            await one(number)

    async def _metered(self, _: int) -> None:
        while True:
            asked = time.monotonic()
            permit = await self._budget.take("bench", self._work.retailer, self._work.lane)
            now = time.monotonic()
            self.done.taken.append(now)
            self.done.waits.append(now - asked)
            status, headers = await self._sent()
            if status != HTTPStatus.TOO_MANY_REQUESTS:
                return permit.answered(headers)
            permit.refused(headers, wait(headers))

    async def _unmetered(self, number: int) -> None:
        turn = Turn(self._order, number, self._began, _LIMIT)
        await WAYS[self._work.style](turn, self._sent)

    async def _sent(self) -> tuple[int, Mapping[str, str]]:
        async with self._session.get(self._url, headers=self._headers) as answer:
            await answer.read()
            return answer.status, answer.headers


async def called(order: Order) -> list[Done]:
    """Do all the works of an order at the same time."""
    async with (
        Counted(order.redis) as database,
        Budget(database, pace=order.pace) as budget,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        callers = [Caller(order, work, budget, session) for work in order.works]
        running = asyncio.gather(*(one.run() for one in callers))
        try:
            async with asyncio.timeout(order.seconds):
                await running
        except TimeoutError:
            pass  # it was to go on until then
        for one in callers:
            one.done.exchanges = database.runs[key(one.done.retailer)]
        return [one.done for one in callers]


if __name__ == "__main__":
    told = uvloop.run(called(msgspec.json.decode(sys.argv[1], type=Order)))
    sys.stdout.buffer.write(msgspec.json.encode(told))
