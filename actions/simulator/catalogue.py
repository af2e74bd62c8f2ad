"""Finding products by code, by name and by family, also among a hundred thousand."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from actions.simulator.shop import Shop


class Index:
    """Where to look. An entry may be out of date: who follows it checks the row it leads to."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.families: defaultdict[str, list[str]] = defaultdict(list)
        """Members in the order they came; a product alone in its family is not listed."""

    def add(self, row: dict[str, Any]) -> None:
        """Note a product's codes, name and family."""
        product_id, family_id = row["id"], row["family_id"]
        for code in row["product_codes"]:
            self.codes[code["code"]] = product_id
        self.names[row["name"]] = family_id
        if row["has_variants"] or row["variant_parent_id"]:
            members = self.families[family_id]
            if product_id not in members:
                members.append(product_id)


_indexes: WeakKeyDictionary[Shop, Index] = WeakKeyDictionary()


def index(shop: Shop) -> Index:
    """Return a store's index."""
    return _indexes.setdefault(shop, Index())


def keep(shop: Shop, row: dict[str, Any]) -> None:
    """Keep a product under a new version, and let it be heard of."""
    index(shop).add(row)
    shop.put("products", row)
    shop.tell("product.update", row)


def living(shop: Shop, product_id: str) -> dict[str, Any] | None:
    """Return a product that is not deleted."""
    return shop.table("products").get(product_id, deleted=False)


def coded(shop: Shop, code: str) -> dict[str, Any] | None:
    """Return the living product that has a code, if one has."""
    row = living(shop, index(shop).codes.get(code, ""))
    return row if row and any(one["code"] == code for one in row["product_codes"]) else None


def family(shop: Shop, family_id: str) -> list[dict[str, Any]]:
    """Return the living members of a family, or the one product that is its own."""
    members = index(shop).families.get(family_id) or [family_id]
    return [row for member in members if (row := living(shop, member))]


def named(shop: Shop, name: str) -> list[dict[str, Any]]:
    """Return the living products of the family with a name."""
    rows = family(shop, index(shop).names.get(name, ""))
    return [row for row in rows if row["name"] == name]


def mentioning(shop: Shop, link_id: str) -> Iterator[dict[str, Any]]:
    """Yield the living products whose text holds an id: a brand's, a supplier's, a category's."""
    table, wanted = shop.table("products"), link_id.encode()
    for product_id in table.ids():
        if wanted in (table.text(product_id) or b""):
            yield table.get(product_id) or {}


def rename_supplier(shop: Shop, supplier: dict[str, Any]) -> None:
    """Show a supplier's new name in the products that it supplies."""

    def renamed(row: dict[str, Any]) -> None:
        for one in [row["supplier"], *row["product_suppliers"]]:
            if supplier["id"] in {one.get("id"), one.get("supplier_id")}:
                one["name" if one is row["supplier"] else "supplier_name"] = supplier["name"]

    _rewrite(shop, supplier["id"], renamed)


def rename_category(shop: Shop, category: dict[str, Any]) -> None:
    """Show a category's new name and place in the products that hang on it."""

    def renamed(row: dict[str, Any]) -> None:
        if row["product_type_id"] == category["id"]:
            hang(row, category)

    _rewrite(shop, category["id"], renamed)


def hang(row: dict[str, Any], category: dict[str, Any] | None) -> None:
    """Put a product into a category, which its older view calls a type; None takes it out."""
    row["product_type_id"] = category and category["id"]
    row["type"] = {"id": category["id"], "name": category["name"]} if category else {}
    shown = ("id", "name", "leaf_category", "category_path")
    row["product_category"] = {name: category[name] for name in shown} if category else {}


def _rewrite(shop: Shop, link_id: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Keep products anew. Nothing is told: the product itself was not edited."""
    for row in list(mentioning(shop, link_id)):
        change(row)
        shop.put("products", row)
