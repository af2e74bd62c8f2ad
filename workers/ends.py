"""The ends of jobs, for those who wait for one: one look for all of them, whoever waits."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Final

from actions.database import Database
from actions.errors import DatabaseAway
from actions.listening import cancelled
from workers import keys
from workers.action_jobs import OVER_STATES

_LOOK_SECONDS: Final = 0.2
_TOGETHER: Final = 500
"""Jobs that are looked at in one round trip."""


class Ends:
    """Looks, while anybody waits, which of the jobs that are waited for are over."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._coming: dict[str, asyncio.Future[None]] = {}
        self._waiting: Counter[str] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._is_closed = False

    async def come(self, job_id: str, seconds: float) -> None:
        """Return once an action's job is over or gone, after so many seconds at the latest."""
        if self._is_closed:
            return
        if (coming := self._coming.get(job_id)) is None:
            coming = self._coming[job_id] = asyncio.get_running_loop().create_future()
        self._waiting[job_id] += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="jobs' ends")
        try:
            await asyncio.wait({coming}, timeout=seconds)
        finally:
            self._leave(job_id, coming)

    async def close(self) -> None:
        """Let all go who wait, and look no more."""
        self._is_closed = True
        for coming in self._coming.values():
            if not coming.done():
                coming.set_result(None)
        if self._looking is not None:
            await cancelled(self._looking)

    def _leave(self, job_id: str, coming: asyncio.Future[None]) -> None:
        self._waiting[job_id] -= 1
        if not self._waiting[job_id]:
            del self._waiting[job_id]
            coming.cancel()
            self._coming.pop(job_id, None)

    async def _look(self) -> None:
        while self._coming:
            with suppress(DatabaseAway):  # it comes back, and so do we
                await self._look_once()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look_once(self) -> None:
        ids = list(self._coming)
        for start in range(0, len(ids), _TOGETHER):
            some = ids[start : start + _TOGETHER]
            asked = [("HGET", keys.action_job(job_id), "state") for job_id in some]
            states = await self._database.together(asked)
            for job_id, state in zip(some, states, strict=True):
                coming = self._coming.get(job_id)
                if (state is None or state in OVER_STATES) and coming and not coming.done():
                    coming.set_result(None)
