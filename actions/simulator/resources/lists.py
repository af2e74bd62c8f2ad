"""What most lists and single reads have in common: cursor paging, soft deletes, 404."""

from collections.abc import Callable
from typing import Any, TypeAlias

from actions.simulator.routing import Answer, Ask, data, missing, page, text_data
from actions.simulator.shop import Shop
from actions.simulator.table import Row, decode, encode

Shape: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes what is sent of what is kept, where the two differ."""


def listed(
    shop: Shop, ask: Ask, table: str, *, deletable: bool = True, shape: Shape | None = None
) -> Answer:
    """Answer the standard list: `after`, `before`, `page_size`, `deleted` (vendor: Pagination).

    `deletable` is False where the contract has no parameter `deleted`: it is ignored there.
    """
    rows = window(shop, ask, table, page_size(shop, ask, table), deletable=deletable)
    return page(rows if shape is None else [reshaped(row, shape) for row in rows])


def page_size(shop: Shop, ask: Ask, table: str) -> int:
    """Return how many rows a page may have; more than the limit is cut, not refused."""
    switches = shop.switches
    limit = switches.sales_page_size_limit if table == "sales" else switches.page_size_limit
    return max(1, min(ask.number("page_size") or switches.page_size_default, limit))


def window(shop: Shop, ask: Ask, table: str, size: int, *, deletable: bool = True) -> list[Row]:
    """Return the first rows between the asked-for versions."""
    before = ask.number("before")
    if before is not None and shop.switches.before_inclusive:
        before += 1
    return shop.table(table).page(
        size,
        after=ask.number("after"),
        before=before,
        deleted=deletable and ask.flag("deleted"),
    )


def filtered(
    shop: Shop, ask: Ask, table: str, wanted: Callable[[dict[str, Any]], bool]
) -> list[Row]:
    """Return the page of those rows that are wanted; for tables of a few rows."""
    every = window(shop, ask, table, len(shop.table(table)))
    found = [row for row in every if wanted(decode(row.text))]
    return found[: page_size(shop, ask, table)]


def reshaped(row: Row, shape: Shape) -> Row:
    """Return a row with the text that is sent."""
    return Row(row.version, row.deleted, encode(shape(decode(row.text))))


def single(shop: Shop, table: str, row_id: str, what: str, *, shape: Shape | None = None) -> Answer:
    """Answer `{"data": …}` of one object, deleted or not, or 404."""
    text = shop.table(table).text(row_id)
    if text is None:
        raise missing(what)
    return text_data(text) if shape is None else data(shape(decode(text)))
