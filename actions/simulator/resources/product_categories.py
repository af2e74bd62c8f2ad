"""Product categories: a tree in the order of its paths (vendor: OpenAPI 2026-07)."""

from typing import Any, Final

from actions.simulator import categories
from actions.simulator.resources.values import asked
from actions.simulator.routing import Answer, Ask, Routes, bare, data, malformed
from actions.simulator.shop import Shop

routes = Routes()
_PAGE: Final = 1000
_SHOWN: Final = (
    *("id", "name", "root_category_id", "parent_category_id"),
    *("leaf_category", "category_path"),
)


@routes.on("GET", "/product_categories", "products:read")
def list_product_categories(shop: Shop, ask: Ask) -> Answer:
    """List categories by their full paths; `after` is the id of the last one seen."""
    found = sorted(_asked_for(shop, ask), key=_place)
    after = ask.one("after")
    if after:
        seen = categories.tree(shop).get(after)
        if seen is None:
            raise malformed("after must be the id of a category")
        found = [row for row in found if _place(row) > _place(seen)]
    size = max(1, min(ask.number("page_size") or _PAGE, shop.switches.page_size_limit))
    shown = [{name: row[name] for name in _SHOWN} for row in found[:size]]
    return _answer(shop, shown, has_next=len(found) > size)


def _answer(shop: Shop, shown: list[dict[str, Any]], *, has_next: bool) -> Answer:
    last = shown[-1]["id"] if shown else ""
    inner: dict[str, Any] = {"categories": shown}
    info = {"page_info": {"has_next": has_next, "last_seen": last}}
    if shop.switches.categories_nested:
        return data(info | {"data": inner})
    return bare({"data": inner} | info)


def _asked_for(shop: Shop, ask: Ask) -> list[dict[str, Any]]:
    """Return all categories, the roots, or what is below one: all of it, or one level."""
    rows = list(categories.tree(shop).values())
    include = asked(ask, "include", ("family", "children"))
    parent = ask.one("parent")
    if not parent:
        return rows
    if parent == "none":
        return [row for row in rows if row["parent_category_id"] is None]
    if include == "children":
        return [row for row in rows if row["parent_category_id"] == parent]
    return [row for row in rows if any(one["id"] == parent for one in row["category_path"])]


def _place(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return where a category stands: level by level, regardless of case."""
    return [(one["name"].casefold(), one["name"], one["id"]) for one in row["category_path"]]
