"""Reading back what adjustments are there since a request was sent."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from actions.action import Page
from actions.resources.stock_adjustments import ListStockAdjustments, StockAdjustment

Call = Callable[[ListStockAdjustments], Awaitable[Page[StockAdjustment]]]
_PAGE: Final = 1000
_CLOCKS_APART: Final = timedelta(minutes=10)
"""Between ours and the vendor's, at most."""
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


async def since(call: Call, version: int | None, at: int) -> list[StockAdjustment]:
    """Return every adjustment that was made after a version, in the order of versions.

    Where no version is known it begins at `at`, in ms since 1970: found by halving, about 40 calls.
    """
    earliest = datetime.fromtimestamp(at / 1000, UTC) - _CLOCKS_APART
    after = await _version_at(call, earliest) if version is None else version
    found: list[StockAdjustment] = []
    going: Any = ListStockAdjustments(after=after, page_size=_PAGE)
    while going is not None:
        page = await call(going)
        found += page.data
        going = going.following(page)
    return [row for row in found if version is not None or _made(row) >= earliest]


async def _version_at(call: Call, earliest: datetime) -> int:
    """Return a version such that nothing made at that time or later has a lower one."""

    async def first(after: int) -> StockAdjustment | None:
        page = await call(ListStockAdjustments(after=after, page_size=1))
        return page.data[0] if page.data else None

    low, step = 0, 1
    while (row := await first(low + step)) is not None and _made(row) < earliest:
        low, step = row.version or low + step, step * 2
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        row = await first(middle)
        if row is not None and _made(row) < earliest:
            low = max(middle, min(row.version or middle, high))
        else:
            high = middle
    return low


def _made(row: StockAdjustment) -> datetime:
    return row.created_at or _EPOCH
