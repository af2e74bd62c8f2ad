"""The stock that comes with a product: levels and reorder figures by outlet."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from actions.simulator import stock
from actions.simulator.resources.fields import amount, objects
from actions.simulator.resources.product_fields import Row, known
from actions.simulator.shop import Shop


class Held(NamedTuple):
    """What is said about one outlet; None where nothing is."""

    outlet_id: str
    level: Decimal | None
    point: Decimal | None
    more: Decimal | None


def read(shop: Shop, given: Row, *, required: bool = False) -> list[Held]:
    """Read `inventory`; the level is required of a new product only."""
    return [
        Held(
            known(shop, "outlets", one, "outlet_id")["id"],
            amount(one, "current_amount", required=required),
            amount(one, "reorder_point"),
            amount(one, "reorder_amount"),
        )
        for one in objects(given, "inventory")
    ]


def begin(shop: Shop, row: Row, held: Sequence[Held]) -> None:
    """Open a record in each outlet that has none, and note what is said."""
    if row["has_inventory"]:
        said = {one.outlet_id: one for one in held}
        for outlet_id in shop.table("outlets").ids():
            if stock.record_id(row["id"], outlet_id) not in stock.records(shop):
                one = said.get(outlet_id) or Held(outlet_id, None, None, None)
                point = None if one.point == -1 else one.point
                stock.open_record(
                    shop, row["id"], outlet_id, one.level or Decimal(0), point, one.more
                )


def change(shop: Shop, row: Row, held: Sequence[Held]) -> None:
    """Note what is said about a known product; a reorder point of -1 takes it away."""
    for one in held if row["has_inventory"] else ():
        said: dict[str, Decimal | None] = {
            "current_inventory_level": one.level,
            "reorder_point": one.point,
            "reorder_amount": one.more,
        }
        changes: dict[str, Decimal | None] = {
            name: value for name, value in said.items() if value is not None
        }
        if one.point == -1:
            changes |= {"reorder_point": None}
        if changes:
            stock.change(shop, row["id"], one.outlet_id, **changes)
