"""The vendor's adjustments since a time, whoever made them."""

from collections import deque
from datetime import datetime
from typing import Any

from msgspec import Struct

from actions.client import Client
from actions.resources.stock_adjustments import StockAdjustment
from workers.stock.looking import since


class History(Struct, frozen=True):
    """The newest adjustments, newest last, and how many there were since then."""

    rows: list[StockAdjustment]
    total: int


async def newest(client: Client, retailer: str, start: datetime, most: int) -> History:
    """Return the newest adjustments that were made at `start` or later.

    Where they begin is found by halving, in about 40 calls; then it takes one for each 1000.
    Raises what `Client.call` raises.
    """

    async def call(action: Any) -> Any:
        return await client.call(action, retailer)

    found = await since(call, None, int(start.timestamp() * 1000))
    made = [row for row in found if row.created_at is None or row.created_at >= start]
    return History(list(deque(made, most)), len(made))
