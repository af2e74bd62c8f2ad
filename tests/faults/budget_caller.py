"""A process that calls one retailer under a budget: `python -m tests.faults.budget_caller SETUP`.

It says its id on its standard output once it does what it was started for, and goes on for ever.
"""

import asyncio
import os
import sys
from http import HTTPStatus
from typing import Literal

import aiohttp
import msgspec
from msgspec import Struct

from actions.answers import wait
from actions.budget import Budget
from actions.database import Database
from actions.errors import BackroomError
from actions.exchange import Lane
from actions.permit import Permit

CALLERS = 32
_AGAIN_SECONDS = 0.02


class Setup(Struct):
    """What a process is started with."""

    redis_url: str
    url: str
    """Of what is read."""
    retailer: str
    token: str
    pace: float
    what: Literal["spend", "hold"] = "spend"
    """Send as many calls as there is leave for, or take leave for some and send nothing."""
    lane: Lane = "bulk"
    permits: int = 0
    """That are held."""


class Caller:
    """One process' calls."""

    def __init__(self, setup: Setup, budget: Budget, session: aiohttp.ClientSession) -> None:
        self._setup, self._budget, self._session = setup, budget, session

    async def hold(self) -> None:
        """Send one call, then take permits and do nothing with them."""
        await self._send(await self._permit())
        held = [await self._permit() for _ in range(self._setup.permits)]
        print(os.getpid(), flush=True)
        await asyncio.Event().wait()
        del held

    async def spend(self) -> None:
        """Send calls for ever."""
        print(os.getpid(), flush=True)
        await asyncio.gather(*(self._spend() for _ in range(CALLERS)))

    async def _spend(self) -> None:
        while True:
            try:
                await self._send(await self._permit())
            except BackroomError:
                await asyncio.sleep(_AGAIN_SECONDS)  # Redis is away

    async def _send(self, permit: Permit) -> None:
        try:
            async with self._session.get(self._setup.url) as answer:
                await answer.read()
        except (aiohttp.ClientError, OSError):
            permit.failed()
            return
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            permit.refused(answer.headers, wait(answer.headers))
        elif answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            permit.failed()
        else:
            permit.answered(answer.headers)

    async def _permit(self) -> Permit:
        setup = self._setup
        return await self._budget.take("ListOutlets", setup.retailer, setup.lane)


async def main(setup: Setup) -> None:
    """Do what was asked for, for ever."""
    headers = {"Authorization": f"Bearer {setup.token}"}
    async with (
        Database(setup.redis_url) as database,
        Budget(database, pace=setup.pace) as budget,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        caller = Caller(setup, budget, session)
        await (caller.hold() if setup.what == "hold" else caller.spend())


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Setup)))
