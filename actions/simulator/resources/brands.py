"""Brands (vendor: OpenAPI 2026-07, brands)."""

from actions.simulator.resources.fields import text
from actions.simulator.resources.lists import listed, single
from actions.simulator.routing import Answer, Ask, Routes, data
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/brands", "products:read")
def list_brands(shop: Shop, ask: Ask) -> Answer:
    """List brands; `deleted` is younger than 2.0."""
    return listed(shop, ask, "brands", deletable=not ask.classic)


@routes.on("GET", "/brands/{brand_id}", "products:read")
def get_brand(shop: Shop, ask: Ask) -> Answer:
    """Read one brand."""
    return single(shop, "brands", ask.path["brand_id"], "brand")


@routes.on("POST", "/brands", "products:write")
def create_brand(shop: Shop, ask: Ask) -> Answer:
    """Create a brand; the answer is its id alone. A name may be used twice."""
    row = {
        "id": shop.new_id(),
        "name": text(ask.body, "name", required=True),
        "description": text(ask.body, "description"),
        "deleted_at": None,
    }
    return data(shop.put("brands", row)["id"])
