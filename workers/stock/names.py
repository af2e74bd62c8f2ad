"""SKUs and outlets' names of a file, looked up with few requests."""

from collections.abc import Iterable
from typing import Final

import structlog
from msgspec import Struct

from actions.action import Versioned, get
from actions.client import Client
from actions.lenient import Id, Text
from actions.resources.outlets import ListOutlets
from actions.resources.products import ListProducts
from actions.resources.stock_adjustments import NewStockAdjustment
from workers.stock.sheet import Row, Sheet, adjustment

_OUTLETS: Final = 10_000
"""The largest page that the vendor gives (vendor: Pagination)."""
_PRODUCTS: Final = 2_000
"""A product takes some kilobytes, so the largest page would take the memory of all the rest."""
SINGLY: Final = 5
"""So few SKUs are asked for one by one: a large catalogue has more pages than that."""
_Ids = dict[str, list[str]]
"""Ids by name; several where a name is not unique."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Sku(Struct):
    """Of a product what a name needs: whole ones would take a hundred times the memory."""

    id: Id
    sku: Text | None = None
    version: int | None = None


@get("/products", scope="products:read", title="List Products")
class _ListSkus(Versioned[Sku]):
    """List products, oldest change first."""

    include_images: bool = False


async def resolved(sheet: Sheet, client: Client, retailer: str) -> list[NewStockAdjustment]:
    """Return a sheet's adjustments by ids; whoever is not found, or twice, joins its problems.

    Only what the sheet names is asked for. Of wrong rows there is nothing in what is returned.

    Raises what `Client.call` raises.
    """
    skus: _Ids | None = None
    outlets: _Ids | None = None
    if sheet.by_outlet:
        outlets = await _outlets(client, retailer)
    if sheet.by_sku:
        skus = await _skus(client, retailer, {row.product for row in sheet.rows} - {""})
    found = []
    for row in sheet.rows:
        product = _one(sheet, row, "sku", row.product, skus)
        outlet = _one(sheet, row, "outlet", row.outlet, outlets)
        if product and outlet:
            found.append(adjustment(product, outlet, row.quantity, row.reason, row.custom))
    return found


def _one(sheet: Sheet, row: Row, column: str, name: str, known: _Ids | None) -> str:
    """Return the id of a name, or note that there is not exactly one."""
    if known is None or not name:
        return name
    ids = known.get(name, ())
    if len(ids) == 1:
        return ids[0]
    things = "products" if column == "sku" else "outlets"
    many = f"{name[:40]!r} belongs to {len(ids)} {things}: give {column.replace('sku', 'product')}"
    few = f"{name[:40]!r} is the {column} of none of the store's {things}"
    sheet.problems.add(row.number, column, f"{many.removesuffix('_id')}_id" if ids else few)
    return ""


async def _outlets(client: Client, retailer: str) -> _Ids:
    rows = [row async for row in client.items(ListOutlets(page_size=_OUTLETS), retailer)]
    return _by_name((row.name, row.id) for row in rows)


async def _skus(client: Client, retailer: str, wanted: set[str]) -> _Ids:
    if len(wanted) <= SINGLY:
        asked = [ListProducts(sku=sku, include_images=False) for sku in sorted(wanted)]
        pages = [await client.call(one, retailer) for one in asked]
        return _by_name((row.sku, row.id) for page in pages for row in page.data)
    rows = client.items(_ListSkus(page_size=_PRODUCTS), retailer)
    return _by_name([(row.sku, row.id) async for row in rows if (row.sku or "").strip() in wanted])


def _by_name(pairs: Iterable[tuple[str | None, str]]) -> _Ids:
    """Sort ids by names; a product that changed while its list was read comes twice."""
    found: dict[str, dict[str, None]] = {}
    for name, row_id in pairs:
        if name is not None:
            found.setdefault(name.strip(), {})[row_id] = None
    return {name: list(ids) for name, ids in found.items()}
