"""Products and stock in the old shape."""

from typing import Any, Final

from actions.simulator import prices
from actions.simulator.payloads.spelling import bare, digits, number, sql
from actions.simulator.shop import Shop
from actions.simulator.stock import record_id
from actions.simulator.table import decode

_IN_STOCK: Final = (
    *("active", "attributed_cost", "base_name", "button_order", "categories", "deleted_at"),
    *("description", "handle", "id", "name", "sku", "source", "source_id", "source_variant_id"),
    *("supply_price", "taxes", "variant_options", "variant_parent_id"),
)
"""What of a product is shown inside its stock."""


def shaped(shop: Shop, row: dict[str, Any]) -> dict[str, Any]:
    """Return a product; one that is deleted has no prices."""
    shown = _product(shop, row) | {
        "brand": _link(row["brand"]),
        "inventory": _inventory(shop, row),
        "product_type": _link(row["type"]),
        "retailer_id": shop.retailer_id,
        "supplier": _supplier(shop, row),
        "version": row["version"],
    }
    return shown if row["deleted_at"] else shown | {"price_book_entries": _entries(shop, row)}


def stock_shaped(shop: Shop, row: dict[str, Any]) -> dict[str, Any]:
    """Return the stock of a product in an outlet."""
    outlet = shop.table("outlets").get(row["outlet_id"]) or {}
    product = shop.table("products").get(row["product_id"])
    shown = _product(shop, product) if product else {}
    return _count(row) | {
        "outlet": {
            "id": row["outlet_id"],
            "name": outlet.get("name"),
            "tax_id": outlet.get("default_tax_id"),
            "time_zone": outlet.get("time_zone"),
        },
        "product": {name: shown[name] for name in _IN_STOCK} if shown else None,
        "version": row["version"],
    }


def _product(shop: Shop, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "active": row["active"],
        "attributed_cost": None,
        "base_name": row["name"],
        "button_order": row["button_order"],
        "categories": [_link(one) for one in row["categories"]],
        "deleted_at": sql(row["deleted_at"]),
        "description": row["description"] or "",
        "handle": row["handle"],
        "id": row["id"],
        "name": row["variant_name"] or row["name"],
        "sku": row["sku"],
        "source": row["source"],
        "source_id": row["source_id"],
        "source_variant_id": row["source_variant_id"],
        "supply_price": digits(row["supply_price"], 2),
        "taxes": _taxes(shop, row),
        "variant_options": [
            {"id": one.get("id"), "name": one["name"], "value": one["value"]}
            for one in row["variant_options"]
        ],
        "variant_parent_id": row["variant_parent_id"],
    }


def _taxes(shop: Shop, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a product's tax in every outlet: its own there, or the outlet's."""
    own = {one["outlet_id"]: one["tax_id"] for one in row.get("outlet_taxes") or ()}
    return [
        {"outlet_id": outlet["id"], "tax_id": own.get(outlet["id"], outlet["default_tax_id"])}
        for outlet in shop.table("outlets").all()
    ]


def _inventory(shop: Shop, row: dict[str, Any]) -> list[dict[str, Any]]:
    texts = (
        shop.table("inventory").text(record_id(row["id"], outlet_id))
        for outlet_id in shop.table("outlets").ids()
    )
    return [_count(decode(text)) for text in texts if text is not None]


def _count(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "attributed_cost": digits(row["average_cost"], 2),
        "count": number(row["current_inventory_level"]),
        "id": row["id"],
        "outlet_id": row["outlet_id"],
        "product_id": row["product_id"],
        "reorder_point": bare(row["reorder_point"]),
        "restock_level": bare(row["reorder_amount"]),
    }


def _entries(shop: Shop, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a product's price in every book that has one for it."""
    table, shown = shop.table("price_book_products"), []
    for book in shop.table("price_books").all():
        entry = table.get(prices.entry_id(book["id"], row["id"]), deleted=False)
        if entry is not None:
            shown.append(_entry(book, entry))
    return shown


def _entry(book: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    group: dict[str, Any] = next(iter(book["customer_groups"] or ()), {})
    return {
        "customer_group_id": group.get("id"),
        "customer_group_name": group.get("name"),
        "id": entry["id"],
        "max_units": entry["max_units"],
        "min_units": entry["min_units"],
        "price": digits(entry["price"], 5),
        "product_id": entry["product_id"],
        "type": book["type"],
        "valid_from": sql(book["valid_from"]),
        "valid_to": sql(book["valid_to"]),
    }


def _supplier(shop: Shop, row: dict[str, Any]) -> dict[str, Any] | None:
    supplier = shop.table("suppliers").get(row["supplier_id"] or "")
    if supplier is None:
        return None
    return {
        "description": supplier["description"] or "",
        "id": supplier["id"],
        "name": supplier["name"],
        "source": "",
    }


def _link(link: dict[str, Any] | None) -> dict[str, Any] | None:
    return {"id": link["id"], "name": link["name"]} if link else None
