"""The world's products: families and single ones, a composite, the discount."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import count, product
from typing import Any, Final

from actions.simulator.product_rows import entitle
from actions.simulator.shop import Shop
from actions.simulator.world_goods import LINES, PLACES, Line
from actions.simulator.world_shelf import Shelf

Row = dict[str, Any]
_PARTS: Final = 3
_WITH_A_KIT: Final = 20


def make(shop: Shop, wanted: int) -> None:
    """Make so many products, the discount and the composite among them."""
    if wanted < 1:
        return
    shelf, attributes = Shelf(shop), list(shop.table("variant_attributes").all())
    discount_id = _discount(shelf)
    single: list[Row] = []
    kit = int(wanted >= _WITH_A_KIT)
    for name, line in _families():
        if shelf.made >= wanted - kit:
            break
        root = _family(shelf, name, line, attributes, wanted - kit - shelf.made)
        if len(single) < _PARTS and not line.attributes:
            single.append(root)
    if kit:
        _kit(shelf, single)
    shelf.finish(discount_id)


def _families() -> Iterator[tuple[str, Line]]:
    """Yield names: each place has each thing once, then comes a Mk 2."""
    for edition in count(1):
        mark = f" Mk {edition}" if edition > 1 else ""
        for turn in range(len(PLACES)):
            for at, line in enumerate(LINES):
                yield f"{PLACES[(at + turn) % len(PLACES)]} {line.noun}{mark}", line


def _family(shelf: Shelf, name: str, line: Line, attributes: list[Row], left: int) -> Row:
    """Make a family or a single product, or as much of it as is left to make."""
    variants = list(product(*line.attributes.values()))[:left]
    named = [one for one in attributes if one["name"] in line.attributes]
    root: Row | None = None
    for at, values in enumerate(variants):
        row = shelf.row(name)
        shelf.dress(row, line, root)
        if values:
            row |= _place(row, root, at, len(variants))
            row["variant_options"] = [
                {"id": one["id"], "name": one["name"], "value": value}
                for one, value in zip(named, values, strict=True)
            ]
            entitle(row)
        shelf.keep(row, pictured=root is None)
        root = root or row
    return root or {}


def _place(row: Row, root: Row | None, at: int, members: int) -> Row:
    """Return where a variant stands in its family."""
    return {
        "family_id": (root or row)["id"],
        "has_variants": root is None,
        "variant_parent_id": root and root["id"],
        "variant_count": None if root else members,
        "button_order": at,
    }


def _discount(shelf: Shelf) -> str:
    """Make the product on which discounts of whole sales are booked; return its id."""
    row = shelf.row("Discount")
    shelf.code(row, "vend-discount")
    row["has_inventory"] = False
    shelf.keep(row, pictured=False)
    return str(row["id"])


def _kit(shelf: Shelf, parts: list[Row]) -> None:
    """Make a composite: its parts have the stock."""
    row = shelf.row("Overnight Kit")
    shelf.price(row, sum((Decimal(part["price_including_tax"]) for part in parts), Decimal(0)))
    row |= {
        "description": "<p>All that a first night out needs.</p>",
        "has_inventory": False,
        "is_composite": True,
        "composite_bom": {part["id"]: 1 for part in parts},
    }
    shelf.keep(row)
