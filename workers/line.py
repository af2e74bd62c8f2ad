"""The line: action jobs whose turn is not now, because their retailer's budget has no room.

They stand in the queue with the moment of their turn, which is when their retailer's window has
room for them; so a crowd of one retailer never stands before another's jobs.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from actions.database import Database, Script
from actions.errors import DatabaseAway
from actions.exchange import FIRST_LIMIT, WINDOW_SECONDS
from workers import keys

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

LINE: Final = Script.load("actions.scripts", "budget") + Script.load(
    "workers.scripts", "clock", "wake", "line"
)
"""What scripts know that deal with lines."""
_PULL: Final = LINE + Script.load("workers.scripts", "pull")
_PAUSE_SECONDS: Final = 0.02
"""Between two looks of one process."""


def terms(pace: float) -> tuple[float, float, int]:
    """Return what such scripts are told of time and limits first."""
    return pace, WINDOW_SECONDS * 1000, FIRST_LIMIT


class Line:
    """Brings jobs forward when there is room before their turn."""

    def __init__(self, database: Database, pace: float = 1.0) -> None:
        self._database = database
        self._pace = pace
        self._roomy: Counter[str] = Counter()
        self._noticed = asyncio.Event()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def notice(self, retailer: str) -> None:
        """Take note that a retailer may have room that nobody uses."""
        self._roomy[retailer] += 0
        self._noticed.set()

    def passed(self, retailer: str) -> None:
        """Take note that one that was let through has its permit, or was turned away."""
        self._roomy[retailer] += 1
        self._noticed.set()

    async def watch(self) -> None:
        """Bring jobs forward for as long as this process lives."""
        try:
            while True:
                await self._noticed.wait()
                self._noticed.clear()
                roomy, self._roomy = self._roomy, Counter()
                await self._looked(roomy)
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            for timer in self._timers.values():
                timer.cancel()

    async def pull(self, passed: Mapping[str, int]) -> tuple[int, dict[str, float]]:
        """Bring jobs of these retailers forward, as many as there is room for.

        Returns how many, and for each retailer with a line in how many seconds there may be more.
        """
        args: list[str | float] = [*terms(self._pace)]
        for retailer, count in passed.items():
            args += (retailer, count)
        came, waits = await self._database.run(_PULL, [keys.ACTIONS_QUEUE], args)
        pairs = zip(passed, waits, strict=True)
        return came, {retailer: wait / 1000 for retailer, wait in pairs if wait >= 0}

    async def _looked(self, passed: Counter[str]) -> None:
        """Bring jobs forward, and have it looked again when there may be more room."""
        try:
            came, waits = await self.pull(passed)
        except DatabaseAway:
            return  # their own turn comes in any case
        loop = asyncio.get_running_loop()
        for retailer in passed:
            if timer := self._timers.pop(retailer, None):
                timer.cancel()
            if retailer in waits:
                wait = max(_PAUSE_SECONDS, waits[retailer])
                self._timers[retailer] = loop.call_later(wait, self.notice, retailer)
        if came:
            log.debug("line.pulled", jobs=came)


async def waiting(database: Database, retailers: Sequence[str]) -> dict[str, tuple[int, float]]:
    """Return for each retailer how many jobs wait for its budget, and when the last one's turn is.

    Moments are seconds since 1970; 0 where nobody waits.
    """
    if not retailers:
        return {}
    seconds, micros = await database.do("TIME")
    now = int(seconds) * 1000 + int(micros) // 1000
    answers = await database.together(
        command
        for retailer in retailers
        for command in (
            ("ZCOUNT", keys.line(retailer), f"({now}", "+inf"),
            ("ZRANGE", keys.line(retailer), -1, -1, "WITHSCORES"),
        )
    )
    pairs = zip(retailers, answers[::2], answers[1::2], strict=True)
    return {
        retailer: (count, float(last[0][1] if isinstance(last[0], tuple) else last[1]) / 1000)
        if count
        else (0, 0.0)
        for retailer, count, last in pairs
    }
