"""Sales taxes (vendor: OpenAPI 2026-07, taxes)."""

from actions.simulator.resources.lists import listed, single
from actions.simulator.routing import DATED, Answer, Ask, Routes
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/taxes", "taxes:read")
def list_taxes(shop: Shop, ask: Ask) -> Answer:
    """List taxes. The contract knows no `deleted` here, and leaves `version` out of the schema."""
    return listed(shop, ask, "taxes", deletable=False)


@routes.on("GET", "/taxes/{tax_id}", "taxes:read", versions=DATED)
def get_tax(shop: Shop, ask: Ask) -> Answer:
    """Read one tax; 2.0 never had this."""
    return single(shop, "taxes", ask.path["tax_id"], "tax")
