"""Stock adjustments (vendor: OpenAPI 2026-07, inventory): a batch is stored whole or not."""

import re
from decimal import Decimal
from typing import Any, Final

from actions.simulator import stock
from actions.simulator.resources.fields import choice, refuse_unknown, text
from actions.simulator.resources.values import declared_size, zulu
from actions.simulator.routing import DATED, Answer, Ask, Routes, Trouble, data, malformed, page
from actions.simulator.shop import Shop

routes = Routes()
_OUT: Final = ("DAMAGE", "EXPIRY", "INTERNAL_USE", "THEFT", "DONATION")
_IN: Final = ("STOCK_FOUND", "SAMPLE_FOR_SALE")
_REASON_ID: Final = "custom_inventory_adjustment_reason_id"
_FIELDS: Final = ("product_id", "outlet_id", "quantity", "reason", _REASON_ID)
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_BATCH: Final = 1000
_ID_LENGTH: Final = 36
_QUANTITY_LENGTH: Final = 32
_NAME_LENGTH: Final = 30
_LARGEST: Final = 10**9
_REASONS: Final = "custom_inventory_adjustment_reasons"


@routes.on("GET", "/stock_adjustments", "inventory:write", versions=DATED)
def list_adjustments(shop: Shop, ask: Ask) -> Answer:
    """List adjustments, which needs the scope for writing."""
    size = declared_size(ask, 100, 1000)
    rows = shop.table("stock_adjustments").page(
        size, after=ask.number("after"), before=ask.number("before")
    )
    return page(rows)


@routes.on("POST", "/stock_adjustments", "inventory:write", versions=DATED)
def create_adjustments(shop: Shop, ask: Ask) -> Answer:
    """Adjust stock; the answer keeps the order of the request."""
    given = _batch(ask.body)
    bad = {index: rule for index, row in enumerate(given) if (rule := _broken(shop, row))}
    if bad and shop.switches.bad_batch == "nothing":
        raise _refused(shop, bad)
    made = [_adjust(shop, ask, row) for index, row in enumerate(given) if index not in bad]
    if bad:
        raise _refused(shop, bad)
    return data(made, 201)


@routes.on("GET", f"/{_REASONS}", "inventory:read", versions=DATED)
def list_reasons(shop: Shop, ask: Ask) -> Answer:
    """List the retailer's own reasons."""
    size = declared_size(ask, 100, 100)
    return page(
        shop.table(_REASONS).page(size, after=ask.number("after"), before=ask.number("before"))
    )


@routes.on("POST", f"/{_REASONS}", "inventory:write", versions=DATED)
def create_reason(shop: Shop, ask: Ask) -> Answer:
    """Create a reason; its name is unique."""
    name = text(ask.body, "name", required=True) or ""
    kind = choice(ask.body, "type", ("POSITIVE", "NEGATIVE"), required=True)
    if len(name) > _NAME_LENGTH:
        raise malformed(f"name must have at most {_NAME_LENGTH} characters")
    if any(row["name"] == name for row in shop.table(_REASONS).all()):
        raise Trouble(409, {"error": "A reason with this name already exists."})
    row = {"id": shop.new_id(), "name": name, "type": kind, "deleted_at": None}
    return data(shop.put(_REASONS, row), 201)


def _batch(given: Any) -> list[dict[str, Any]]:
    """Return the rows of a batch that can be read: members known, types and lengths right."""
    if not isinstance(given, dict):
        raise malformed("The body must be a JSON object")
    refuse_unknown(given, ("stock_adjustments",))
    rows = given.get("stock_adjustments")
    if not isinstance(rows, list) or not 1 <= len(rows) <= _BATCH:
        raise malformed(f"stock_adjustments must hold 1 to {_BATCH} items")
    for row in rows:
        if not isinstance(row, dict):
            raise malformed("stock_adjustments must hold objects")
        refuse_unknown(row, _FIELDS)
        _readable(row)
    return rows


def _readable(row: dict[str, Any]) -> None:
    """Refuse an item whose members have not the contract's form."""
    for name in _FIELDS:
        value = row.get(name)
        if name == _REASON_ID and name not in row:
            continue
        longest = _QUANTITY_LENGTH if name == "quantity" else _ID_LENGTH
        if not isinstance(value, str) or not 1 <= len(value) <= longest:
            raise malformed(f"{name} must be a string of 1 to {longest} characters")
    if not _NUMBER.fullmatch(row["quantity"]):
        raise malformed("quantity must be a numeric string")
    if row["reason"] not in (*_OUT, *_IN, "CUSTOM"):
        raise malformed("reason is none of those that exist")


def _broken(shop: Shop, row: dict[str, Any]) -> str | None:
    """Return the rule that an item breaks, if any."""
    for name, table in (
        ("product_id", "products"),
        ("outlet_id", "outlets"),
        (_REASON_ID, _REASONS),
    ):
        if name in row and shop.table(table).get(row[name], deleted=False) is None:
            return f"{name} does not exist"
    custom_id = row.get(_REASON_ID)
    if (custom_id is not None) != (row["reason"] == "CUSTOM"):
        return f"{_REASON_ID} goes with the reason CUSTOM alone"
    custom = shop.table(_REASONS).get(custom_id) if custom_id else None
    rises = row["reason"] in _IN if custom is None else custom["type"] == "POSITIVE"
    quantity = Decimal(row["quantity"])
    if quantity == 0 or abs(quantity) >= _LARGEST or (quantity > 0) != rises:
        return f"quantity must be {'above' if rises else 'below'} zero for this reason"
    return None


def _refused(shop: Shop, bad: dict[int, str]) -> Trouble:
    """422 for a batch; whether it says which rows are bad is a switch."""
    if shop.switches.bad_batch_names_rows:
        errors = {f"stock_adjustments[{index}]": [rule] for index, rule in bad.items()}
    else:
        errors = {"stock_adjustments": sorted(set(bad.values()))}
    return Trouble(422, {"error": "The stock adjustments are invalid", "errors": errors})


def _adjust(shop: Shop, ask: Ask, given: dict[str, Any]) -> dict[str, Any]:
    """Store one adjustment and move the stock."""
    now = zulu(shop)
    row = {"id": shop.new_id(), "user_id": ask.user_id, **given}
    row |= {"created_at": now, "updated_at": now}
    shop.put("stock_adjustments", row)
    stock.move(shop, given["product_id"], given["outlet_id"], Decimal(given["quantity"]))
    return row
