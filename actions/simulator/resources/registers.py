"""Registers (vendor: OpenAPI 2026-07, registers)."""

from actions.simulator.resources.lists import listed, single
from actions.simulator.routing import Answer, Ask, Routes
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/registers", "registers:read")
def list_registers(shop: Shop, ask: Ask) -> Answer:
    """List registers."""
    return listed(shop, ask, "registers")


@routes.on("GET", "/registers/{register_id}", "registers:read")
def get_register(shop: Shop, ask: Ask) -> Answer:
    """Read one register."""
    return single(shop, "registers", ask.path["register_id"], "register")
