"""Time in the simulator: it can run fast and can be moved on, so that two days pass in a test."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970, passing `scale` times as fast as real ones."""

    def __init__(self, scale: float = 1.0, start: float | None = None) -> None:
        """Start at `start` (default: now). With a scale of 300, five minutes pass in one second."""
        self._scale = scale
        self._base = time.time() if start is None else start
        self._real = time.monotonic()
        self._moved = asyncio.Event()

    def now(self) -> float:
        """Return the simulated time in seconds since 1970."""
        return self._base + (time.monotonic() - self._real) * self._scale

    @property
    def scale(self) -> float:
        """How many simulated seconds pass in a real one."""
        return self._scale

    def moment(self) -> datetime:
        """Return the simulated time as an aware datetime."""
        return datetime.fromtimestamp(self.now(), UTC)

    def set(self, *, scale: float | None = None, advance: float = 0.0) -> None:
        """Move on by so many simulated seconds, and run at another speed from now."""
        self._base, self._real = self.now() + advance, time.monotonic()
        self._scale = self._scale if scale is None else scale
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait for so many simulated seconds, also when the clock is moved meanwhile."""
        await self.until(self.now() + seconds)

    async def until(self, moment: float) -> None:
        """Wait for a moment in simulated seconds since 1970. Others have a turn in any case."""
        await asyncio.sleep(0)
        while (left := moment - self.now()) > 0:
            moved = self._moved
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left / self._scale):
                    await moved.wait()
