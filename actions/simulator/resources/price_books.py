"""Price books and what they hold (vendor: OpenAPI 2026-07, price books)."""

from typing import Any, Final

from actions.simulator.resources.lists import listed, page_size, reshaped, single, window
from actions.simulator.routing import DATED, Answer, Ask, Routes, malformed, page
from actions.simulator.shop import Shop
from actions.simulator.table import Row, decode

routes = Routes()
_SCOPES: Final = ("products:read:price_books", "customers:read", "outlets:read")
_ORDERS: Final = (
    *("id", "name", "type", "valid_from", "valid_to", "created_at", "updated_at", "version"),
)


@routes.on("GET", "/price_books", *_SCOPES, versions=(*DATED, "3.0"))
def list_price_books(shop: Shop, ask: Ask) -> Answer:
    """List price books, by version unless another order is asked for."""
    if any(ask.one(name) for name in ("customer_group_id", "order", "direction")):
        return page(_ordered(shop, ask))
    return listed(shop, ask, "price_books")


@routes.on("GET", "/price_books/{id}", *_SCOPES, versions=(*DATED, "3.0"))
def get_price_book(shop: Shop, ask: Ask) -> Answer:
    """Read one price book."""
    return single(shop, "price_books", ask.path["id"], "price book")


@routes.on("GET", "/price_books", *_SCOPES, versions=("2.0",))
def list_old_price_books(shop: Shop, ask: Ask) -> Answer:
    """List price books in the shape that 3.0 replaced: one customer group, one outlet."""
    rows = window(shop, ask, "price_books", page_size(shop, ask, "price_books"))
    return page([reshaped(row, _old) for row in rows])


@routes.on("GET", "/price_books/{id}", *_SCOPES, versions=("2.0",))
def get_old_price_book(shop: Shop, ask: Ask) -> Answer:
    """Read one price book in the shape that 3.0 replaced."""
    return single(shop, "price_books", ask.path["id"], "price book", shape=_old)


@routes.on("GET", "/price_book_products", "products:read:price_books")
def list_price_book_products(shop: Shop, ask: Ask) -> Answer:
    """List the prices of all price books; always without tax, and without `deleted`."""
    return listed(shop, ask, "price_book_products", deletable=False)


def _for_group(row: dict[str, Any], group: str | None) -> bool:
    return not group or group in (row["customer_group_ids"] or ())


def _ordered(shop: Shop, ask: Ask) -> list[Row]:
    group, order = ask.one("customer_group_id"), ask.one("order") or "version"
    direction = (ask.one("direction") or "ASC").upper()
    if order not in _ORDERS or direction not in {"ASC", "DESC"}:
        raise malformed(f"price books cannot be ordered by {order} {direction}")
    rows = window(shop, ask, "price_books", len(shop.table("price_books")))
    found = [(decode(row.text), row) for row in rows]
    found = [one for one in found if _for_group(one[0], group)]
    found.sort(key=lambda one: one[0][order] or "", reverse=direction == "DESC")
    return [row for _, row in found][: page_size(shop, ask, "price_books")]


def _old(row: dict[str, Any]) -> dict[str, Any]:
    """A book of several groups or outlets shows the first; an empty id meant all."""
    groups, outlets = row.pop("customer_groups") or [None], row.pop("outlets") or [None]
    row.pop("customer_group_ids")
    return row | {
        "customer_group_id": groups[0]["id"] if groups[0] else "",
        "customer_group": groups[0],
        "outlet_id": outlets[0]["id"] if outlets[0] else "",
        "outlet": outlets[0],
    }
