"""Codes of products: typed, unique, the first one the SKU; a missing one has the next number."""

from collections.abc import Sequence
from typing import Final

from actions.simulator import catalogue
from actions.simulator.resources.fields import choice, objects, text
from actions.simulator.resources.product_fields import Row
from actions.simulator.routing import invalid
from actions.simulator.shop import Shop

_TYPES: Final = ("CUSTOM", "EAN", "ISBN", "ITF", "JAN", "UPC")
_FIRST_NUMBER: Final = 10_000


def full_list(shop: Shop, row: Row, given: Row) -> None:
    """Read the full list of codes, of which the first becomes the SKU.

    Raises:
        Trouble: 422 when it is empty.
    """
    if "product_codes" in given:
        row["product_codes"] = _codes(shop, given)
        if not row["product_codes"]:
            raise invalid("product_codes", "must not be empty")
        row["sku"] = row["product_codes"][0]["code"]


def of_new(shop: Shop, row: Row, given: Row) -> None:
    """Read the codes of a new product; a SKU that is not among them is added."""
    codes = _codes(shop, given)
    sku = (text(given, "sku") or "").strip()
    if sku and all(one["code"] != sku for one in codes):
        codes.insert(0, _code(shop, "CUSTOM", sku))
    row["product_codes"] = codes
    row["sku"] = sku or (codes[0]["code"] if codes else "")


def check(shop: Shop, rows: Sequence[Row]) -> None:
    """Refuse a code that is given twice, or that another living product has.

    Raises:
        Trouble: 422, naming the code.
    """
    seen: set[str] = set()
    for row in rows:
        for code in (one["code"] for one in row["product_codes"]):
            owner = catalogue.coded(shop, code)
            if code in seen or (owner and owner["id"] != row["id"]):
                raise invalid("sku", f"{code} is taken")
            seen.add(code)


def number(shop: Shop, rows: Sequence[Row]) -> None:
    """Give each product without a code the next free number of the store's sequence."""
    unnumbered = [row for row in rows if not row["product_codes"]]
    taken = {one["code"] for row in rows for one in row["product_codes"]}
    retailer = shop.table("retailer").get(shop.retailer_id) if unnumbered else None
    following = retailer["sku_sequence"]["value"] if retailer else _FIRST_NUMBER
    for row in unnumbered:
        while (sku := str(following)) in taken or catalogue.coded(shop, sku):
            following += 1
        row["sku"], row["product_codes"] = sku, [_code(shop, "CUSTOM", sku)]
        following += 1
    if retailer:
        retailer["sku_sequence"]["value"] = following
        shop.put("retailer", retailer)


def _codes(shop: Shop, given: Row) -> list[Row]:
    return [
        _code(
            shop,
            choice(one, "type", _TYPES) or "CUSTOM",
            (text(one, "code", required=True) or "").strip(),
        )
        for one in objects(given, "product_codes")
    ]


def _code(shop: Shop, kind: str, code: str) -> Row:
    return {"id": shop.new_id(), "type": kind, "code": code}
