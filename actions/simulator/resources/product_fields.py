"""What creating and updating a product have in common: each function reads some members."""

from decimal import Decimal
from typing import Any, Final

from actions.simulator import catalogue, prices
from actions.simulator.resources.fields import amount, choice, flag, objects, section, text, texts
from actions.simulator.routing import invalid
from actions.simulator.shop import Shop

Row = dict[str, Any]
_LENGTHS: Final = ("length", "width", "height")
_MASS: Final = ("CT", "G", "OZ", "LB", "KG")
_SIZE: Final = ("IN", "CM", "MM", "YD")


def known(shop: Shop, table: str, given: Row, name: str) -> Row:
    """Return the living object that a required id field names.

    Raises:
        Trouble: 422, there is none.
    """
    found = shop.table(table).get(text(given, name, required=True) or "", deleted=False)
    if found is None:
        raise invalid(name, "is unknown")
    return found


def describe(_shop: Shop, row: Row, given: Row) -> None:
    """Read the description and the two account codes."""
    accounts = {"account_code_sale": "account_code"}
    for name in ("description", "account_code_sale", "account_code_purchase"):
        if name in given:
            row[accounts.get(name, name)] = text(given, name)


def brand(shop: Shop, row: Row, given: Row) -> None:
    """Read the brand; an empty id takes it away."""
    if "brand_id" in given:
        found = known(shop, "brands", given, "brand_id") if text(given, "brand_id") else None
        row["brand_id"] = found and found["id"]
        row["brand"] = {"id": found["id"], "name": found["name"]} if found else {}


def category(shop: Shop, row: Row, given: Row) -> None:
    """Read the category, by its new name or by its old one, the type; only a leaf will do."""
    for name in ("product_type_id", "product_category_id"):
        if name in given:
            chosen = text(given, name)
            found = known(shop, "product_categories", given, name) if chosen else None
            if found and not found["leaf_category"]:
                raise invalid(name, "must be a category without others below it")
            catalogue.hang(row, found)


def tags(shop: Shop, row: Row, given: Row) -> None:
    """Read the full list of tags, which a product shows as its `categories`."""
    if "tag_ids" in given:
        wanted = list(dict.fromkeys(texts(given, "tag_ids")))
        found = [known(shop, "tags", {"tag_ids": tag_id}, "tag_ids") for tag_id in wanted]
        row["tag_ids"] = wanted
        row["categories"] = [{"id": tag["id"], "name": tag["name"]} for tag in found]


def taxes(shop: Shop, row: Row, given: Row) -> None:
    """Read the tax of all outlets, or of each; the default is shown as none at all."""
    own = [
        {"outlet_id": known(shop, "outlets", one, "outlet_id")["id"], "tax_id": _tax(shop, one)}
        for one in objects(given, "outlet_taxes")
    ]
    if "all_outlets_tax" in given:
        one = section(given, "all_outlets_tax")
        tax_id = None if flag(one, "is_default") else _tax(shop, one)
        own = [{"outlet_id": outlet, "tax_id": tax_id} for outlet in shop.table("outlets").ids()]
    if "all_outlets_tax" in given or "outlet_taxes" in given:
        row.pop("outlet_taxes", None)
        if own := [one for one in own if one["tax_id"]]:
            row["outlet_taxes"] = own


def _tax(shop: Shop, given: Row) -> str | None:
    chosen: str = known(shop, "taxes", given, "tax_id")["id"] if text(given, "tax_id") else ""
    return chosen or None


def price(shop: Shop, row: Row, given: Row) -> None:
    """Read the price, with or without tax but never both; the other one follows."""
    within, without = amount(given, "price_including_tax"), amount(given, "price_excluding_tax")
    if within is not None and without is not None:
        raise invalid("price_including_tax", "cannot be given with price_excluding_tax")
    tax_rate = prices.rate(prices.tax_of(shop, row))
    if without is not None:
        prices.put_price(row, tax_rate, excluding=without)
    elif within is not None or "all_outlets_tax" in given or "outlet_taxes" in given:
        kept = Decimal(row["price_including_tax"]) if within is None else within
        prices.put_price(row, tax_rate, including=kept)


def loyalty(_shop: Shop, row: Row, given: Row) -> None:
    """Read the loyalty that a sale earns; -1 is the store's own rule."""
    if "loyalty_amount" in given:
        value = amount(given, "loyalty_amount")
        row["loyalty_amount"] = None if value == -1 else value


def active(_shop: Shop, row: Row, given: Row) -> None:
    """Read whether it is for sale."""
    value = flag(given, "is_active")
    if value is not None:
        row["active"] = row["is_active"] = value


def size(_shop: Shop, row: Row, given: Row) -> None:
    """Read weight and lengths, and what they are measured in."""
    for name in ("weight", *_LENGTHS):
        if name in given:
            value = amount(given, name)
            if value is not None and value < 0:
                raise invalid(name, "must not be negative")
            row[name] = value
    for name, units in (("weight_unit", _MASS), ("dimensions_unit", _SIZE)):
        if name in given:
            row[name] = choice(given, name, units)


def components(shop: Shop, row: Row, given: Row, name: str) -> None:
    """Read what a composite consists of; it has no stock of its own."""
    if name not in given:
        return
    bom: dict[str, Decimal] = {}
    for one in objects(given, name):
        part = known(shop, "products", one, "product_id")["id"]
        quantity = amount(one, "quantity", required=True) or Decimal(0)
        if part == row["id"] or quantity <= 0:
            raise invalid(name, "needs other products and quantities above zero")
        bom[part] = quantity
    row["composite_bom"], row["is_composite"] = bom, bool(bom)
    row["has_inventory"] = row["has_inventory"] and not bom
