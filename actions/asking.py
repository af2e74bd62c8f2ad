"""When a process speaks with Redis about one budget: in blocks, one round trip at a time."""

import asyncio
import time
from typing import Any, Final, Protocol

from actions.errors import DatabaseAway
from actions.exchange import Exchange, Granted, Refused, Report, Scheme, Standing, Told
from actions.permit import Permit

BLOCK: Final = 64
"""Permits asked for at once, at most."""
_SHARERS: Final = 8
"""Of what is left no process takes more ahead of need than if so many were at work."""


class Holder(Protocol):
    """Who holds the permits."""

    underway: int
    standing: Standing

    def wanted(self) -> tuple[int, int]:
        """Return how many wait in each lane."""

    def clamp(self, most: int) -> int:
        """Keep so many free ones at most, and return how many there are."""

    def granted(self, granted: Granted) -> None:
        """Take what an exchange brought."""

    def away(self, error: DatabaseAway) -> None:
        """Hear that Redis is away."""

    def pump(self) -> None:
        """Ask for what is lacking."""


class Asking:
    """The exchanges of one account. Whoever asks while one is in the air shares the next."""

    def __init__(self, who: str, scheme: Scheme, exchange: Exchange, holder: Holder) -> None:
        self.used = 0
        """Permits that were used since the last exchange."""
        self.last = 0.0
        """When that was."""
        self._who = who
        self._scheme = scheme
        self._exchange = exchange
        self._holder = holder
        self._report = Report()
        self._block = 1
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_stale = False

    @property
    def is_out(self) -> bool:
        """Whether an exchange is in the air."""
        return self._task is not None

    @property
    def is_needed(self) -> bool:
        """Whether something is unsaid."""
        return bool(self._report or self._task)

    def answered(self, at: float, told: Told | None) -> None:
        """Have it said that a call was answered."""
        self._report.note(at)
        if told is not None:
            self._report.tell(told)

    def refused(self, refused: Refused, told: Told | None) -> None:
        """Say at once that a call was refused."""
        self._report.refused = refused
        if told is not None:
            self._report.tell(told)
        self.ask()

    def failed(self) -> int:
        """Have it said that a call failed; return how many have since one was answered."""
        self._report.failures += 1
        return self._report.failures

    def turned_away(self) -> int:
        """Count one who is turned away; return how many were before in this window."""
        self._report.turned_away += 1
        return self._holder.standing.away + self._report.turned_away - 1

    def ask_in(self, seconds: float) -> None:
        """Ask so many seconds from now; an earlier wish for a later moment is dropped."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds > 0:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.ask)
        else:
            self.ask()

    def ask(self) -> None:
        """Ask now. While an exchange is in the air that waits for it to land."""
        if self._task is None:
            self._task = asyncio.create_task(self._asked(), name=f"budget {self._who}")
            self._task.add_done_callback(self._over)

    async def word(self, coming: asyncio.Future[Permit]) -> None:
        """Wait for what Redis says of a permit; an exchange in the air may not have asked."""
        for _ in range(2):
            if self._task is not None and not coming.done():
                landed: set[asyncio.Future[Any]] = {self._task, coming}
                await asyncio.wait(landed, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Say what is unsaid."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})
        self._holder.underway = 0
        if self.last:
            await self._asked()

    def stale(self) -> None:
        """Heed that what an exchange in the air brings may be old already."""
        self._is_stale = self._task is not None

    def _over(self, _task: asyncio.Task[None]) -> None:
        self._task = None
        self._holder.pump()
        if self._is_stale or self._report.is_urgent:
            self._is_stale = False
            self.ask()

    async def _asked(self) -> None:
        """Exchange once; what is not said because Redis is away is said the next time."""
        wanted, report = self._wishes(), self._report
        self._report, self.used, self.last = Report(), 0, time.monotonic()
        self._holder.clamp(0)
        try:
            granted = await self._exchange(
                self._who, self._scheme, report, self._holder.underway, wanted
            )
        except DatabaseAway as away:
            self._report = report.joined(self._report)
            self._holder.away(away)
        else:
            self._holder.granted(granted)

    def _wishes(self) -> tuple[int, int]:
        """Return what to ask for: more than wait while the last block was used up."""
        interactive, bulk = self._holder.wanted()
        is_used_up = not self._holder.clamp(BLOCK) and self.used >= self._block
        self._block = min(2 * self._block, BLOCK) if is_used_up else max(1, self._block // 2)
        standing = self._holder.standing
        if bulk:
            ahead = (standing.left - standing.kept) // _SHARERS
            bulk = max(bulk, min(self._block, ahead))
        return min(interactive, BLOCK), min(bulk, BLOCK)
