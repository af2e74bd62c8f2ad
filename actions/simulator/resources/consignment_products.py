"""The lines of a consignment (vendor: consignment products): counts and costs are texts."""

from decimal import Decimal
from typing import Any

from actions.simulator.resources.consignment_flow import lines
from actions.simulator.resources.consignments import writable
from actions.simulator.resources.fields import amount, unwrapped
from actions.simulator.resources.values import known
from actions.simulator.routing import Answer, Ask, Routes, data, invalid, missing
from actions.simulator.shop import Shop

routes = Routes()
_LINES = "/consignments/{consignment_id}/products"
_LINE = "/consignments/{consignment_id}/products/{product_id}"


@routes.on("GET", _LINES, "consignments:read")
def list_lines(shop: Shop, ask: Ask) -> Answer:
    """List a consignment's lines."""
    if ask.path["consignment_id"] not in shop.table("consignments"):
        raise missing("consignment")
    return data(lines(shop, ask.path["consignment_id"]))


@routes.on("GET", _LINE, "consignments:read")
def get_line(shop: Shop, ask: Ask) -> Answer:
    """Read the line of one product."""
    return data(_line(shop, ask))


@routes.on("POST", _LINES)
def add_line(shop: Shop, ask: Ask) -> Answer:
    """Add a product."""
    consignment = writable(shop, ask, ask.path["consignment_id"])
    product_id = known(shop, "products", unwrapped(ask.body), "product_id", required=True)
    others = lines(shop, consignment["id"])
    if any(line["product_id"] == product_id for line in others):
        raise invalid("product_id", "is in this consignment already")
    _not_away(consignment)
    row = {
        "id": shop.new_id(),
        "consignment_id": consignment["id"],
        "product_id": product_id,
        "count": "0.00000",
        "received": None,
        "cost": None,
        "sequence_number": 1 + max((line["sequence_number"] for line in others), default=0),
        "created_at": shop.timestamp(),
        "deleted_at": None,
    }
    return data(_kept(shop, row, ask), 201)


@routes.on("PUT", _LINE)
def change_line(shop: Shop, ask: Ask) -> Answer:
    """Say how much is ordered, what has come, what it cost."""
    consignment = writable(shop, ask, ask.path["consignment_id"])
    line = _line(shop, ask)
    count = amount(unwrapped(ask.body), "count")
    if count is not None and count != Decimal(line["count"]):
        _not_away(consignment)
    return data(_kept(shop, line, ask))


@routes.on("DELETE", _LINE)
def drop_line(shop: Shop, ask: Ask) -> Answer:
    """Take a product out."""
    _not_away(writable(shop, ask, ask.path["consignment_id"]))
    shop.put("consignment_products", _line(shop, ask) | {"deleted_at": shop.timestamp()})
    return Answer(204)


def _line(shop: Shop, ask: Ask) -> dict[str, Any]:
    """Return a line by its product.

    Raises:
        Trouble: 404, there is none.
    """
    for line in lines(shop, ask.path["consignment_id"]):
        if line["product_id"] == ask.path["product_id"]:
            return line
    raise missing("consignment product")


def _not_away(consignment: dict[str, Any]) -> None:
    """Refuse to change how much a transfer or return takes after the goods have left."""
    if consignment["type"] in {"OUTLET", "RETURN"} and consignment["status"] == "SENT":
        raise invalid("count", "cannot be changed once the goods are sent")


def _kept(shop: Shop, row: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """Read the figures that are given and keep the line."""
    given = unwrapped(ask.body)
    for name in ("count", "received", "cost"):
        value = amount(given, name)
        if value is not None and value < 0:
            raise invalid(name, "must not be negative")
        if value is not None:
            row[name] = f"{value:.5f}"
        elif name == "received" and name in given:
            row[name] = None
    row["updated_at"] = shop.timestamp()
    return shop.put("consignment_products", row)
