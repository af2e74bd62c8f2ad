"""Inventory records: read by POST under dated versions (vendor: OpenAPI 2026-07, inventory)."""

from collections.abc import Sequence
from typing import Any, Final

from actions.simulator.resources.fields import choice, flag, number, text, whole
from actions.simulator.resources.lists import listed
from actions.simulator.resources.values import asked, declared_size
from actions.simulator.routing import DATED, Answer, Ask, Routes, invalid, malformed
from actions.simulator.shop import Shop
from actions.simulator.stock import record_id, records
from actions.simulator.table import Row, decode, encode

routes = Routes()
_SIZE: Final = 1000
_LARGEST: Final = 5000
_INT64: Final = 2**63
_INT64_DIGITS: Final = 19


@routes.on("POST", "/inventory", "inventory:read", versions=DATED)
def list_inventory(shop: Shop, ask: Ask) -> Answer:
    """List records: a bare array, newest first when nothing else is asked for."""
    given = {} if ask.body is None else ask.body
    size = whole(given, "size")
    if size is not None and not 1 <= size <= _LARGEST:
        raise malformed(f"size must be between 1 and {_LARGEST}")
    product_id = text(given, "product_id")
    variants = flag(given, "variants") or False
    return _array(
        _chosen(
            shop,
            _family(shop, product_id, variants=variants),
            after=_version(given, "after"),
            before=_version(given, "before"),
            deleted=flag(given, "include_deleted") or False,
            newest_first=choice(given, "sort_direction", ("asc", "desc")) != "asc",
        )[: size or _SIZE]
    )


@routes.on("GET", "/inventory/{product_id}", "inventory:read", versions=DATED)
def product_inventory(shop: Shop, ask: Ask) -> Answer:
    """List one product's records, oldest first when nothing else is asked for."""
    size = declared_size(ask, _SIZE, _LARGEST)
    return _array(
        _chosen(
            shop,
            _family(shop, ask.path["product_id"], variants=ask.flag("variants")),
            after=ask.number("after"),
            before=ask.number("before"),
            deleted=ask.flag("include_deleted"),
            newest_first=asked(ask, "order_direction", ("asc", "desc")) == "desc",
        )[:size]
    )


@routes.on("GET", "/inventory", "inventory:read", versions=("2.0",))
def classic_inventory(shop: Shop, ask: Ask) -> Answer:
    """List records as before 2026: paged by version, without `deleted`, with other names."""
    records(shop)
    answer = decode(listed(shop, ask, "inventory", deletable=False).body)
    return Answer(200, encode(answer | {"data": [_classic(row) for row in answer["data"]]}))


@routes.on("GET", "/products/{product_id}/inventory", "inventory:read", versions=("2.0",))
def classic_product_inventory(shop: Shop, ask: Ask) -> Answer:
    """List one product's records as before 2026."""
    found = _chosen(shop, [ask.path["product_id"]])
    return Answer(200, encode({"data": [_classic(decode(row.text)) for row in found]}))


def _family(shop: Shop, product_id: str | None, *, variants: bool) -> list[str] | None:
    """Return the products meant: one, or with its variants; None for all."""
    if product_id is None:
        return None
    family = [product_id]
    if variants:
        member = b'"variant_parent_id":' + encode(product_id)
        table = shop.table("products")
        family += [one for one in table.ids(deleted=True) if member in (table.text(one) or b"")]
    return family


def _version(given: Any, name: str) -> int | None:
    """Return a bound of versions, which are larger than other numbers."""
    value = number(given, name)
    # How long it is comes first: with an exponent of many digits nothing can be computed.
    if value is not None and (
        value.adjusted() >= _INT64_DIGITS
        or value != value.to_integral_value()
        or abs(value) >= _INT64
    ):
        raise invalid(name, "must be an integer")
    return None if value is None else int(value)


def _chosen(
    shop: Shop,
    products: list[str] | None,
    *,
    after: int | None = None,
    before: int | None = None,
    deleted: bool = False,
    newest_first: bool = False,
) -> Sequence[Row]:
    """Choose records; those of one product are found without a look at all others."""
    if products is None:
        return records(shop).page(
            _LARGEST, after=after, before=before, deleted=deleted, newest_first=newest_first
        )
    outlets = shop.table("outlets").ids(deleted=True)
    ids = {record_id(product, outlet) for product in products for outlet in outlets}
    found = [row for one in ids if (row := records(shop).row(one)) is not None]
    return [
        row
        for row in sorted(found, key=lambda row: row.version, reverse=newest_first)
        if (deleted or not row.deleted)
        and (after is None or row.version > after)
        and (before is None or row.version < before)
    ]


def _array(rows: Sequence[Row]) -> Answer:
    """Answer a bare array."""
    return Answer(200, b"[" + b",".join(row.text for row in rows) + b"]")


def _classic(row: dict[str, Any]) -> dict[str, Any]:
    """Name a record's fields as before 2026."""
    return {
        "id": row["id"],
        "product_id": row["product_id"],
        "outlet_id": row["outlet_id"],
        "inventory_level": row["current_inventory_level"],
        "current_amount": row["current_inventory_level"],
        "reorder_point": row["reorder_point"],
        "reorder_amount": row["reorder_amount"],
        "average_cost": row["average_cost"],
        "version": row["version"],
        "deleted_at": row["deleted_at"],
    }
