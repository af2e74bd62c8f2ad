"""A store of a simulator, its products, and a sender that reaches it."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest

from actions.database import Database
from actions.resources.stock_adjustments import NewStockAdjustment
from actions.vault import Vault
from tests.stores import Store, open_store
from workers.environment import load
from workers.lightspeed import Lightspeed, lightspeed
from workers.settings import Settings
from workers.stock import keys
from workers.stock.orders import StockOrders
from workers.stock.runs import ClientWay
from workers.stock.sender import Sender

Adjust = Callable[..., list[NewStockAdjustment]]


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(products=30, time_scale=1000.0, registers=100) as store:
        yield store


@pytest.fixture
async def reach(
    environ: dict[str, str], database: Database, vault: Vault, store: Store
) -> AsyncIterator[Lightspeed]:
    settings = load(Settings, environ | store.environ)
    async with lightspeed(settings, database, vault) as reach:
        await reach.grants.keep("kowhai", store.pair())
        await database.do(
            "HSET", keys.seen("kowhai"), "version", 0, "user", await acting(reach, store)
        )
        yield reach


@pytest.fixture
def orders(reach: Lightspeed) -> StockOrders:
    return reach.stock


@pytest.fixture
def sender(database: Database, reach: Lightspeed) -> Sender:
    """What a worker sends with; it believes at once what it does not find."""
    way = ClientWay(reach.client, "interactive", 20.0)
    return Sender(database, way, "kowhai", keys.waiting("kowhai"), settle=0.0)


@pytest.fixture
def adjust(store: Store) -> Adjust:
    """Make adjustments: each of another product or quantity, so that no two are equal."""
    products = [row["id"] for row in store.rows("products")]
    outlet = store.rows("outlets")[0]["id"]

    def adjust(count: int, start: int = 1) -> list[NewStockAdjustment]:
        return [
            NewStockAdjustment(
                product_id=products[number % len(products)],
                outlet_id=outlet,
                quantity=str(start + number),
                reason="STOCK_FOUND",
            )
            for number in range(count)
        ]

    return adjust


async def acting(reach: Lightspeed, store: Store) -> str:
    """As whom we act, as it is noted after the first answer."""
    return f"{await reach.client.link('kowhai')} {store.rows('users')[0]['id']}"


async def all_sent(sender: Sender, most: int = 60) -> None:
    """Step until nothing waits."""
    for _ in range(most):
        if await sender.step() is None:
            return
    raise AssertionError("something still waits")


def booked(store: Store) -> Counter[tuple[Any, ...]]:
    """The vendor's adjustments as a multiset."""
    return Counter(
        (row["product_id"], row["outlet_id"], Decimal(row["quantity"]), row["reason"])
        for row in store.rows("stock_adjustments")
    )


def asked(adjustments: list[NewStockAdjustment]) -> Counter[tuple[Any, ...]]:
    """Ours, in the same shape."""
    return Counter(
        (one.product_id, one.outlet_id, Decimal(one.quantity), one.reason) for one in adjustments
    )


def requests(store: Store) -> list[int]:
    """The status of every request to create adjustments."""
    return [status for route, status in store.seen if route == "POST /stock_adjustments"]
