"""Outlets (vendor: OpenAPI 2026-07, outlets)."""

from actions.simulator.resources.lists import listed, single
from actions.simulator.routing import Answer, Ask, Routes
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/outlets", "outlets:read")
def list_outlets(shop: Shop, ask: Ask) -> Answer:
    """List outlets."""
    return listed(shop, ask, "outlets")


@routes.on("GET", "/outlets/{outlet_id}", "outlets:read")
def get_outlet(shop: Shop, ask: Ask) -> Answer:
    """Read one outlet."""
    return single(shop, "outlets", ask.path["outlet_id"], "outlet")
