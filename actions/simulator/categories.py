"""The tree of product categories: what follows from each one's parent."""

from typing import Any, TypeAlias

from actions.simulator import catalogue
from actions.simulator.shop import Shop

Tree: TypeAlias = dict[str, dict[str, Any]]
"""Categories by id."""


def tree(shop: Shop) -> Tree:
    """Return a copy of all living categories."""
    return {row["id"]: row for row in shop.table("product_categories").all()}


def new(category_id: str, name: str, parent_id: str | None) -> dict[str, Any]:
    """Return a category; `keep` fills in what follows from its place."""
    return {
        "id": category_id,
        "name": name,
        "root_category_id": category_id,
        "parent_category_id": parent_id,
        "leaf_category": True,
        "category_path": [],
        "deleted_at": None,
    }


def lineage(rows: Tree, category_id: str) -> list[dict[str, Any]]:
    """Return a category with those above it, the root first.

    Raises:
        ValueError: it is above itself.
    """
    found: list[dict[str, Any]] = []
    at: str | None = category_id
    while at is not None:
        if len(found) > len(rows):
            raise ValueError(category_id)
        found.insert(0, rows[at])
        at = rows[at]["parent_category_id"]
    return found


def keep(shop: Shop, rows: Tree) -> None:
    """Keep the categories that differ, and show new names in the products that hang on them."""
    old = tree(shop)
    parents = {row["parent_category_id"] for row in rows.values()}
    for category_id, row in rows.items():
        path = [{"id": one["id"], "name": one["name"]} for one in lineage(rows, category_id)]
        row |= {
            "root_category_id": path[0]["id"],
            "leaf_category": category_id not in parents,
            "category_path": path,
        }
    for category_id, row in rows.items():
        if row != old.get(category_id):
            shop.put("product_categories", row)
            if category_id in old:
                catalogue.rename_category(shop, row)


def used(shop: Shop, category_id: str) -> bool:
    """Whether a product hangs on a category itself."""
    found = catalogue.mentioning(shop, category_id)
    return any(row["product_type_id"] == category_id for row in found)
