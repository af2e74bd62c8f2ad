"""Payloads of webhooks: today's objects in the old shape that webhooks kept (vendor: Webhooks)."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from actions.simulator.payloads import closure, consignment, customer, product, sale
from actions.simulator.payloads.spelling import go, php
from actions.simulator.shop import Shop

Shape: TypeAlias = Callable[[Shop, dict[str, Any]], dict[str, Any]]

_KINDS: Final[dict[str, tuple[Shape, Callable[[Any], str]]]] = {
    "product.update": (product.shaped, go),
    "inventory.update": (product.stock_shaped, go),
    "sale.update": (sale.shaped, go),
    "customer.update": (customer.shaped, php),
    "consignment.send": (consignment.sent, php),
    "consignment.receive": (consignment.received, php),
    "register_closure.create": (closure.shaped, php),
}
"""Two services of the vendor send webhooks, and each writes JSON in its own way."""


def body(shop: Shop, event_type: str, row: dict[str, Any]) -> str:
    """Return the JSON text of a webhook about a row in today's shape."""
    shaped, spelled = _KINDS[event_type]
    return spelled(shaped(shop, row))
