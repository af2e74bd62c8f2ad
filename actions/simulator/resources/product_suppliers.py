"""Who supplies a product, at which price and under which code; the first one is the default."""

from collections.abc import Collection
from typing import Any

from actions.simulator.resources.fields import amount, objects, text
from actions.simulator.resources.product_fields import Row, known
from actions.simulator.routing import invalid
from actions.simulator.shop import Shop


def full_list(shop: Shop, row: Row, given: Row, allowed: Collection[str] | None = None) -> None:
    """Read the full list of suppliers; of a variant it may only be some of its family's.

    Raises:
        Trouble: 422 for one that is unknown, named twice or not among the allowed.
    """
    if "product_suppliers" not in given:
        return
    old = {one["supplier_id"]: one for one in row["product_suppliers"]}
    new: dict[str, dict[str, Any]] = {}
    for one in objects(given, "product_suppliers"):
        supplier = known(shop, "suppliers", one, "supplier_id")
        supplier_id = supplier["id"]
        if supplier_id in new or (allowed is not None and supplier_id not in allowed):
            raise invalid("product_suppliers", "must be different ones of the family's")
        new[supplier_id] = _changed(old.get(supplier_id) or link(shop, row, supplier), one)
    row["product_suppliers"] = list(new.values())
    lead(row)


def only_one(shop: Shop, row: Row, given: Row) -> None:
    """Read the supplier of a new product in the short form: id, code and supply price."""
    row["supply_price"] = amount(given, "supply_price") or row["supply_price"]
    if text(given, "supplier_id") and not objects(given, "product_suppliers"):
        one = link(shop, row, known(shop, "suppliers", given, "supplier_id"))
        one |= {"price": amount(given, "supply_price"), "code": text(given, "supplier_code")}
        row["product_suppliers"] = [one]
        lead(row)


def link(shop: Shop, row: Row, supplier: Row) -> Row:
    """Return what ties a product to a supplier."""
    return {
        "id": shop.new_id(),
        "product_id": row["id"],
        "supplier_id": supplier["id"],
        "supplier_name": supplier["name"],
        "price": None,
        "code": None,
    }


def lead(row: Row) -> None:
    """Show the first supplier as the product's own."""
    first = row["product_suppliers"][0] if row["product_suppliers"] else None
    row["supplier_id"] = first and first["supplier_id"]
    row["supplier_code"] = first and first["code"]
    row["supplier"] = {"id": first["supplier_id"], "name": first["supplier_name"]} if first else {}
    if first and first["price"] is not None:
        row["supply_price"] = first["price"]


def _changed(link_row: Row, given: Row) -> Row:
    """Read price and code; -1 and an empty code delete them, what is not sent stays."""
    if "price" in given:
        price = amount(given, "price")
        link_row["price"] = None if price == -1 else price
    if "code" in given:
        link_row["code"] = text(given, "code") or None
    return link_row
