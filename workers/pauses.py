"""Pauses in long work, so that others get their turn in this process."""

import asyncio
import time
from typing import Final

_LONG_SECONDS: Final = 0.002


class Pauses:
    """Long work awaits it at every step; it pauses where 2 ms have passed since the last time."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    async def __call__(self) -> None:
        """Let others have their turn if it is time."""
        if time.monotonic() - self._last >= _LONG_SECONDS:
            await asyncio.sleep(0)
            self._last = time.monotonic()
