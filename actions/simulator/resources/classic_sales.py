"""Sales before 2026: flat lists, and one route that creates and changes (vendor: API 2.0, 0.9)."""

from typing import Any

from actions.simulator import sale_status
from actions.simulator.payloads.sale import shaped
from actions.simulator.resources.fields import body, choice, objects, text
from actions.simulator.resources.flat_sales import flat
from actions.simulator.resources.lists import listed, single
from actions.simulator.resources.sale_book import write
from actions.simulator.routing import Answer, Ask, Routes, Trouble, bare
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/sales", "sales:read", versions=("2.0",))
def list_sales(shop: Shop, ask: Ask) -> Answer:
    """List sales in the flat shape."""
    return listed(shop, ask, "sales", shape=lambda row: flat(shop, row))


@routes.on("GET", "/sales/{sale_id}", "sales:read", versions=("2.0",))
def get_sale(shop: Shop, ask: Ask) -> Answer:
    """Read one sale in the flat shape."""
    sale_id = ask.path["sale_id"]
    return single(shop, "sales", sale_id, "sale", shape=lambda row: flat(shop, row))


@routes.on("POST", "/register_sales", "sales:write", versions=("0.9",))
def register_sale(shop: Shop, ask: Ask) -> Answer:
    """Create a sale, or change the one whose id is given; errors have a form of their own."""
    try:
        given = _dated(ask)
        sale = write(shop, given, shop.table("sales").get(given["id"] or ""))
    except Trouble as trouble:
        words = trouble.body["error"]
        told = {"status": "error", "error": words, "details": words}
        raise Trouble(trouble.status, told) from None
    return bare({"register_sale": shaped(shop, sale)})


def _dated(ask: Ask) -> dict[str, Any]:
    """Say an old body in today's words."""
    given = body(ask.body)
    status = choice(given, "status", sale_status.LEGACY) or "CLOSED"
    state, attribute = sale_status.LEGACY[status]
    return {
        "id": text(given, "id"),
        "state": state,
        "attributes": [attribute] if attribute else [],
        "source": {
            "author_id": given.get("user_id") or ask.user_id,
            "register_id": given.get("register_id"),
            "id": given.get("source_id"),
            "type": given.get("source"),
        },
        "date": given.get("sale_date"),
        **{name: given.get(name) for name in ("customer_id", "note", "short_code")},
        "invoice_number": given.get("invoice_number"),
        "line_items": [_line(one) for one in objects(given, "register_sale_products")],
        "payments": [_payment(one) for one in objects(given, "register_sale_payments")],
    }


def _line(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": given.get("id"),
        "product": {"id": given.get("product_id")},
        "quantity": given.get("quantity"),
        "pricing": {
            "price": given.get("price"),
            "cost": given.get("cost"),
            "discount": given.get("discount"),
            "loyalty_amount": given.get("loyalty_value"),
        },
        "tax": {"id": given.get("tax_id"), "amount": given.get("tax")},
        "attributes": [{"name": "line_note", "value": given.get("note")}],
        "_metadata": {"is_price_override": given.get("price_set") in (True, 1, "1")},
    }


def _payment(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": given.get("id"),
        "amount": given.get("amount"),
        "date": given.get("payment_date"),
        "type": {"config_id": given.get("retailer_payment_type_id")},
        "source": {"register_id": given.get("register_id")},
    }
