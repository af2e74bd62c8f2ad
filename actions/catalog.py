"""Every action by name: static, and complete once this module is imported."""

import difflib
from typing import Any, Final

from actions.action import Action
from actions.errors import BadAction
from actions.resources import (
    brands,
    consignments,
    customers,
    gift_cards,
    inventory,
    outlets,
    payment_types,
    price_books,
    product_categories,
    product_images,
    product_types,
    products,
    promotions,
    registers,
    retailer,
    sales,
    stock_adjustments,
    store_credits,
    suppliers,
    taxes,
    users,
    webhooks,
)

_RESOURCES: Final = (
    brands,
    consignments,
    customers,
    gift_cards,
    inventory,
    stock_adjustments,
    outlets,
    payment_types,
    price_books,
    products,
    product_categories,
    product_images,
    product_types,
    promotions,
    registers,
    retailer,
    sales,
    store_credits,
    suppliers,
    taxes,
    users,
    webhooks,
)
_NEAREST: Final = 3


def _collected() -> dict[str, type[Action[Any]]]:
    found: dict[str, type[Action[Any]]] = {}
    for module in _RESOURCES:
        for value in vars(module).values():
            declared = isinstance(value, type) and issubclass(value, Action)
            if (
                not declared
                or "operation" not in vars(value)
                or value.__module__ != module.__name__
            ):
                continue
            if value.__name__ in found:
                raise BadAction(f"Two actions are named {value.__name__}.")
            found[value.__name__] = value
    return found


CATALOG: Final = _collected()
"""Action classes by name, in the order of the reference."""


def named(name: str) -> type[Action[Any]]:
    """Return the action of a name.

    Raises:
        BadAction: there is none; the message has the nearest names.
    """
    found = CATALOG.get(name)
    if found is not None:
        return found
    folded = {one.lower(): one for one in CATALOG}
    near = difflib.get_close_matches(name.lower(), folded, _NEAREST, cutoff=0)
    meant = ", ".join(folded[one] for one in near)
    raise BadAction(f"There is no action {name[:60]!r}; near it are {meant}.")
