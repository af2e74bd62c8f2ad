"""Round trips of an engine: each ends what has ended and claims what there is room for."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from actions.errors import DatabaseAway
from actions.listening import cancelled
from workers.claims import MOST_AT_ONCE, Claims, Ending, Turn

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

SLICE: Final = 24
"""Jobs that are claimed at once, and begun at once."""
_MOST_IN_AIR: Final = 4
"""As many slices as a worker has slots for: it need not wait for Redis, nor Redis for it."""
_WORTH: Final = SLICE // 2
"""Jobs that make another round trip worth while as one is in the air."""
_LOOK_SECONDS: Final = 2.0
"""How often it looks without being woken."""
_FIRST_PAUSE, _MOST_PAUSE = 0.05, 1.0
"""Between tries while Redis is away."""


class Traffic:
    """Round trips in the air.

    What ends while one is in the air leaves with the next. Another takes off at once if it carries
    much: then Redis works on it while this process works on what the first has brought.
    """

    def __init__(self, claims: Claims, landed: Callable[[Turn, Sequence[Ending]], None]) -> None:
        """Call `landed` with what each round trip brought and what it has ended."""
        self.asked = 0
        """Jobs that were asked for and may come."""
        self.is_empty = False
        """The queue was when last looked at."""
        self.is_away = False
        self._claims = claims
        self._landed = landed
        self._ends: list[Ending] = []
        self._air: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self._is_curious = True
        self._due: float | None = None
        self._seconds = _FIRST_PAUSE

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is in the air or waits for it."""
        return not (self._ends or self._air)

    def end(self, ending: Ending) -> None:
        """Have a run end with the next round trip."""
        self._ends.append(ending)
        self.look()

    def look(self) -> None:
        """Say that there may be something to claim."""
        self._is_curious = True
        self._awake.set()

    def take_off(self, free: int, suspects: int) -> bool:
        """Send what has ended and ask for `free` jobs, if that is worth a round trip."""
        self._awake.clear()
        least = _WORTH if self._air else 1
        asked = min(free, SLICE) if self._is_curious else 0
        if len(self._air) == _MOST_IN_AIR or (asked < least and len(self._ends) < least):
            return False
        ends, self._ends = self._ends[:MOST_AT_ONCE], self._ends[MOST_AT_ONCE:]
        self.asked += asked
        self._is_curious = self._is_curious and not asked
        trip = asyncio.create_task(self._trip(ends, asked, suspects))
        self._air.add(trip)
        trip.add_done_callback(self._done)
        return True

    async def pause(self) -> None:
        """Wait a little, and ever longer, for Redis to come back."""
        await asyncio.sleep(self._seconds)
        self._seconds = min(2 * self._seconds, _MOST_PAUSE)
        self.is_away = False

    async def rest(self) -> None:
        """Wait until there may be something to do."""
        try:
            async with asyncio.timeout(min(self._due or _LOOK_SECONDS, _LOOK_SECONDS)):
                await self._awake.wait()
        except TimeoutError:
            self._is_curious, self._due = True, None

    async def close(self) -> None:
        """Send what has ended, unless Redis is away."""
        for trip in list(self._air):
            await cancelled(trip)
        while self._ends and not self.is_away:
            ends, self._ends = self._ends[:MOST_AT_ONCE], self._ends[MOST_AT_ONCE:]
            await self._trip(ends, 0, 0)

    def _done(self, trip: asyncio.Task[None]) -> None:
        self._air.discard(trip)
        self._awake.set()

    async def _trip(self, ends: list[Ending], asked: int, suspects: int) -> None:
        try:
            turn = await self._claims.turn(ends, asked, suspects)
        except DatabaseAway as away:
            self.is_away = self._is_curious = True
            log.warning("worker.waits", reason=str(away))
            self._ends = ends + self._ends
        except asyncio.CancelledError:
            self._ends = ends + self._ends
            raise
        else:
            self._seconds = _FIRST_PAUSE
            self._due = turn.due if asked else self._due
            self.is_empty = turn.due is None and not turn.claimed
            self._is_curious = self._is_curious or bool(turn.claimed) or turn.due == 0
            self._landed(turn, ends)
        finally:
            self.asked -= asked
