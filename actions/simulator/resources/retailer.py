"""The retailer (vendor: OpenAPI 2026-07, retailers)."""

from typing import Any

from actions.simulator.resources.lists import single
from actions.simulator.routing import Answer, Ask, Routes
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/retailer", "retailer:read", "payment_types:read")
def get_retailer(shop: Shop, _ask: Ask) -> Answer:
    """Read the retailer; two scopes are needed, and its version is a string."""
    return single(shop, "retailer", shop.retailer_id, "retailer", shape=_with_text_version)


def _with_text_version(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"version": str(row["version"])}
