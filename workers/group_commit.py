"""Group commit: calls that are made while a round trip is in the air leave together in the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class _Item(Generic[T]):
    __slots__ = ("error", "is_sent", "value")

    def __init__(self, value: T) -> None:
        self.value = value
        self.is_sent = False
        self.error: Exception | None = None


class GroupCommit(Generic[T]):
    """Sends items together. An idle system waits for nothing; a busy one saves round trips."""

    def __init__(self, send: Callable[[Sequence[T]], Awaitable[None]], most: int) -> None:
        """Send `most` at once; `send` must stand being given an item a second time."""
        self._send = send
        self._most = most
        self._waiting: list[_Item[T]] = []
        self._lock = asyncio.Lock()

    async def __call__(self, value: T) -> None:
        """Return when it has been sent; raise what `send` raised."""
        item = _Item(value)
        self._waiting.append(item)
        while not item.is_sent:
            async with self._lock:
                if not item.is_sent:
                    await self._round()
        if item.error is not None:
            raise item.error

    async def _round(self) -> None:
        """Send the first that wait; should the sender be cancelled, they stay for the next."""
        batch, error = self._waiting[: self._most], None
        try:
            await self._send([item.value for item in batch])
        except Exception as raised:  # noqa: BLE001 - it goes to each that waits for it
            error = raised
        self._waiting = self._waiting[len(batch) :]
        for item in batch:
            item.is_sent, item.error = True, error
