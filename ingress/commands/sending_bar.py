"""The progress bar of a file of stock adjustments: on a terminal, and nowhere else."""

import asyncio
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from actions.budget import Budget
from workers.stock.files import FileSender
from workers.stock.items import Progress

_SHOW_SECONDS: Final = 0.5
_STOPPING: Final = "It stops after the request under way; Ctrl-C again does not wait."
_SPEED_SECONDS: Final = 600.0
"""The time that is left is told by what was done in so long: two windows of the rate limit."""


class SendingBar:
    """Advances only by what was confirmed, and says what it waits for."""

    def __init__(self, progress: Progress, sender: FileSender, budget: Budget | None) -> None:
        """Draw it once it is opened as a context."""
        console = Console(stderr=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            speed_estimate_period=_SPEED_SECONDS,
        )
        self._sender = sender
        self._budget = budget
        self._retailer = progress.retailer
        self._task = self._bar.add_task("", total=progress.total)
        self.advance(progress)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def advance(self, progress: Progress) -> None:
        """Show how far it is."""
        self._bar.update(self._task, completed=progress.total - progress.left)

    async def keep_showing(self) -> None:
        """Say what it waits for, and once that it is to stop, until it is cancelled."""
        has_said = False
        while True:
            if self._sender.is_stopping and not has_said:
                self._bar.console.print(_STOPPING)
                has_said = True
            self._bar.update(self._task, description=self._words())
            await asyncio.sleep(_SHOW_SECONDS)

    def _words(self) -> str:
        if self._sender.is_stopping:
            return "stopping"
        opens = self._budget.opens(self._retailer, "bulk") if self._budget else 0.0
        if self._sender.is_waiting and opens >= 1:
            return f"waiting {opens:.0f} s for the rate limit"
        return f"waiting until {self._sender.why}" if self._sender.why else "sending"
