"""Sales under dated versions (vendor: OpenAPI 2026-07, sales). Date filters do nothing."""

from typing import Any, Final

from actions.simulator.figures import money
from actions.simulator.resources.flat_sales import flat
from actions.simulator.resources.lists import listed, single
from actions.simulator.resources.sale_book import create, keep, write
from actions.simulator.resources.sale_lines import sums
from actions.simulator.routing import DATED, Answer, Ask, Routes, data, invalid, missing
from actions.simulator.shop import Shop

routes = Routes()
_WITHOUT_BODY: Final = "2026-01"
"""In that version a changed sale is not sent back."""


@routes.on("GET", "/sales", "sales:read", versions=DATED)
def list_sales(shop: Shop, ask: Ask) -> Answer:
    """List sales; their versions are in `_metadata`."""
    return listed(shop, ask, "sales", deletable=False)


@routes.on("GET", "/sales/{sale_id}", "sales:read", versions=DATED)
def get_sale(shop: Shop, ask: Ask) -> Answer:
    """Read one sale."""
    return single(shop, "sales", ask.path["sale_id"], "sale")


@routes.on("POST", "/sales", "sales:write", versions=DATED)
def create_sale(shop: Shop, ask: Ask) -> Answer:
    """Create a sale under the caller's id or a new one."""
    return data(create(shop, ask.body))


@routes.on("PUT", "/sales/{sale_id}", "sales:write", versions=DATED)
def update_sale(shop: Shop, ask: Ask) -> Answer:
    """Change a sale; its lines have to be sent again."""
    sale = write(shop, ask.body, _found(shop, ask))
    return Answer(204) if ask.version == _WITHOUT_BODY else data(sale)


@routes.on("POST", "/sales/{sale_id}/actions/return", "sales:write", versions=DATED)
@routes.on("PUT", "/sales/{sale_id}/actions/return", "sales:write", versions=("2.0",))
def return_sale(shop: Shop, ask: Ask) -> Answer:
    """Begin the return of a sale; the answer has the old flat shape in every version."""
    return data(flat(shop, begin_return(shop, _found(shop, ask))))


def begin_return(shop: Shop, original: dict[str, Any]) -> dict[str, Any]:
    """Park a sale that gives back all that another one sold.

    Raises:
        Trouble: 422, that one is not closed.
    """
    if original["state"] != "closed":
        raise invalid("state", "must be closed for a return")
    now = shop.timestamp()
    sale = original | {
        "id": shop.new_id(),
        "state": "parked",
        "attributes": [],
        "date": now,
        "created_at": now,
        "invoice_number": None,
        "payments": [],
        "line_items": [_reversed(shop, one) for one in original["line_items"]],
        "return": {
            "is_return": True,
            "original_sale_id": original["id"],
            "return_sale_ids": [],
        },
        "_metadata": original["_metadata"] | {"complete_open_sequence_id": None},
    }
    sums(sale, {})
    keep(shop, sale)
    original["return"]["return_sale_ids"].append(sale["id"])
    keep(shop, original)
    return sale


def _reversed(shop: Shop, line: dict[str, Any]) -> dict[str, Any]:
    """Return a line that gives back what another one sold."""
    totals = ("cost_total", "discount_total", "loyalty_amount_total", "total")
    meta, components = line["_metadata"], line["_metadata"]["tax_components"]
    return line | {
        "id": shop.new_id(),
        "quantity": money(-line["quantity"]),
        "pricing": line["pricing"] | {name: money(-line["pricing"][name]) for name in totals},
        "tax": line["tax"] | {"total": money(-line["tax"]["total"])},
        "return": {"is_return": line["quantity"] > 0, "reason": None},
        "_metadata": meta
        | {"tax_components": [one | {"total_tax": money(-one["total_tax"])} for one in components]},
    }


def _found(shop: Shop, ask: Ask) -> dict[str, Any]:
    row = shop.table("sales").get(ask.path["sale_id"])
    if row is None:
        raise missing("sale")
    return row
