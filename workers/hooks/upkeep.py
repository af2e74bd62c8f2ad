"""Keeping all webhooks whole: at a worker's start, then hourly by one worker of all."""

import asyncio
import random
from collections.abc import Iterator
from typing import Final

import structlog

from actions.connections import Connections, retailers
from actions.database import Database
from actions.errors import CannotOpen, DatabaseAway, NotConnected
from actions.vault import Vault
from workers.discovery import Plugins
from workers.hooks.address import unreachable
from workers.hooks.mending import Hooks
from workers.hooks.wanted import note
from workers.lightspeed import Lightspeed
from workers.logs import where
from workers.settings import Settings

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

ROUND: Final = "backroom:webhooks-round"
"""String: that a worker is at it, or was less than an hour ago."""
STARTED: Final = "backroom:webhooks-started"
"""String: that a worker has begun a round at its start just now: one for many that start."""
EVERY_SECONDS: Final = 3600.0
_LEASE_SECONDS: Final = 300
"""If the one who is at it dies, another begins after so long."""
_START_SECONDS: Final = 30
_SPREAD: Final = 0.01
"""Of that time: workers look at different moments whether it is over."""
_PAUSE_SECONDS: Final = 5.0
"""While Redis is away."""
_RETAILER_SECONDS: Final = 60.0
_AT_ONCE: Final = 4
"""Retailers."""


class Upkeep:
    """One worker's part in it. `run` goes on until it is cancelled."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        vault: Vault,
        plugins: Plugins,
        reach: Lightspeed,
        *,
        every: float = EVERY_SECONDS,
    ) -> None:
        """Begin a round `every` so many seconds; workers look a little later than that."""
        self._every = every
        self._settings = settings
        self._database = database
        self._connections = Connections(database, vault)
        self._plugins = plugins
        self._hooks = Hooks(settings, database, reach.client, lane="bulk")

    async def run(self) -> None:
        """Note what this worker wants, mend, and do so again every hour."""
        is_first = True
        while True:
            try:
                is_new = await note(self._database, self._plugins)
                if await self._is_mine(is_first=is_first, is_new=is_new):
                    await self._round()
                rest = await self._left() + random.random() * _SPREAD * self._every  # noqa: S311
                is_first = False
            except DatabaseAway:
                rest = _PAUSE_SECONDS
            except Exception as error:  # noqa: BLE001 - the worker's jobs go on in any case
                log.error("webhooks.failed", error=where(error))  # noqa: TRY400 - it may quote a key
                rest = self._every
            await asyncio.sleep(rest)

    async def _is_mine(self, *, is_first: bool, is_new: bool) -> bool:
        """Say whether this worker is to make a round now, which keeps others from it."""
        if is_first:
            is_mine = await self._taken(STARTED, _START_SECONDS)
        else:
            is_mine = await self._taken(ROUND, _LEASE_SECONDS)
        return is_mine or is_new

    async def _taken(self, lease: str, seconds: int) -> bool:
        return await self._database.do("SET", lease, 1, "NX", "EX", seconds) is not None

    async def _left(self) -> float:
        """Return the seconds until the next round is due."""
        ms = await self._database.do("PTTL", ROUND)
        return max(0, int(ms)) / 1000

    async def _round(self) -> None:
        """Mend the webhooks of every retailer, some at once."""
        await self._database.do("SET", ROUND, 1, "EX", _LEASE_SECONDS)
        todo = iter(await retailers(self._database))
        if why := unreachable(self._settings):
            log.debug("webhooks.unreachable", reason=why)
            todo = iter(())
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._some(todo), name="webhooks") for _ in range(_AT_ONCE)]
        if all(task.result() for task in tasks):  # else the lease ends, and another goes on
            await self._database.do("SET", ROUND, 1, "PX", int(self._every * 1000))

    async def _some(self, todo: Iterator[str]) -> bool:
        """Mend one retailer after the other of those that nobody else has taken.

        Returns False where Redis went away.
        """
        try:
            for retailer in todo:
                await self._database.do("EXPIRE", ROUND, _LEASE_SECONDS)
                await self._one(retailer)
        except DatabaseAway:
            return False
        return True

    async def _one(self, retailer: str) -> None:
        try:
            connection = await self._connections.get(retailer)
        except NotConnected:
            return  # it has been disconnected meanwhile
        except CannotOpen as error:
            log.warning("webhooks.lacking", retailer=retailer, reason=[type(error).__name__])
            return
        (await self._hooks.mend(connection, _RETAILER_SECONDS)).log()
