"""Consignments (vendor: OpenAPI 2026-07, consignments): orders, transfers, returns, counts."""

from typing import Any, Final

from actions.simulator.resources.consignment_flow import FIRST, STATUSES, allow, step
from actions.simulator.resources.fields import choice, text, unwrapped
from actions.simulator.resources.lists import filtered, single
from actions.simulator.resources.values import asked, demand, known, moment
from actions.simulator.routing import Answer, Ask, Routes, data, invalid, missing, page
from actions.simulator.shop import Shop

routes = Routes()
_SCOPES: Final = {
    "SUPPLIER": "consignments:write:stock_order",
    "RETURN": "consignments:write:stock_order",
    "OUTLET": "consignments:write:stock_transfer",
    "STOCKTAKE": "consignments:write:inventory_count",
}
"""Which scope it takes is only known from the type, so the routes declare none."""
_DONE: Final = ("RECEIVED", "CANCELLED")
_FILTERS: Final = {"type": tuple(_SCOPES), "status": STATUSES}


@routes.on("GET", "/consignments", "consignments:read")
def list_consignments(shop: Shop, ask: Ask) -> Answer:
    """List consignments, by type, status or outlet."""
    wanted = {name: value for name in _FILTERS if (value := asked(ask, name, _FILTERS[name]))}
    if outlet_id := ask.one("outlet_id"):
        wanted["outlet_id"] = outlet_id
    return page(
        filtered(
            shop,
            ask,
            "consignments",
            lambda row: all(row[name] == value for name, value in wanted.items()),
        )
    )


@routes.on("GET", "/consignments/{consignment_id}", "consignments:read")
def get_consignment(shop: Shop, ask: Ask) -> Answer:
    """Read one consignment."""
    return single(shop, "consignments", ask.path["consignment_id"], "consignment")


@routes.on("POST", "/consignments")
def create_consignment(shop: Shop, ask: Ask) -> Answer:
    """Create a consignment, wrapped in `data` or flat."""
    given = unwrapped(ask.body)
    kind = choice(given, "type", _SCOPES, required=True) or ""
    demand(shop, ask, _SCOPES[kind])
    status = choice(given, "status", STATUSES) or FIRST[kind][0]
    if status not in FIRST[kind]:
        raise invalid("status", f"cannot be {status} at the start")
    now = shop.timestamp()
    row: dict[str, Any] = {"id": shop.new_id(), "type": kind, "status": status}
    row |= _given(shop, given, dict.fromkeys(_OPTIONAL), kind, status)
    row |= dict.fromkeys(_TOTALS) | {"received_at": None, "created_at": now, "updated_at": now}
    return data(shop.put("consignments", row | {"deleted_at": None}), 201)


@routes.on("PUT", "/consignments/{consignment_id}")
def update_consignment(shop: Shop, ask: Ask) -> Answer:
    """Change a consignment, and take it a step further."""
    row = writable(shop, ask, ask.path["consignment_id"])
    body = unwrapped(ask.body)
    if choice(body, "type", _SCOPES, required=True) != row["type"]:
        raise invalid("type", "cannot be changed")
    status = choice(body, "status", STATUSES) or row["status"]
    given = _given(shop, body, row, row["type"], status)
    before = row["status"]
    if status != before:
        allow(shop, row, status)
    row |= given | {"status": status, "updated_at": shop.timestamp()}
    if status == "RECEIVED":
        row["received_at"] = shop.timestamp()
    if status != before:
        step(shop, row, before)
    return data(shop.put("consignments", row))


def writable(shop: Shop, ask: Ask, consignment_id: str) -> dict[str, Any]:
    """Return a consignment that may be changed still, by this token.

    Raises:
        Trouble: 404, the scope is missing, or 422: it is received or cancelled.
    """
    row = shop.table("consignments").get(consignment_id, deleted=False)
    if row is None:
        raise missing("consignment")
    demand(shop, ask, _SCOPES[row["type"]])
    if row["status"] in _DONE:
        raise invalid("status", f"is {row['status']}: the consignment cannot be changed")
    return row


_OPTIONAL: Final = (
    *("name", "outlet_id", "supplier_id", "source_outlet_id", "due_at", "consignment_date"),
    *("reference", "supplier_invoice"),
)
_TOTALS: Final = tuple(
    f"total_{what}_{which}" for what in ("count", "cost") for which in ("gain", "loss")
)


def _given(
    shop: Shop, given: dict[str, Any], now: dict[str, Any], kind: str, status: str
) -> dict[str, Any]:
    """Read the members that may change; those not given stay as they are now."""
    read: dict[str, Any] = {
        "name": text(given, "name", required=True),
        "outlet_id": known(shop, "outlets", given, "outlet_id", required=True),
        "supplier_id": known(shop, "suppliers", given, "supplier_id"),
        "source_outlet_id": known(shop, "outlets", given, "source_outlet_id"),
        "due_at": moment(given, "due_at"),
        "consignment_date": moment(given, "consignment_date"),
        "reference": text(given, "reference"),
        "supplier_invoice": text(given, "supplier_invoice"),
    }
    read = {name: read[name] if name in given else now[name] for name in _OPTIONAL}
    if kind != "OUTLET":
        read["source_outlet_id"] = None
    elif read["source_outlet_id"] is None and status != "OPEN":
        raise invalid("source_outlet_id", "is required before a transfer is sent")
    elif now["outlet_id"] is not None and _goods_are_away(now, read):
        raise invalid("source_outlet_id", "cannot be changed once the goods are sent")
    return read


def _goods_are_away(now: dict[str, Any], read: dict[str, Any]) -> bool:
    moved: bool = now["source_outlet_id"] != read["source_outlet_id"]
    return moved and now["status"] == "SENT"
