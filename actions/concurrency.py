"""How many calls may be under way at once: as many as do not make Lightspeed slower."""

import math
from typing import Final

FLOOR: Final = 1
CEILING: Final = 32
"""Of one retailer, in one process."""
_FIRST: Final = 16.0
_TOLERANCE: Final = 2.0
"""So many times as slow as usual is no sign of trouble yet."""
_LONG: Final = 1 / 512
"""How much one call changes what is usual, once there were many."""
_SHORT: Final = 1 / 8
"""How much one call changes what is the case now."""


class Concurrency:
    """A limit that follows latency (the gradient of Netflix's concurrency-limits).

    While calls take as long as usual it grows by the root of itself; when they take longer it
    shrinks in proportion, to half at most with each round of calls.
    """

    __slots__ = ("_count", "_long", "_short", "limit")

    def __init__(self) -> None:
        self.limit = _FIRST
        """Calls under way at once, `FLOOR` to `CEILING`."""
        self._long = self._short = 0.0
        self._count = 0

    @property
    def seconds(self) -> float:
        """How long a call takes at present; 0 before the first."""
        return self._short

    def ended(self, seconds: float, underway: int) -> None:
        """Learn from a call that took so long while so many were under way, itself among them."""
        self._count += 1
        if not self._long:
            self._long = self._short = seconds
        self._short += (seconds - self._short) * _SHORT
        self._long += (seconds - self._long) * max(_LONG, 1 / self._count)
        self._long = min(self._long, 2 * self._short)  # a slow time is not usual for ever
        gradient = 1.0
        if self._short > _TOLERANCE * self._long:
            gradient = max(0.5, _TOLERANCE * self._long / self._short)
        elif underway < self.limit / 2 or self.limit >= CEILING:
            return  # it was not put to the test, or cannot grow
        goal = self.limit * gradient + math.sqrt(self.limit)
        self.limit = min(CEILING, max(FLOOR, self.limit + (goal - self.limit) / self.limit))

    def failed(self) -> None:
        """Learn from a call that got no answer, or an outage's."""
        self.limit = max(FLOOR, self.limit * 0.7)
