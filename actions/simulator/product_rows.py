"""A product of which nothing is known yet, in the shape of the dated versions."""

import re
import unicodedata
from typing import Any

from actions.simulator.pictures import PLACEHOLDER


def blank(product_id: str, name: str, moment: str) -> dict[str, Any]:
    """Return a product that is alone in its family. Empty links are `{}`, not null."""
    return _identity(product_id, name) | _links() | _form() | _times(moment)


def _identity(product_id: str, name: str) -> dict[str, Any]:
    return {
        "id": product_id,
        "name": name,
        "handle": handle(name),
        "sku": "",
        "active": True,
        "is_active": True,
        "description": None,
        "source": "USER",
        "source_id": None,
        "source_variant_id": None,
        "family_id": product_id,
        "has_variants": False,
        "variant_parent_id": None,
        "variant_name": name,
        "variant_options": [],
        "variant_count": None,
        "button_order": 0,
        "price_including_tax": 0,
        "price_excluding_tax": 0,
        "supply_price": 0,
        "loyalty_amount": None,
        "tax_category": None,
        "account_code": None,
        "account_code_purchase": None,
    }


def _links() -> dict[str, Any]:
    return {
        "supplier_id": None,
        "supplier": {},
        "supplier_code": None,
        "product_type_id": None,
        "type": {},
        "product_category": {},
        "brand_id": None,
        "brand": {},
        "tag_ids": [],
        "categories": [],
        "attributes": [],
        "product_codes": [],
        "product_suppliers": [],
    }


def _form() -> dict[str, Any]:
    return {
        "has_inventory": True,
        "is_composite": False,
        "composite_bom": {},
        "packaging": {"breaks_into": [], "made_from": []},
        "customizations": [],
        "weight": None,
        "weight_unit": None,
        "length": None,
        "width": None,
        "height": None,
        "dimensions_unit": None,
        "image_url": PLACEHOLDER,
        "image_thumbnail_url": PLACEHOLDER,
        "images": [],
        "skuImages": [],
    }


def _times(moment: str) -> dict[str, Any]:
    return {"created_at": moment, "updated_at": moment, "deleted_at": None}


def handle(name: str) -> str:
    """Return a name as one word for a web address."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def entitle(row: dict[str, Any]) -> None:
    """Write a variant's name of its family's and its options: `Boots / Brown / 42`."""
    values = [one["value"] for one in row["variant_options"] if one["value"]]
    row["variant_name"] = " / ".join([row["name"], *values])
