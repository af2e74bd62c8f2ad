"""The world's price books: what everything costs, and a sale for some customers."""

from decimal import Decimal
from typing import Any, Final

from actions.simulator import prices
from actions.simulator.shop import Shop
from actions.simulator.table import decode
from actions.simulator.world_moments import days_from_now, opened

_SALE_SIZE: Final = 40
_SALE_SHARE: Final = Decimal("0.8")


def make_books(shop: Shop) -> None:
    """Make the book that all others start from, and the one of the sale."""
    _book(shop, "General Price Book (All Products)", "BASE", None, {})
    club = next(row for row in shop.table("customer_groups").all() if "Club" in row["name"])
    until = {"valid_from": days_from_now(shop, -30), "valid_to": days_from_now(shop, 60)}
    _book(shop, "Tramping Club Sale", "GENERAL", club, until)


def make_sale(shop: Shop) -> None:
    """Put the first products into the sale, a fifth cheaper."""
    sale = next(row for row in shop.table("price_books").all() if row["type"] == "GENERAL")
    tax = prices.default_tax(shop)
    for row in shop.table("products").page(_SALE_SIZE):
        product = decode(row.text)
        shop.put("price_book_products", prices.entry(sale["id"], product, tax, _SALE_SHARE))


def _book(
    shop: Shop, name: str, kind: str, group: dict[str, Any] | None, times: dict[str, str]
) -> None:
    row = {
        "id": shop.new_id(),
        "name": name,
        "type": kind,
        "customer_groups": [group] if group else None,
        "customer_group_ids": [group["id"]] if group else None,
        "outlets": list(shop.table("outlets").all()),
        "restrict_to_platform_key": "0",
        "restrict_to_platform_label": "All Platforms",
        "valid_from": None,
        "valid_to": None,
        "created_at": opened(),
        "updated_at": opened(),
        "deleted_at": None,
    }
    shop.put("price_books", row | times)
