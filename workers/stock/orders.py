"""Orders: adjustments that somebody asked for, one or 100,000, and what became of each."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from math import ceil
from typing import Final

import msgspec
from msgspec import structs

from actions.connections import domain_prefix
from actions.database import Database, Script
from actions.errors import DatabaseAway
from actions.outlook import look
from actions.resources.stock_adjustments import NewStockAdjustment
from workers.keys import ACTIONS_QUEUE, KEEP_SECONDS
from workers.queue import SEND_STOCK, job
from workers.stock import keys
from workers.stock.items import (
    MOST_IN_REQUEST,
    Item,
    NoSuchOrder,
    Progress,
    Result,
    check,
    packed,
)

LINGER_SECONDS: Final = 2.0
"""Fewer than make a full request wait so long for others."""
_SUBMIT: Final = Script.load("workers.scripts", "clock", "wake", "stock_hold", "stock_submit")
_TOGETHER: Final = 2000
"""Items that go into Redis in one round trip."""
_CHUNKS: Final = 20
"""Requests' results that are read in one round trip."""
_LOOK_SECONDS: Final = 0.2
_decoder = msgspec.msgpack.Decoder(list[Result])


class StockOrders:
    """Adjustments in any number. A worker sends them, those of all callers together."""

    def __init__(
        self, database: Database, *, linger: float = LINGER_SECONDS, pace: float = 1.0
    ) -> None:
        """Where a simulator's time passes `pace` times as fast as ours, say so."""
        self.database = database
        self._pace = pace
        self.linger = linger
        self._awaited: dict[str, asyncio.Future[None]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def submit(
        self,
        adjustments: Sequence[NewStockAdjustment],
        retailer: str,
        *,
        order_id: str = "",
        keep: int = KEEP_SECONDS,
        by_caller: bool = False,
    ) -> str:
        """Take an order in and return its id; it is kept for `keep` seconds once it is over.

        An order whose id is known already goes on where it was left: nothing is taken in twice.
        `by_caller` leaves the sending to the caller, who uses a `Sender`.

        Raises:
            BadItem: an adjustment breaks a rule; nothing was taken.
            BadDomainPrefix: nothing was taken.
        """
        check(adjustments)
        retailer, taken = domain_prefix(retailer), 0
        if order_id:
            taken = int(await self.database.do("HGET", keys.order(order_id), "taken") or 0)
        order_id = order_id or secrets.token_hex(12)
        source = keys.file(order_id) if by_caller else keys.waiting(retailer)
        names = [source, keys.order(order_id), keys.seen(retailer)]
        queue = "" if by_caller else ACTIONS_QUEUE
        while taken < len(adjustments):
            some = adjustments[taken : taken + _TOGETHER]
            items = [packed(Item(order_id, taken + i, one)) for i, one in enumerate(some)]
            job_id = f"stock-{secrets.token_hex(8)}"
            args: list[str | bytes | float] = [queue, job_id, job(SEND_STOCK, retailer)]
            args += [int(self.linger * 1000), keep, retailer, len(adjustments), taken, *items]
            taken = await self.database.run(_SUBMIT, names, args)
        return order_id

    async def progress(self, order_id: str) -> Progress:
        """Return how far an order is.

        Raises:
            NoSuchOrder: none of that id is kept.
        """
        names = ("retailer", "total", "applied", "refused", "unknown")
        found = await self.database.do("HMGET", keys.order(order_id), *names)
        if found[0] is None:
            raise NoSuchOrder(f"No stock order {order_id[:60]} is kept: its id is wrong, or old.")
        counts = dict(zip(names[1:], map(int, found[1:]), strict=True))
        progress = Progress(order_id=order_id, retailer=found[0].decode(), **counts)
        return structs.replace(progress, last_in=await self._last_in(progress))

    async def results(self, order_id: str) -> list[Result]:
        """Return what became of its items so far, in their order."""
        name, rows = keys.results(order_id), list[Result]()
        for start in count(0, _CHUNKS):
            chunks = await self.database.do("LRANGE", name, start, start + _CHUNKS - 1)
            for chunk in chunks:
                rows += _decoder.decode(chunk)
            if len(chunks) < _CHUNKS:
                break
        rows.sort(key=lambda row: row.place)
        return rows

    async def outcome(self, order_id: str) -> list[Result]:
        """Wait until an order is over, and return what became of its items.

        Raises:
            NoSuchOrder: none of that id is kept.
        """
        await self.progress(order_id)
        coming = self._awaited.get(order_id)
        if coming is None:
            coming = self._awaited[order_id] = asyncio.get_running_loop().create_future()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="stock orders")
        await asyncio.shield(coming)
        return await self.results(order_id)

    async def _last_in(self, progress: Progress) -> float:
        """Reckon when the last request may leave; what others have waiting goes before it."""
        if progress.is_over:
            return 0.0
        retailer = progress.retailer
        waiting = await self.database.do("LLEN", keys.waiting(retailer))
        outlook = (await look(self.database, [retailer], pace=self._pace))[retailer]
        requests = ceil(max(progress.left, waiting) / MOST_IN_REQUEST)
        return outlook.opens(requests - 1, self._pace)

    async def close(self) -> None:
        """Look no more; who waits is told."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _look(self) -> None:
        """Look for all that are awaited, in one round trip, until none is."""
        try:
            while self._awaited:
                with suppress(DatabaseAway):  # it comes back, and so do we
                    await self._look_once()
                await asyncio.sleep(_LOOK_SECONDS)
        except BaseException as error:
            for coming in self._awaited.values():
                if not coming.done():
                    coming.set_exception(_told(error))
            self._awaited.clear()
            raise

    async def _look_once(self) -> None:
        ids = list(self._awaited)
        fields = ("total", "applied", "refused", "unknown")
        commands = [("HMGET", keys.order(order_id), *fields) for order_id in ids]
        found = await self.database.together(commands)
        for order_id, counts in zip(ids, found, strict=True):
            total, *over = (int(count or 0) for count in counts)
            if total == sum(over):
                self._awaited.pop(order_id).set_result(None)


def _told(error: BaseException) -> BaseException:
    return error if isinstance(error, Exception) else asyncio.CancelledError()
