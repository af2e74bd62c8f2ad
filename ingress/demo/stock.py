"""The demo's last scene: stock is adjusted at a simulated store while its till sells."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping
from itertools import islice, product
from typing import Final

from msgspec import Struct, structs
from rich.console import Console
from rich.text import Text

from actions.connections import Connection
from actions.database import Database
from actions.grants import Pair
from actions.listening import cancelled
from actions.resources.stock_adjustments import NewStockAdjustment
from actions.secret import Secret
from actions.simulator import till
from actions.simulator.simulator import Options, Simulator
from actions.vault import Vault
from ingress.urls import webhook_urls
from workers import keys, logs
from workers.environment import load
from workers.events import INVENTORY_UPDATE, SALE_UPDATE
from workers.lightspeed import lightspeed
from workers.settings import Settings
from workers.stock.files import KEEP_SECONDS, FileSender

ROWS: Final = 1000
_PRODUCTS: Final = 600
"""Each in several outlets."""
_SALES_A_MINUTE: Final = 300.0
_LOOK_SECONDS: Final = 0.05


class Booked(Struct, frozen=True):
    """What the store has in its books."""

    retailer: str
    applied: int
    """Adjustments that we were told of."""
    adjusted: int
    """Adjustments that the store has."""
    requests: int
    products: frozenset[str]
    acknowledged: Mapping[str, int]
    """Deliveries that were answered with 2xx, by type."""


class StockScene:
    """A store of its own, whose hooks lead to the running web process."""

    def __init__(
        self, database: Database, environ: Mapping[str, str], connection: Connection, base_url: str
    ) -> None:
        urls = webhook_urls(connection, base_url)
        hooks = (INVENTORY_UPDATE.name, SALE_UPDATE.name)
        self._database = database
        self._environ = environ
        self._retailer = connection.retailer
        self._simulator = Simulator(
            Options(
                retailers=(connection.retailer,),
                products=_PRODUCTS,
                client_secret=environ["LIGHTSPEED_CLIENT_SECRET"],
                webhooks=tuple(f"{name}={urls[name]}" for name in hooks),
            )
        )

    async def run(self, console: Console) -> Booked:
        """Adjust, and wait until everything that came of it has arrived."""
        stage, shop = self._simulator.stage, self._simulator.shop(self._retailer)
        wanted = self._adjustments()
        async with self._simulator:
            selling = asyncio.create_task(till.sell(shop, _SALES_A_MINUTE), name="till")
            began = time.perf_counter()
            try:
                applied = await self._adjust(wanted)
            finally:
                await cancelled(selling)
            sent = time.perf_counter()
            await stage.deliveries.settled()
            await self._handled()
            arrived = time.perf_counter()
        done = Counter(one.type for one in stage.ledger.deliveries if one.state == "done")
        booked = Booked(
            retailer=self._retailer,
            applied=applied,
            adjusted=len(list(shop.table("stock_adjustments").all())),
            requests=stage.ledger.writes[self._retailer, "POST /stock_adjustments"],
            products=frozenset(one.product_id for one in wanted),
            acknowledged=done,
        )
        _tell(console, booked, sent - began, arrived - began)
        return booked

    async def _handled(self) -> None:
        """Wait until no event is open."""
        while await self._database.do("ZCARD", keys.OPEN):  # noqa: ASYNC110 - another process'
            await asyncio.sleep(_LOOK_SECONDS)

    async def _adjust(self, wanted: list[NewStockAdjustment]) -> int:
        """Adjust stock as `backroom stock adjust` does, and return how much was applied."""
        origin = f"{self._simulator.origin}/{{domain_prefix}}"
        settings = load(Settings, {**self._environ, "LIGHTSPEED_ORIGIN": origin})
        logs.set_up(structs.replace(settings, log_level="warning"), sys.stderr)
        vault = Vault(settings.backroom_keys)
        async with lightspeed(settings, self._database, vault) as reach:
            token = Secret(self._simulator.personal_token(self._retailer))
            await reach.grants.keep(self._retailer, Pair(access=token))
            order_id = await reach.stock.submit(
                wanted, self._retailer, keep=KEEP_SECONDS, by_caller=True
            )
            sender = FileSender(reach.stock, reach.client, asyncio.Event())
            progress = await sender.send(order_id, lambda _: None)
        return progress.applied

    def _adjustments(self) -> list[NewStockAdjustment]:
        """Find one more of each product in each outlet, until there are enough."""
        shop = self._simulator.shop(self._retailer)
        outlets = [row["id"] for row in shop.table("outlets").all()]
        products = [row["id"] for row in shop.table("products").all()]
        return [
            NewStockAdjustment(product_id=one, outlet_id=outlet, quantity="1", reason="STOCK_FOUND")
            for outlet, one in islice(product(outlets, products), ROWS)
        ]


def _tell(console: Console, booked: Booked, sent: float, arrived: float) -> None:
    requests = "1 request" if booked.requests == 1 else f"{booked.requests} requests"
    line = Text(f"  {f'{booked.applied:,} stock adjustments':27}{requests}, {sent * 1000:.0f} ms; ")
    events = booked.acknowledged.get(INVENTORY_UPDATE.name, 0)
    sales = booked.acknowledged.get(SALE_UPDATE.name, 0)
    line.append(
        f"{events:,} inventory.update and {sales} sale.update back after {arrived:.1f} s", "green"
    )
    console.print(line, soft_wrap=True)
