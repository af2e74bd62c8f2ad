"""Who waits for a permit in one lane of one account, in the order of asking."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from math import inf
from typing import Final

from actions.errors import DatabaseAway
from actions.exchange import Lane
from actions.permit import Permit

_ROUND_TRIP_SECONDS: Final = 0.1
"""Who has less patience than this is told after one word of Redis, however long that takes."""


class Callers(deque["asyncio.Future[Permit]"]):
    """The futures of those who wait; who is served or has gone is taken out."""

    def join(self) -> "asyncio.Future[Permit]":
        """Stand behind the others."""
        coming: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        self.append(coming)
        return coming

    async def come(
        self,
        coming: "asyncio.Future[Permit]",
        patience: float,
        word: Callable[["asyncio.Future[Permit]"], Awaitable[None]],
    ) -> Permit | None:
        """Wait so many seconds at most; None when there is no permit in time.

        `word` waits for what Redis says. Who is cancelled gives back what was just given.

        Raises:
            DatabaseAway: nobody knows what is left.
        """
        try:
            if patience == inf:
                return await coming
            if patience < _ROUND_TRIP_SECONDS:
                await word(coming)
            async with asyncio.timeout(patience):
                return await coming
        except TimeoutError:
            return None
        except asyncio.CancelledError:
            if coming.done() and not coming.cancelled() and coming.exception() is None:
                coming.result().unsent()
            raise
        finally:
            if coming in self:
                self.remove(coming)

    def serve(self, lane: Lane, permit: Callable[[Lane], Permit | None]) -> None:
        """Give permits as long as there are any."""
        while self:
            if not self[0].done():
                if (given := permit(lane)) is None:
                    return
                self[0].set_result(given)
            self.popleft()

    def fail(self, error: DatabaseAway) -> None:
        """Tell all of them that nobody knows what is left."""
        while self:
            coming = self.popleft()
            if not coming.done():
                coming.set_exception(error)
