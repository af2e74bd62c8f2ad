"""Creating products, alone or as a family (vendor: OpenAPI 2026-07, products)."""

from typing import Any, Final

from actions.simulator import catalogue, pictures, prices
from actions.simulator.product_rows import blank, entitle
from actions.simulator.resources import (
    product_codes,
    product_fields,
    product_stock,
    product_suppliers,
    product_variants,
)
from actions.simulator.resources.fields import body, choice, objects, text, whole
from actions.simulator.resources.product_fields import Row
from actions.simulator.routing import Answer, Ask, Routes, data, invalid
from actions.simulator.shop import Shop

routes = Routes()
_OF_ONE: Final = ("sku", "product_codes", "inventory", "images", "variants", "source_variant_id")
_PRICES: Final = ("price_including_tax", "price_excluding_tax")
_IMAGES: Final = ("s3", "url", "product-image", "sku-image")
_MOST_IMAGES: Final = 250
_FROM_FAMILY: Final = (
    *("name", "handle", "description", "brand_id", "brand", "product_type_id", "type"),
    *("product_category", "tag_ids", "categories", "account_code", "account_code_purchase"),
)
_READ: Final = (
    product_fields.describe,
    product_fields.brand,
    product_fields.category,
    product_fields.tags,
    product_fields.taxes,
    product_fields.price,
    product_fields.loyalty,
    product_fields.active,
    product_fields.size,
    product_suppliers.only_one,
    product_suppliers.full_list,
    product_codes.of_new,
)


class Draft:
    """A product that is not kept yet, with what else comes with it."""

    def __init__(self, shop: Shop, name: str, given: Row) -> None:
        """Read what is given."""
        self.row = blank(shop.new_id(), name, shop.timestamp())
        for read in _READ:
            read(shop, self.row, given)
        product_fields.components(shop, self.row, given, "composite")
        _read_origin(self.row, given)
        self.held = product_stock.read(shop, given, required=True)
        self.images = _images(given)

    def keep(self, shop: Shop) -> str:
        """Keep it with its images, stock records and price; return its id."""
        for shelf, count in self.images.items():
            pictures.add(shop, self.row, count, shelf)
        catalogue.keep(shop, self.row)
        product_stock.begin(shop, self.row, self.held)
        prices.follow(shop, self.row)
        return str(self.row["id"])


@routes.on("POST", "/products", "products:write")
def create_product(shop: Shop, ask: Ask) -> Answer:
    """Create a product or a family; the answer is the id of each product."""
    given = body(ask.body)
    name = text(given, "name", required=True) or ""
    if catalogue.named(shop, name):
        raise invalid("name", "is taken")
    if objects(given, "variants"):
        return _kept(shop, _family(shop, name, given))
    return _kept(shop, [Draft(shop, name, given)])


@routes.on("POST", "/products", "products:write", versions=("2.1",))
def add_variant(shop: Shop, ask: Ask) -> Answer:
    """Add one variant; which member names the family is inferred: its id, or any member's."""
    given = body(ask.body)
    name = next((one for one in ("family_id", "variant_parent_id") if given.get(one)), "family_id")
    row = product_fields.known(shop, "products", given, name)
    family = catalogue.family(shop, row["family_id"])
    root = next((one for one in family if one["has_variants"]), family[0])
    if not root["variant_options"]:
        raise invalid(name, "needs a product with variants")
    draft = Draft(shop, root["name"], {key: given[key] for key in given if key != "composite"})
    draft.row |= {key: root[key] for key in _FROM_FAMILY}
    if all(given.get(key) is None for key in _PRICES):
        draft.row |= {key: root[key] for key in (*_PRICES, "supply_price")}
    _join(shop, draft, given, root["id"], len(family))
    draft.row["family_id"] = root["family_id"]
    product_variants.check([*family, draft.row])
    answer = _kept(shop, [draft])
    catalogue.keep(shop, root | {"variant_count": len(family) + 1})
    return answer


def _kept(shop: Shop, drafts: list[Draft]) -> Answer:
    """Check the codes and keep everything; until here nothing has changed."""
    rows = [draft.row for draft in drafts]
    product_codes.check(shop, rows)
    product_codes.number(shop, rows)
    return data([draft.keep(shop) for draft in drafts])


def _family(shop: Shop, name: str, given: Row) -> list[Draft]:
    """Read a family: what a variant does not say, the family says."""
    if given.get("composite"):
        raise invalid("composite", "cannot have variants")
    variants = objects(given, "variants")
    if len(variants) > product_variants.MOST:
        raise invalid("variants", f"must be {product_variants.MOST} at most")
    drafts = [Draft(shop, name, _merged(given, body(one))) for one in variants]
    root = drafts[0].row
    for index, (draft, one) in enumerate(zip(drafts, variants, strict=True)):
        _join(shop, draft, body(one), root["id"] if index else None, index)
        draft.row["family_id"] = root["id"]
    root |= {"has_variants": True, "variant_count": len(drafts)}
    if not drafts[0].images:
        drafts[0].images = _images(given)
    product_variants.check([draft.row for draft in drafts])
    return drafts


def _merged(given: Row, variant: Row) -> Row:
    priced = any(variant.get(name) is not None for name in _PRICES)
    left = (*_OF_ONE, *_PRICES) if priced else _OF_ONE
    return {name: value for name, value in given.items() if name not in left} | variant


def _join(shop: Shop, draft: Draft, given: Row, parent_id: str | None, index: int) -> None:
    draft.row |= {"variant_parent_id": parent_id, "button_order": index}
    product_variants.define(shop, draft.row, given)


def _read_origin(row: Row, given: Row) -> None:
    """Read where the product comes from, its web address and its free attributes."""
    row["handle"] = text(given, "handle") or row["handle"]
    row["source"] = choice(given, "source", ("USER", "SHOPIFY")) or "USER"
    for name in ("source_id", "source_variant_id"):
        row[name] = text(given, name)
    row["attributes"] = [
        {"name": text(one, "key", required=True), "value": text(one, "value")}
        for one in objects(given, "attributes")
    ]
    entitle(row)


def _images(given: Row) -> dict[str, int]:
    """Count the images for each shelf; where they come from is checked, not fetched."""
    counts: dict[str, Any] = {}
    for one in objects(given, "images"):
        kind = choice(one, "type", _IMAGES, required=True)
        text(one, "location", required=True)
        whole(one, "index")
        shelf = "skuImages" if kind == "sku-image" else "images"
        counts[shelf] = counts.get(shelf, 0) + 1
    if sum(counts.values()) > _MOST_IMAGES:
        raise invalid("images", f"must be {_MOST_IMAGES} at most")
    return counts
