"""A process that adjusts stock, one at a time: `python -m …stocking_caller COUNT PRODUCT OUTLET`.

With `REDIS_URL`. It begins once the key `GO` is there.
"""

import asyncio
import os
import sys

import uvloop

from actions.database import Database
from actions.resources.stock_adjustments import NewStockAdjustment
from workers.stock.orders import StockOrders

GO = "bench:go"
READY = "bench:ready"
_AT_ONCE = 50


async def run(count: int, product: str, outlet: str) -> None:
    """Submit so many, each as an order of its own."""
    async with Database(os.environ["REDIS_URL"]) as database:
        orders, left = StockOrders(database), iter(range(1, count + 1))

        async def submit() -> None:
            for number in left:
                one = NewStockAdjustment(
                    product_id=product,
                    outlet_id=outlet,
                    quantity=str(number),
                    reason="STOCK_FOUND",
                )
                await orders.submit([one], "kowhai")

        await database.do("INCR", READY)
        while not await database.do("EXISTS", GO):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.01)
        await asyncio.gather(*(submit() for _ in range(_AT_ONCE)))


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]), *sys.argv[2:]))
