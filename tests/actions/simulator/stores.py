"""A small store without a server: its operations are called as functions."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from actions.simulator import catalogue, prices, product_rows, stock, world_people, world_store
from actions.simulator.clock import Clock
from actions.simulator.resources import (
    classic_sales,
    consignment_products,
    consignments,
    customers,
    gift_cards,
    inventory,
    promotions,
    sales,
    stock_adjustments,
    store_credits,
    webhooks,
)
from actions.simulator.routing import Ask, Trouble
from actions.simulator.scopes import SCOPES
from actions.simulator.shop import Shop
from actions.simulator.switches import Switches
from actions.simulator.table import decode
from actions.simulator.trie import Found, Trees

RESOURCES = (
    classic_sales,
    consignment_products,
    consignments,
    customers,
    gift_cards,
    inventory,
    promotions,
    sales,
    stock_adjustments,
    store_credits,
    webhooks,
)
ROUTES = [route for resource in RESOURCES for route in resource.routes]
TREES = Trees(ROUTES)
NOON = 1_784_000_000.0


class Store(Shop):
    """A store that notes what would be told to webhooks."""

    def __init__(self, **switches: Any) -> None:
        super().__init__("kowhai", Clock(start=NOON), Switches(**switches), seed=7)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.quiet = True
        world_store.make(self, 3)
        self.products = [self._product(f"Product {number}") for number in range(5)]
        world_people.make(self)
        self.quiet = False
        self.on_event(lambda _shop, event_type, row: self.told.append((event_type, row)))

    def _product(self, name: str) -> str:
        product_id = self.new_id()
        row = product_rows.blank(product_id, name, self.timestamp()) | {"supply_price": 4}
        prices.put_price(row, Decimal("0.15"), including=Decimal(23))
        catalogue.keep(self, row)
        for outlet_id in self.table("outlets").ids():
            stock.open_record(self, product_id, outlet_id, Decimal(20), Decimal(5), Decimal(10))
        return product_id

    def ids(self, table: str) -> list[str]:
        return self.table(table).ids()

    def one(self, table: str, **wanted: Any) -> dict[str, Any]:
        """Return the first row with some values."""
        rows = self.table(table).all()
        return next(row for row in rows if all(row[k] == v for k, v in wanted.items()))

    def events(self, event_type: str) -> list[dict[str, Any]]:
        return [row for told, row in self.told if told == event_type]

    def level(self, number: int = 0, outlet: int = 0) -> Decimal:
        """Return the level of a product by its number, in an outlet by its number."""
        return stock.level(self, self.products[number], self.ids("outlets")[outlet])

    def levels(self) -> list[Decimal]:
        """Return the levels of the first product in every outlet."""
        return [self.level(outlet=outlet) for outlet in range(3)]


def ask(
    store: Shop,
    method: str,
    path: str,
    body: Any = None,
    *,
    version: str = "2026-07",
    scopes: frozenset[str] = SCOPES,
) -> tuple[int, Any]:
    """Call an operation; return its status and JSON, of a refusal as well."""
    path, _, query = path.partition("?")
    found = TREES.find(version, path.strip("/").split("/"), method)
    if not isinstance(found, Found):
        return found.status, found.body
    asked = Ask(version, found.path, _query(query), body, store.table("users").ids()[0], scopes)
    try:
        answer = found.route.handler(store, asked)
    except Trouble as trouble:
        return trouble.status, trouble.body
    return answer.status, decode(answer.body) if answer.body else None


def _query(text: str) -> Mapping[str, list[str]]:
    pairs = [part.split("=", 1) for part in text.split("&") if part]
    return {name: [value] for name, value in pairs}


def sale(store: Store, state: str = "closed", *, quantity: Any = 2, **more: Any) -> dict[str, Any]:
    """Return the body of a sale of the first product: 20 and 3 of tax each, on the first outlet."""
    register = store.one("registers", outlet_id=store.ids("outlets")[0])
    return {
        "state": state,
        "source": {"author_id": store.ids("users")[0], "register_id": register["id"]},
        "line_items": [
            {
                "product": {"id": store.products[0]},
                "quantity": quantity,
                "pricing": {"price": 20, "loyalty_amount": 1},
                "tax": {"id": store.one("taxes", name="GST")["id"], "amount": 3},
            }
        ],
        "payments": [],
        **more,
    }


def pay(store: Store, amount: Any, name: str = "Cash", **more: Any) -> dict[str, Any]:
    config_id = store.one("payment_types", name=name)["id"]
    return {"amount": amount, "type": {"config_id": config_id}, **more}
