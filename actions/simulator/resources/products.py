"""Products: reading and deleting (vendor: OpenAPI 2026-07, products)."""

from typing import Any

from actions.simulator import catalogue, prices, stock
from actions.simulator.resources.lists import listed, single
from actions.simulator.routing import Answer, Ask, Routes, malformed, missing, page
from actions.simulator.shop import Shop
from actions.simulator.table import Row, encode

routes = Routes()


@routes.on("GET", "/products", "products:read")
def list_products(shop: Shop, ask: Ask) -> Answer:
    """List products. A code or a name makes the vendor ignore every other parameter."""
    found = _looked_up(shop, ask)
    if found is not None:
        rows = [Row(one["version"], deleted=False, text=encode(one)) for one in found]
        return page(sorted(rows))
    if any(name != "composite_products" for name in ask.query.get("includes[]", ())):
        raise malformed("includes[] can only be composite_products")
    images = ask.flag("include_images", default=True)
    return listed(shop, ask, "products", shape=None if images else _without_images)


@routes.on("GET", "/products/{product_id}", "products:read")
def get_product(shop: Shop, ask: Ask) -> Answer:
    """Read one product, deleted or not."""
    return single(shop, "products", ask.path["product_id"], "product")


@routes.on("DELETE", "/products/{product_id}", "products:write")
def delete_product(shop: Shop, ask: Ask) -> Answer:
    """Delete one product; of a family only this variant."""
    row = _wanted(shop, ask)
    _delete(shop, row)
    _count_variants(shop, row["family_id"])
    return Answer(200)


@routes.on("DELETE", "/products/{product_id}/all", "products:write")
def delete_family(shop: Shop, ask: Ask) -> Answer:
    """Delete a product with all the variants of its family."""
    for row in catalogue.family(shop, _wanted(shop, ask)["family_id"]):
        _delete(shop, row)
    return Answer(200)


def _looked_up(shop: Shop, ask: Ask) -> list[dict[str, Any]] | None:
    """Return the products with the asked-for code or name; None when neither is asked for."""
    if sku := ask.one("sku"):
        row = catalogue.coded(shop, sku)
        return [row] if row and row["sku"] == sku else []
    name = ask.one("name") or ask.one("family_name")
    return catalogue.named(shop, name) if name else None


def _without_images(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"images": [], "skuImages": []}


def _wanted(shop: Shop, ask: Ask) -> dict[str, Any]:
    row = catalogue.living(shop, ask.path["product_id"])
    if row is None:
        raise missing("product")
    return row


def _delete(shop: Shop, row: dict[str, Any]) -> None:
    """Delete softly, with the stock records and the entries of price books."""
    moment = shop.timestamp()
    catalogue.keep(shop, row | {"active": False, "is_active": False, "deleted_at": moment})
    stock.delete_records(shop, row["id"])
    prices.forget(shop, row["id"], moment)


def _count_variants(shop: Shop, family_id: str) -> None:
    """Let the first of a family know how many are left."""
    members = catalogue.family(shop, family_id)
    for row in members:
        if row["has_variants"]:
            catalogue.keep(shop, row | {"variant_count": len(members)})
