"""A load for workers: deliveries put straight into the inbox, and what was acknowledged."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actions.connections import Address
from actions.database import Database
from tests.workers.conftest import said
from workers import keys
from workers.inbox import Arrival, Inbox, now_ms

PATIENCE = 120.0
"""Seconds after which what is still open will never be over."""
_LOOK_SECONDS = 0.02


class Feed:
    """Puts deliveries into an inbox and keeps a list of its own of those that were taken."""

    def __init__(self, inbox: Inbox, address: Address) -> None:
        self.acknowledged: list[str] = []
        self._inbox = inbox
        self._address = address
        self._is_over = False

    @property
    def database(self) -> Database:
        """Where it all is."""
        return self._inbox.database

    async def put(self, number: int, name: str = "sale.update", ahead_ms: int = 0) -> list[str]:
        """Put so many deliveries; the clock of who took them is `ahead_ms` ahead."""
        arrivals = [self._arrival(name, now_ms() + ahead_ms) for _ in range(number)]
        taken = await self._inbox.put(arrivals, {})
        assert taken == [one.event_id for one in arrivals]
        self.acknowledged += taken
        return taken

    async def _is_open(self, event_id: str) -> bool:
        return await self.database.do("ZSCORE", keys.OPEN, event_id) is not None

    def _arrival(self, name: str, received_at: int) -> Arrival:
        event_id = f"{received_at:012x}{secrets.token_hex(6)}"
        body = said({"id": secrets.token_hex(8), "version": 1}, name)
        return Arrival(self._address, event_id, name, received_at, "", body)

    async def over(self, event_id: str) -> None:
        """Wait until an event is not open any more."""
        async with asyncio.timeout(PATIENCE):
            while await self._is_open(event_id):  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(_LOOK_SECONDS)

    @asynccontextmanager
    async def flowing(self, most: int, at_once: int = 5) -> AsyncIterator[None]:
        """Put `at_once` events fifty times a second, as long as no more than `most` are open."""
        flow = asyncio.create_task(self._flow(most, at_once))
        try:
            yield
        finally:
            self._is_over = True
            await flow

    async def _flow(self, most: int, at_once: int) -> None:
        while not self._is_over:
            room = most - await self.database.do("ZCARD", keys.OPEN)
            await self.put(min(at_once, max(0, room)))
            await asyncio.sleep(_LOOK_SECONDS)


async def drained(database: Database) -> None:
    """Wait until no event is open."""
    async with asyncio.timeout(PATIENCE):
        while await database.do("ZCARD", keys.OPEN):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(_LOOK_SECONDS)


async def standing(database: Database, name: str) -> set[str]:
    """The ids of the events that stand in a set of the inbox."""
    return {event_id.decode() for event_id in await database.do("ZRANGE", name, 0, -1)}
