"""Orders of whoever has the file: known by what is in it, sent by the process that read it."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Sequence
from itertools import count
from math import inf
from typing import Any, Final, TypeVar

from actions.action import Action
from actions.client import Client
from actions.errors import (
    BackroomError,
    ConnectionFailed,
    DatabaseAway,
    RateLimited,
    ServerError,
    TryLater,
)
from actions.listening import cancelled
from actions.oauth import TokensLater, TokensUnanswered
from actions.permit import Permit
from actions.resources.stock_adjustments import NewStockAdjustment
from workers.stock import keys
from workers.stock.items import Item, NoSuchOrder, Progress, packed
from workers.stock.orders import StockOrders
from workers.stock.requests import LostTurn
from workers.stock.runs import ClientWay
from workers.stock.sender import SETTLE_SECONDS, Sender
from workers.stock.turn import NotYourTurn

R = TypeVar("R")

KEEP_SECONDS: Final = 30 * 86_400
"""So long after its last request a file is known; then it would be sent as a new one."""
_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
"""Seconds between tries, at least, while none comes through; then it is given up."""
_LOST_TURN_SECONDS: Final = 1.0
_AFTER_429_SECONDS: Final = 0.5
"""A request that was refused waits no longer within a call, where nobody could stop it."""


class Stopped(BackroomError):
    """It was asked to stop while it waited; nothing that is not looked for was sent."""

    exit_code = 130


def digest(adjustments: Sequence[NewStockAdjustment], retailer: str) -> str:
    """Return what tells this list of adjustments from every other."""
    found = hashlib.sha256(retailer.encode())
    for one in adjustments:
        found.update(packed(Item("", 0, one)))
    return found.hexdigest()[:24]


async def latest(orders: StockOrders, known: str, *, again: bool) -> tuple[str, Progress | None]:
    """Return the id of a file's order and how far that is; None where it has not begun.

    `again` goes past one that is over, and not past one that is under way.
    """
    before: tuple[str, Progress] | None = None
    for number in count(1):
        order_id = known if number == 1 else f"{known}-{number}"
        try:
            progress = await orders.progress(order_id)
        except NoSuchOrder:
            return before if before is not None and not again else (order_id, None)
        if not progress.is_over:
            return order_id, progress
        before = order_id, progress
    raise AssertionError


class _StoppableWay(ClientWay):
    """Waits for the rate limit until it is asked to stop; what is under way comes to its end."""

    def __init__(self, client: Client, stop: asyncio.Event, tell: Callable[[bool], None]) -> None:
        super().__init__(client, "bulk", inf)
        self._stop = stop
        self._tell = tell

    async def permit(self, action: Action[Any], retailer: str) -> Permit:
        self._tell(True)  # noqa: FBT003 - whether it waits
        try:
            return await unless(self._stop, super().permit(action, retailer))
        finally:
            self._tell(False)  # noqa: FBT003

    async def call(self, action: Action[R], retailer: str, permit: Permit | None = None) -> R:
        if permit is None:
            return await unless(self._stop, super().call(action, retailer))
        return await self._client.call(
            action, retailer, lane="bulk", patience=_AFTER_429_SECONDS, permit=permit
        )


class FileSender:
    """Sends an order here and now, whatever workers run."""

    def __init__(
        self,
        orders: StockOrders,
        client: Client,
        stop: asyncio.Event,
        *,
        settle: float = SETTLE_SECONDS,
    ) -> None:
        """End after the request under way once `stop` is set."""
        self.is_waiting = False
        """Whether it waits for the rate limit now."""
        self.why = ""
        """What it waits for besides; '' for nothing."""
        self._orders = orders
        self._client = client
        self._stop = stop
        self._settle = settle
        self._failures = 0

    @property
    def is_stopping(self) -> bool:
        """Whether it ends with the request under way."""
        return self._stop.is_set()

    async def send(self, order_id: str, tell: Callable[[Progress], None]) -> Progress:
        """Send what is left of an order; call `tell` after each step.

        Returns how far it is: over, or not when it was told to stop, or when Redis has lost items.

        Raises:
            BackroomError: it cannot go on; what was sent is recorded, or looked for the next time.
        """
        progress = await self._orders.progress(order_id)
        retailer = progress.retailer
        sender = self._sender(retailer, keys.file(order_id))
        others = self._sender(retailer, keys.waiting(retailer), self._orders.linger)
        self._failures = 0
        while not (progress.is_over or self._stop.is_set()):
            try:
                after = await sender.step()
                if after == 0:  # plugins' adjustments do not wait for a whole file
                    await others.step()
                progress = await self._orders.progress(order_id)
                self._failures, self.why = 0, "what was sent shows at the store" if after else ""
            except Stopped:
                break
            except BackroomError as error:
                after = self._pause(error)
            tell(progress)
            if after is None:
                break
            await self._wait(after)
        self.why = ""
        return progress

    def _sender(self, retailer: str, source: str, linger: float = 0.0) -> Sender:
        return Sender(
            self._orders.database,
            _StoppableWay(self._client, self._stop, self._waits),
            retailer,
            source,
            linger=linger,
            settle=self._settle,
        )

    def _waits(self, is_waiting: bool) -> None:  # noqa: FBT001 - called with one word
        self.is_waiting = is_waiting

    def _pause(self, error: BackroomError) -> float:
        """Return in how many seconds to go on, or raise the error where that would not help."""
        self.why = ""
        match error:
            case NotYourTurn():
                self.why = "another sender of this store is done"
                return error.after
            case LostTurn():
                self.why = "another sender of this store is done"
                return _LOST_TURN_SECONDS
            case RateLimited() | TokensLater():
                self.why = "the rate limit opens"
            case DatabaseAway():
                self.why = "Redis answers"
            case TryLater() | ServerError() | ConnectionFailed() | TokensUnanswered():
                self.why = "Lightspeed answers"
        if not self.why or self._failures >= len(_PAUSES):
            raise error
        self._failures += 1
        return max(_PAUSES[self._failures - 1], getattr(error, "retry_after", 0.0))

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._stop.wait()
            except TimeoutError:
                return


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, R]) -> R:
    """Do some work, unless it is asked to stop before that is done.

    Raises:
        Stopped: it was.
    """
    doing: asyncio.Task[Any] = asyncio.create_task(work)
    asked: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({doing, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise Stopped(
                "It was stopped at once; the next time it looks what became of the last request."
            )
        result: R = doing.result()
        return result
    finally:
        await cancelled(doing)
        await cancelled(asked)
