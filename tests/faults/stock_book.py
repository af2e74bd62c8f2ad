"""What was asked for, item by item, and its comparison with the simulator's own table."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from actions.resources.stock_adjustments import NewStockAdjustment
from actions.simulator.scopes import SCOPES
from tests.stores import Store, open_store
from workers.stock.items import Key, key_of
from workers.stock.orders import StockOrders

RETAILER = "kowhai"
PATIENCE = 120.0
"""Seconds after which an order will not be over."""
THEIRS = "other-user"
"""Whom the other application acts as."""
_QUANTITIES = 3
_A_MINUTE = 0.5
"""Sales that the till makes, by the store's clock, which runs fast."""


class Verdict(Struct):
    """What came of everything that was asked for."""

    items: int = 0
    applied: int = 0
    refused: int = 0
    unknown: int = 0
    lost: int = 0
    """Nothing has become of them, or they are said to be applied and are not there."""
    twice: int = 0
    """There beyond what was applied or is unknown."""
    unnamed: int = 0
    """Unknown or refused without a word."""

    def __str__(self) -> str:
        return (
            f"{self.items:,} items: {self.applied:,} applied, {self.refused} refused, "
            f"{self.unknown} unknown, {self.twice} twice, {self.lost} lost"
        )

    def check(self, *, refused: int = 0) -> None:
        """Check what holds whatever goes wrong."""
        assert (self.twice, self.lost, self.unnamed) == (0, 0, 0), str(self)
        assert self.unknown <= self.items / 100, str(self)
        assert refused - self.unknown <= self.refused <= refused, str(self)


class Book:
    """Orders as they were given, of few products and quantities: most adjustments have equals."""

    def __init__(self, store: Store, seed: int = 7) -> None:
        self.orders: dict[str, list[NewStockAdjustment]] = {}
        self._store = store
        self._random = random.Random(seed)  # noqa: S311 - the same each time
        self._products = [row["id"] for row in store.rows("products")]
        self._outlet = store.rows("outlets")[0]["id"]

    def some(self, count: int, bad: int = 0) -> list[NewStockAdjustment]:
        """Make so many adjustments, some of them of a product that there is not."""
        wrong = set(self._random.sample(range(count), bad))
        return [self._one("no-such-product" if at in wrong else "") for at in range(count)]

    def _one(self, product: str) -> NewStockAdjustment:
        return NewStockAdjustment(
            product_id=product or self._random.choice(self._products),
            outlet_id=self._outlet,
            quantity=str(self._random.randint(1, _QUANTITIES)),
            reason="STOCK_FOUND",
        )

    async def give(self, orders: StockOrders, count: int, bad: int = 0) -> str:
        """Submit an order of so many."""
        wanted = self.some(count, bad)
        order_id = await orders.submit(wanted, RETAILER)
        self.orders[order_id] = wanted
        return order_id

    async def verdict(self, orders: StockOrders) -> Verdict:
        """Compare what we say of each item with the adjustments of our user that are there."""
        rows = {row["id"]: _key(row) for row in self._store.rows("stock_adjustments") if _ours(row)}
        told, there, open_ = Verdict(), Counter(rows.values()), Counter[Key]()
        claimed = set[str]()
        for order_id, wanted in self.orders.items():
            results = {one.place: one for one in await orders.results(order_id)}
            told.items += len(wanted)
            for place, one in enumerate(wanted):
                result = results.get(place)
                if result is None:
                    told.lost += 1
                elif result.outcome == "applied":
                    told.applied += 1
                    is_there = rows.get(result.detail) == key_of(one)
                    told.lost += result.detail in claimed or not is_there
                    claimed.add(result.detail)
                else:
                    told.refused += result.outcome == "refused"
                    told.unknown += result.outcome == "unknown"
                    told.unnamed += not result.detail
                    open_[key_of(one)] += result.outcome == "unknown"
        there.subtract(rows[row_id] for row_id in claimed if row_id in rows)
        told.twice = sum((there - open_).values())
        return told


def _ours(row: dict[str, Any]) -> bool:
    return not str(row["user_id"]).startswith(THEIRS)


def _key(row: dict[str, Any]) -> Key:
    return (
        row["product_id"],
        row["outlet_id"],
        Decimal(row["quantity"]).normalize(),
        row["reason"],
        "",
    )


class Busy(Struct):
    """A store, and what is to be held while the other application is to be quiet."""

    store: Store
    quiet: asyncio.Lock


@asynccontextmanager
async def busy_store(**options: Any) -> AsyncIterator[Busy]:
    """A store whose till sells and where another application adjusts the same products."""
    given = {
        "products": 30,
        "time_scale": 1000.0,
        "registers": 100,
        "speed": _A_MINUTE,
        "token_seconds": 10**8,
    } | options
    async with open_store(**given) as store:
        busy = Busy(store, asyncio.Lock())
        at_work = asyncio.create_task(_adjusting(busy))
        try:
            yield busy
        finally:
            at_work.cancel()
            await asyncio.wait({at_work})
        assert at_work.cancelled()
        assert not all(_ours(row) for row in store.rows("stock_adjustments"))


async def _adjusting(busy: Busy) -> None:
    simulator = busy.store.simulator
    grant = simulator.stage.access.grant(RETAILER, "another-application", SCOPES, THEIRS)
    url = f"{simulator.url(RETAILER)}/api/2026-07/stock_adjustments"
    headers = {"Authorization": f"Bearer {grant.access_token}"}
    book = Book(busy.store, seed=8)
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            rows = [msgspec.to_builtins(one) for one in book.some(2)]
            async with busy.quiet, session.post(url, json={"stock_adjustments": rows}) as answer:
                assert answer.status == 201, await answer.text()
            await asyncio.sleep(0.02)
