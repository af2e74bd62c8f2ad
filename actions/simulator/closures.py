"""The end of a register's day: what it sold since it was opened (vendor: register closures)."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from actions.simulator import prices
from actions.simulator.figures import money
from actions.simulator.shop import Shop
from actions.simulator.table import decode, encode

TABLE: Final = "register_closures"
_CASH: Final = 1
_FLOAT: Final = 200
_UNCOUNTED: Final = ("store credit",)
_SUMS: Final = (
    *("sales", "onaccount", "laybys", "tax", "discounts", "payments", "regular_payments"),
    *("onaccount_payments", "layby_payments", "loyalty", "cost_of_goods_sold"),
)


def open_register(shop: Shop, register: dict[str, Any]) -> dict[str, Any]:
    """Open a register for a new day."""
    opened = {"register_open_time": shop.timestamp(), "register_open_sequence_id": shop.new_id()}
    return shop.put("registers", register | opened | {"is_open": True, "register_close_time": None})


def close_register(shop: Shop, register: dict[str, Any]) -> dict[str, Any]:
    """Close a register, and let its closure be heard of."""
    now, outlet = shop.timestamp(), shop.table("outlets").get(register["outlet_id"]) or {}
    earlier = [row for row in shop.table(TABLE).all() if row["register_id"] == register["id"]]
    since = max((row["version"] for row in earlier), default=0)
    sales = list(_sales(shop, since, register["register_open_sequence_id"]))
    row = {
        "id": shop.new_id(),
        "open_count_sequence": 1 + len(earlier),
        "register_open_time": register["register_open_time"] or now,
        "register_close_time": now,
        "register_id": register["id"],
        "register_name": register["name"],
        "outlet_id": register["outlet_id"],
        "outlet_name": outlet.get("name"),
        "totals": _totals(sales, register["register_open_sequence_id"]),
        "taxes": _taxes(shop, sales),
        "payments": _payments(shop, sales, register["register_open_sequence_id"]),
        "deleted_at": None,
    }
    shop.put("registers", register | {"is_open": False, "register_close_time": now})
    shop.put(TABLE, row)
    shop.tell("register_closure.create", row)
    return row


def _sales(shop: Shop, since: int, opened: str | None) -> Iterator[dict[str, Any]]:
    """Yield the sales that were closed, or paid something, while a register was open."""
    table = shop.table("sales")
    for found in table.page(max(1, len(table)), after=since):
        sale = decode(found.text)
        paid = any(
            one["_metadata"]["register_open_sequence_id"] == opened for one in sale["payments"]
        )
        if opened is not None and (paid or _closed_in(sale, opened)):
            yield sale


def _closed_in(sale: dict[str, Any], opened: str | None) -> bool:
    closed: bool = sale["_metadata"]["complete_open_sequence_id"] == opened
    return closed and sale["state"] == "closed"


def _paid_in(sale: dict[str, Any], opened: str | None) -> list[dict[str, Any]]:
    return [
        one for one in sale["payments"] if one["_metadata"]["register_open_sequence_id"] == opened
    ]


def _totals(sales: list[dict[str, Any]], opened: str | None) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sale in sales:
        totals, attributes = sale["totals"], sale["attributes"]
        if _closed_in(sale, opened):
            sums["sales"] += totals["price"]
            sums["tax"] += totals["tax"]
            sums["loyalty"] += totals["loyalty"]
            for line in sale["line_items"]:
                sums["discounts"] += line["pricing"]["discount_total"]
                sums["cost_of_goods_sold"] += line["pricing"]["cost_total"]
        elif "onaccount" in attributes:
            sums["onaccount"] += totals["price"]
        elif "layby" in attributes:
            sums["laybys"] += totals["price"]
        paid = sum((Decimal(one["amount"]) for one in _paid_in(sale, opened)), Decimal(0))
        kind = next((one for one in ("onaccount", "layby") if one in attributes), "regular")
        sums["payments"] += paid
        sums[f"{kind}_payments"] += paid
    return {name: money(sums[name]) for name in _SUMS}


def _taxes(shop: Shop, sales: list[dict[str, Any]]) -> list[dict[str, Any]]:
    taken: defaultdict[str, Decimal] = defaultdict(Decimal)
    taxable: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sale in sales:
        for line in sale["line_items"] if sale["state"] == "closed" else ():
            taken[line["tax"]["id"]] += line["tax"]["total"]
            taxable[line["tax"]["id"]] += line["pricing"]["total"]
    return [
        {
            "id": tax["id"],
            "name": tax["name"],
            "total": money(taken[tax["id"]]),
            "rate": prices.rate(tax),
            "taxable": money(taxable[tax["id"]]),
        }
        for tax in shop.table("taxes").all()
    ]


def _payments(shop: Shop, sales: list[dict[str, Any]], opened: str | None) -> list[dict[str, Any]]:
    """Sum up what was paid in each way; store credit is not counted into a drawer."""
    taken: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sale in sales:
        for paid in _paid_in(sale, opened):
            taken[paid["type"]["config_id"]] += paid["amount"]
    return [
        {
            "id": kind["id"],
            "name": kind["name"],
            "type_id": kind["type_id"],
            "config": encode(kind["config"]).decode() if kind["config"] else None,
            "counted": kind["name"].lower() not in _UNCOUNTED,
            "float": _FLOAT if kind["type_id"] == _CASH else 0,
            "total": money(taken[kind["id"]]),
        }
        for kind in shop.table("payment_types").all()
    ]
