"""What a person is shown while a call waits for the rate limit."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from rich.console import Console
from rich.status import Status

from actions.budget import Budget
from actions.errors import RateLimited, TryLater
from actions.listening import cancelled
from actions.waits import until

_TICK_SECONDS: Final = 0.2


class _Line:
    """One line on the terminal: why nothing goes on, or else how far it has come."""

    def __init__(self, status: Status, holdup: Callable[[], RateLimited | TryLater | None]) -> None:
        self.status = status
        self._holdup = holdup
        self._progress = ""

    def note(self, progress: str) -> None:
        self._progress = progress

    async def watch(self) -> None:
        while True:
            error = self._holdup()
            said = _said(error) if error else self._progress
            self.status.update(said)
            if said:
                self.status.start()
            else:
                self.status.stop()
            await asyncio.sleep(_TICK_SECONDS)


@asynccontextmanager
async def progress(
    budget: Budget | None, name: str, retailer: str
) -> AsyncIterator[Callable[[str], None]]:
    """Show on stderr what a call waits for, and what is noted meanwhile; only on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal or budget is None:
        yield lambda _: None
        return
    line = _Line(console.status(""), lambda: budget.holdup(name, retailer))
    watching = asyncio.create_task(line.watch(), name="progress")
    try:
        yield line.note
    finally:
        await cancelled(watching)
        line.status.stop()


def _said(error: RateLimited | TryLater) -> str:
    if isinstance(error, TryLater):
        return f"Lightspeed has an outage; it is tried in {until(error.retry_after)}"
    return f"the rate limit is reached; it opens in {until(error.retry_after)}"
