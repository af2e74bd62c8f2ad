"""Payment types (vendor: OpenAPI 2026-07, payment types)."""

from typing import Any

from actions.simulator.resources.lists import filtered, listed
from actions.simulator.routing import Answer, Ask, Routes, page
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/payment_types", "payment_types:read")
def list_payment_types(shop: Shop, ask: Ask) -> Answer:
    """List payment types. 2.0 has neither `deleted` nor the three filters."""
    if ask.classic or not _asked(ask):
        return listed(shop, ask, "payment_types", deletable=not ask.classic)
    return page(filtered(shop, ask, "payment_types", lambda row: _wanted(row, ask)))


def _asked(ask: Ask) -> bool:
    return any(ask.one(name) for name in ("outlet_id", "currency", "only_lspay"))


def _wanted(row: dict[str, Any], ask: Ask) -> bool:
    """A type without outlets is for all of them, and one without a currency takes any."""
    outlet_id, currency = ask.one("outlet_id"), ask.one("currency")
    outlets, own = row["outlet_ids"], (row["config"] or {}).get("currency")
    return (
        (not outlet_id or outlets is None or outlet_id in outlets)
        and (not currency or own is None or own == currency.upper())
        and (not ask.flag("only_lspay") or row["payment_type"]["subcategory"] == "lspay")
    )
