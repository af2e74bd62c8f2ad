"""Lines of consignments in the old shape: neither a version nor a time."""

from decimal import Decimal
from typing import Any

from actions.simulator.payloads.spelling import digits, number
from actions.simulator.shop import Shop


def received(_shop: Shop, line: dict[str, Any]) -> dict[str, Any]:
    """Return a line of which something has come."""
    return {
        "id": line["id"],
        "consignment_id": line["consignment_id"],
        "product_id": line["product_id"],
        "count": digits(Decimal(line["count"] or 0), 5),
        "received": digits(Decimal(line["received"] or 0), 5),
        "cost": number(Decimal(line["cost"] or 0)),
        "sequence_number": line["sequence_number"],
    }


def sent(shop: Shop, line: dict[str, Any]) -> dict[str, Any]:
    """Return a line that is on its way."""
    return received(shop, line) | {"received": None}
