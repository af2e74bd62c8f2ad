"""Stock: one record for a product in an outlet, kept small because there are the most of them."""

import hashlib
from decimal import Decimal
from typing import Any, cast

from msgspec import Struct

from actions.simulator.shop import Shop
from actions.simulator.table import Row, Table, encode


class Record(Struct, frozen=True, gc=False):
    """A record as it is kept. It reads as a `Row`, whose text is written when it is asked for."""

    version: int
    id: str
    product_id: str
    outlet_id: str
    level: Decimal
    average_cost: Decimal | None
    reorder_point: Decimal | None
    reorder_amount: Decimal | None
    deleted_at: str | None

    @property
    def deleted(self) -> bool:
        """Whether it is gone."""
        return self.deleted_at is not None

    @property
    def text(self) -> bytes:
        """Its JSON. A record with a reorder point reorders by a fixed amount, any other never."""
        fixed = self.reorder_point is not None
        point, amount = self.reorder_point or Decimal(0), self.reorder_amount or Decimal(0)
        return encode(
            {
                "id": self.id,
                "product_id": self.product_id,
                "outlet_id": self.outlet_id,
                "current_inventory_level": self.level,
                "average_cost": self.average_cost,
                "quantity_to_procure": amount if fixed and self.level <= point else 0,
                "reorder_point": self.reorder_point,
                "reorder_amount": self.reorder_amount,
                "reorder_method": "FIXED" if fixed else None,
                "reorder_target": point + amount if fixed else None,
                "version": self.version,
                "deleted_at": self.deleted_at,
            }
        )


class StockTable(Table):
    """The table of records: a few numbers each where other tables keep text."""

    def __init__(self) -> None:
        super().__init__()
        self._shared: dict[Decimal, Decimal] = {}

    def _kept(self, row_id: str, data: dict[str, Any], version: int) -> Row:
        record = Record(
            version,
            row_id,
            data["product_id"],
            data["outlet_id"],
            self._small(data["current_inventory_level"]) or Decimal(0),
            self._small(data.get("average_cost")),
            self._small(data.get("reorder_point")),
            self._small(data.get("reorder_amount")),
            data.get("deleted_at"),
        )
        return cast("Row", record)

    def row(self, row_id: str) -> Row | None:
        """Return a record as a row of a page, or None."""
        return self._rows.get(row_id)

    def level(self, row_id: str) -> Decimal:
        """Return a record's level; no record means none."""
        found = cast("Record | None", self._rows.get(row_id))
        return found.level if found else Decimal(0)

    def _small(self, value: Any) -> Decimal | None:
        """Keep equal numbers once: most levels are one of a few."""
        if value is None:
            return None
        exact = Decimal(value)
        return self._shared.setdefault(exact, exact)


def records(shop: Shop) -> StockTable:
    """Return the store's table of records."""
    table = shop.tables.get("inventory")
    if not isinstance(table, StockTable):
        table = shop.tables["inventory"] = StockTable()
    return table


def record_id(product_id: str, outlet_id: str) -> str:
    """Return a record's id, which follows from the two: no index has to be kept."""
    text = hashlib.blake2b(f"{product_id} {outlet_id}".encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def open_record(  # noqa: PLR0913 - these are what a record consists of
    shop: Shop,
    product_id: str,
    outlet_id: str,
    level: Decimal,
    reorder_point: Decimal | None = None,
    reorder_amount: Decimal | None = None,
    *,
    average_cost: Decimal | None = None,
) -> dict[str, Any]:
    """Make the record of a product in an outlet, or begin it anew; return its row."""
    row = {
        "id": record_id(product_id, outlet_id),
        "product_id": product_id,
        "outlet_id": outlet_id,
        "current_inventory_level": level,
        "average_cost": average_cost,
        "reorder_point": reorder_point,
        "reorder_amount": reorder_amount,
        "deleted_at": None,
    }
    records(shop)
    return _kept(shop, row)


def level(shop: Shop, product_id: str, outlet_id: str) -> Decimal:
    """Return how much of a product an outlet has; no record means none."""
    return records(shop).level(record_id(product_id, outlet_id))


def set_level(shop: Shop, product_id: str, outlet_id: str, level: Decimal) -> None:
    """Say how much of a product an outlet has."""
    change(shop, product_id, outlet_id, current_inventory_level=level)


def move(shop: Shop, product_id: str, outlet_id: str, quantity: Decimal) -> None:
    """Let stock come (or go, below zero); the level may become negative."""
    set_level(shop, product_id, outlet_id, level(shop, product_id, outlet_id) + quantity)


def change(shop: Shop, product_id: str, outlet_id: str, **fields: Any) -> None:
    """Change a record's fields, opening it at 0 when there is none."""
    row = records(shop).get(record_id(product_id, outlet_id))
    if row is None:
        row = open_record(shop, product_id, outlet_id, Decimal(0))
    _kept(shop, row | fields)


def delete_records(shop: Shop, product_id: str) -> None:
    """Delete a product's records with it; they stay readable as deleted rows."""
    for outlet_id in shop.table("outlets").ids(deleted=True):
        if record_id(product_id, outlet_id) in records(shop):
            change(shop, product_id, outlet_id, deleted_at=shop.timestamp())


def _kept(shop: Shop, row: dict[str, Any]) -> dict[str, Any]:
    """Keep a row and let it be heard of; return it as it reads now."""
    shop.put("inventory", row)
    if not shop.quiet:
        row = records(shop).get(row["id"]) or row
        shop.tell("inventory.update", row)
    return row
