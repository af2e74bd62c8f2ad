"""Changing a product and its family (vendor: OpenAPI 2026-07, products; Variants, update)."""

from typing import Any, Final

from actions.simulator import catalogue, prices
from actions.simulator.product_rows import entitle
from actions.simulator.resources import (
    product_codes,
    product_fields,
    product_stock,
    product_suppliers,
    product_variants,
)
from actions.simulator.resources.fields import amount, body, flag, objects, section, text
from actions.simulator.resources.product_fields import Row, known
from actions.simulator.routing import DATED, Answer, Ask, Routes, data, invalid, missing
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("PUT", "/products/{product_id}", "products:write", versions=(*DATED, "2.1"))
def update_product(shop: Shop, ask: Ask) -> Answer:
    """Change the family with `common` and the product with `details`; what is omitted stays."""
    row = catalogue.living(shop, ask.path["product_id"])
    if row is None:
        raise missing("product")
    given = body(ask.body)
    common, details = section(given, "common"), section(given, "details")
    family = catalogue.family(shop, row["family_id"])
    target = next(member for member in family if member["id"] == row["id"])
    for member in family if common else ():
        _common(shop, member, common)
    _details(shop, target, details, family)
    held = product_stock.read(shop, details)
    product_variants.check(family)
    product_codes.check(shop, [target])
    _keep(shop, family if common else [target] if details else [], target, details)
    product_stock.change(shop, target, held)
    return data({"id": row["id"]})


def _keep(shop: Shop, changed: list[Row], target: Row, details: Row) -> None:
    moment = shop.timestamp()
    for member in changed:
        member["updated_at"] = moment
        catalogue.keep(shop, member)
        product_stock.begin(shop, member, [])
    if details:
        prices.follow(shop, target)


_COMMON: Final = (
    product_fields.describe,
    product_fields.brand,
    product_fields.category,
    product_fields.tags,
    product_suppliers.full_list,
    product_variants.reorder,
)
_DETAILS: Final = (
    product_fields.active,
    product_codes.full_list,
    product_fields.taxes,
    product_fields.price,
    product_fields.loyalty,
    product_fields.size,
    product_variants.revalue,
)


def _common(shop: Shop, row: Row, common: Row) -> None:
    """Read what all variants share."""
    if "name" in common:
        _rename(shop, row, text(common, "name", required=True) or "")
    for read in _COMMON:
        read(shop, row, common)
    tracked = flag(common, "track_inventory")
    if tracked is not None:
        row["has_inventory"] = tracked and not row["is_composite"]


def _rename(shop: Shop, row: Row, name: str) -> None:
    if any(other["family_id"] != row["family_id"] for other in catalogue.named(shop, name)):
        raise invalid("name", "is taken")
    row["name"] = name
    entitle(row)


def _details(shop: Shop, row: Row, details: Row, family: list[Row]) -> None:
    """Read what is this product's own."""
    for read in _DETAILS:
        read(shop, row, details)
    product_fields.components(shop, row, details, "composite_components")
    allowed = {one["supplier_id"] for member in family for one in member["product_suppliers"]}
    product_suppliers.full_list(shop, row, details, allowed)
    if "packaging" in details:
        row["packaging"] = _packaging(shop, row, details)


def _packaging(shop: Shop, row: Row, details: Row) -> dict[str, Any]:
    """Read what the product is made from and what it breaks into."""
    found: dict[str, Any] = {"breaks_into": [], "made_from": []}
    for one in objects(details, "packaging"):
        source = known(shop, "products", one, "source_product_id")["id"]
        into = known(shop, "products", one, "destination_product_id")["id"]
        count = amount(one, "amount", required=True)
        if row["id"] not in {source, into} or source == into:
            raise invalid("packaging", "must tie this product to another")
        side = "breaks_into" if source == row["id"] else "made_from"
        other = into if source == row["id"] else source
        found[side].append({"product_id": other, "amount": count})
    return found
