"""What a consignment may become, and what that does to stock (vendor: consignments)."""

from decimal import Decimal
from typing import Any, Final

from actions.simulator import stock
from actions.simulator.figures import money
from actions.simulator.routing import invalid
from actions.simulator.shop import Shop

STATUSES: Final = (
    "OPEN",
    "SENT",
    "DISPATCHED",
    "RECEIVED",
    "STOCKTAKE",
    "STOCKTAKE_IN_PROGRESS",
    "STOCKTAKE_SCHEDULED",
    "STOCKTAKE_IN_PROGRESS_PROCESSED",
    "STOCKTAKE_COMPLETE",
    "CLOSED",
    "CANCELLED",
)
_COUNTING: Final = "STOCKTAKE_IN_PROGRESS"
_PROCESSED: Final = "STOCKTAKE_IN_PROGRESS_PROCESSED"
_STOPPED: Final = ("CANCELLED", "CLOSED")
FLOWS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "SUPPLIER": {
        "OPEN": ("SENT", "CANCELLED"),
        "SENT": ("DISPATCHED", "CANCELLED"),
        "DISPATCHED": ("RECEIVED", "CANCELLED"),
    },
    "OUTLET": {"OPEN": ("SENT",), "SENT": ("RECEIVED", "CANCELLED")},
    "RETURN": {"OPEN": ("SENT", "CANCELLED")},
    "STOCKTAKE": {
        "STOCKTAKE": (_COUNTING, *_STOPPED),
        "STOCKTAKE_SCHEDULED": (_COUNTING, *_STOPPED),
        _COUNTING: (_PROCESSED, *_STOPPED),
        _PROCESSED: ("STOCKTAKE_COMPLETE", *_STOPPED),
        "STOCKTAKE_COMPLETE": _STOPPED,
    },
}
FIRST: Final = {
    "SUPPLIER": ("OPEN", "SENT"),
    "OUTLET": ("OPEN", "SENT"),
    "RETURN": ("OPEN",),
    "STOCKTAKE": ("STOCKTAKE_SCHEDULED", "STOCKTAKE", _COUNTING),
}
"""In what status each type may be created; the first is taken when none is given."""


def lines(shop: Shop, consignment_id: str) -> list[dict[str, Any]]:
    """Return the lines of a consignment in their order."""
    rows = shop.table("consignment_products").all()
    own = [row for row in rows if row["consignment_id"] == consignment_id]
    return sorted(own, key=lambda row: row["sequence_number"])


def allow(shop: Shop, row: dict[str, Any], status: str) -> None:
    """Refuse a step that the flow of this type has not got.

    Raises:
        Trouble: 422.
    """
    if status not in FLOWS[row["type"]].get(row["status"], ()):
        raise invalid("status", f"cannot become {status} from {row['status']}")
    counted = lines(shop, row["id"])
    if not counted and status not in _STOPPED:
        raise invalid("status", "cannot change while there are no products")
    if status == "RECEIVED" and not any(_received(line) for line in counted):
        raise invalid("status", "cannot become RECEIVED before something is received")


def step(shop: Shop, row: dict[str, Any], before: str) -> None:
    """Move the stock that a change of status moves, and let each line be heard of."""
    after = row["status"]
    if row["type"] == "STOCKTAKE":
        if after == "STOCKTAKE_COMPLETE":
            _count(shop, row)
        return
    for line in lines(shop, row["id"]):
        if after == "SENT":
            _send(shop, row, line)
        elif after == "RECEIVED":
            stock.move(shop, line["product_id"], row["outlet_id"], _received(line))
            shop.tell("consignment.receive", line)
        elif (row["type"], before, after) == ("OUTLET", "SENT", "CANCELLED"):
            stock.move(shop, line["product_id"], row["source_outlet_id"], Decimal(line["count"]))


def _send(shop: Shop, row: dict[str, Any], line: dict[str, Any]) -> None:
    """Goods leave: to another outlet, or back to their supplier; an order takes nothing yet."""
    if row["type"] == "OUTLET":
        stock.move(shop, line["product_id"], row["source_outlet_id"], -Decimal(line["count"]))
        shop.tell("consignment.send", line)
    elif row["type"] == "RETURN":
        stock.move(shop, line["product_id"], row["outlet_id"], -Decimal(line["count"]))


def _count(shop: Shop, row: dict[str, Any]) -> None:
    """Make what was counted the level; what was not counted stays."""
    totals = {name: Decimal(0) for name in ("count_gain", "count_loss", "cost_gain", "cost_loss")}
    for line in lines(shop, row["id"]):
        if line["received"] is None:
            continue
        had = stock.level(shop, line["product_id"], row["outlet_id"])
        found = _received(line) - had
        kind = "gain" if found > 0 else "loss"
        totals[f"count_{kind}"] += abs(found)
        totals[f"cost_{kind}"] += abs(found) * Decimal(line["cost"] or 0)
        stock.move(shop, line["product_id"], row["outlet_id"], found)
        shop.tell("consignment.receive", line)
    row |= {f"total_{name}": money(value) for name, value in totals.items()}


def _received(line: dict[str, Any]) -> Decimal:
    return Decimal(line["received"] or 0)
