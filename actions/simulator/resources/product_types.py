"""Product types: the categories in an older view (vendor: OpenAPI 2026-07, product types)."""

from typing import Any, Final

from actions.simulator.resources.lists import listed, single
from actions.simulator.routing import Answer, Ask, Routes
from actions.simulator.shop import Shop

routes = Routes()
_SHOWN: Final = ("id", "name", "leaf_category", "category_path", "deleted_at", "version")


@routes.on("GET", "/product_types", "products:read")
def list_product_types(shop: Shop, ask: Ask) -> Answer:
    """List product types; `deleted` is younger than 2.0."""
    return listed(shop, ask, "product_categories", deletable=not ask.classic, shape=_as_type)


@routes.on("GET", "/product_types/{product_type_id}", "products:read")
def get_product_type(shop: Shop, ask: Ask) -> Answer:
    """Read one product type."""
    type_id = ask.path["product_type_id"]
    return single(shop, "product_categories", type_id, "product type", shape=_as_type)


def _as_type(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _SHOWN}
