"""Many categories at once, new ones and known ones (vendor: OpenAPI 2026-07)."""

from typing import Any

from actions.simulator import categories
from actions.simulator.categories import Tree
from actions.simulator.resources.fields import body, objects, text
from actions.simulator.routing import Answer, Ask, Routes, data, invalid
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("POST", "/product_categories/bulk", "products:write")
def create_and_update_categories(shop: Shop, ask: Ask) -> Answer:
    """Create and change categories, all or none; an item may be below another of this call."""
    if "categories" not in body(ask.body):
        raise invalid("categories", "is required")
    items = objects(ask.body, "categories")
    rows = categories.tree(shop)
    ids = [_named(shop, rows, item) for item in items]
    named = _payload_ids(items, ids)
    for category_id, item in zip(ids, items, strict=True):
        _place(rows, rows[category_id], item, named)
    _check(shop, rows, ids)
    categories.keep(shop, rows)
    return data([_shown(rows[one], item) for one, item in zip(ids, items, strict=True)])


def _named(shop: Shop, rows: Tree, item: dict[str, Any]) -> str:
    """Give a category its name, a new one its id too; return its id."""
    category_id = text(item, "id")
    name = text(item, "name", required=not category_id or item.get("name") is not None)
    if not category_id:
        category_id = shop.new_id()
        rows[category_id] = categories.new(category_id, name or "", None)
    elif category_id not in rows:
        raise invalid("id", "is unknown")
    elif name:
        rows[category_id]["name"] = name
    return category_id


def _payload_ids(items: list[dict[str, Any]], ids: list[str]) -> dict[str, str]:
    """Return the ids of those that have a temporary name."""
    named: dict[str, str] = {}
    for category_id, item in zip(ids, items, strict=True):
        payload_id = text(item, "payload_id")
        if payload_id in named:
            raise invalid("payload_id", "must be unique")
        if payload_id:
            named[payload_id] = category_id
    return named


def _place(rows: Tree, row: dict[str, Any], item: dict[str, Any], named: dict[str, str]) -> None:
    """Hang a category below its parent; what is not sent stays, an empty id makes it a root."""
    parent, temporary = text(item, "parent_category_id"), text(item, "payload_parent_category_id")
    if parent and temporary:
        raise invalid("payload_parent_category_id", "cannot be given with parent_category_id")
    if temporary:
        if temporary not in named:
            raise invalid("payload_parent_category_id", "is unknown")
        parent = named[temporary]
    elif parent and parent not in rows:
        raise invalid("parent_category_id", "is unknown")
    if parent is not None:
        row["parent_category_id"] = parent or None


def _check(shop: Shop, rows: Tree, ids: list[str]) -> None:
    """Refuse circles, and parents on which products hang: those only hang on leaves."""
    for category_id in ids:
        try:
            above = categories.lineage(rows, category_id)[:-1]
        except ValueError:
            raise invalid("parent_category_id", "is below the category itself") from None
        for parent in above[-1:]:
            if (
                parent["category_path"]
                and parent["leaf_category"]
                and categories.used(shop, parent["id"])
            ):
                raise invalid("parent_category_id", "has products, which only leaves may have")


def _shown(row: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "parent_category_id": row["parent_category_id"],
        "payload_id": text(item, "payload_id"),
    }
