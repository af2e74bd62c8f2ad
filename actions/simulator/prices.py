"""What a product costs: with tax, without it, and in the price book that all others start from."""

import hashlib
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from actions.simulator.shop import Shop

EXACT = Decimal("0.00001")
"""Prices carry up to five decimals (vendor: OpenAPI 2026-07, products)."""


def short(value: Decimal) -> Decimal:
    """Round a price to five decimals and write it without trailing zeros."""
    kept = value.quantize(EXACT, ROUND_HALF_UP).normalize()
    return kept.quantize(Decimal(1)) if kept == kept.to_integral_value() else kept


def rate(tax: dict[str, Any] | None) -> Decimal:
    """Return the rates of a tax together; 0.15 is 15 %."""
    return sum((Decimal(one["rate"]) for one in tax["rates"]), Decimal(0)) if tax else Decimal(0)


def default_tax(shop: Shop) -> dict[str, Any] | None:
    """Return the tax of products that name none."""
    return next((tax for tax in shop.table("taxes").all() if tax["is_default"]), None)


def tax_of(shop: Shop, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the tax that a product is priced with: its first outlet's own, or the default."""
    own = row.get("outlet_taxes")
    return shop.table("taxes").get(own[0]["tax_id"]) if own else default_tax(shop)


def put_price(row: dict[str, Any], tax_rate: Decimal, **given: Decimal) -> None:
    """Set both prices of a product from the one that is given, `including` or `excluding`."""
    if "including" in given:
        row["price_including_tax"] = short(given["including"])
        row["price_excluding_tax"] = short(given["including"] / (1 + tax_rate))
    else:
        row["price_including_tax"] = short(given["excluding"] * (1 + tax_rate))
        row["price_excluding_tax"] = short(given["excluding"])


def entry_id(book_id: str, product_id: str) -> str:
    """Return the id of a price book's entry, which follows from the two."""
    text = hashlib.blake2b(f"{book_id} {product_id}".encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def entry(
    book_id: str, row: dict[str, Any], tax: dict[str, Any] | None, factor: Decimal | None = None
) -> dict[str, Any]:
    """Return a product's entry in a price book, at a share of its price when one is given."""
    full = Decimal(row["price_excluding_tax"])
    without, within = full, Decimal(row["price_including_tax"])
    if factor is not None:
        without, within = short(full * factor), short(within * factor)
    return {
        "id": entry_id(book_id, row["id"]),
        "product_id": row["id"],
        "price_book_id": book_id,
        "price": without,
        "tax_id": tax["id"] if tax else None,
        "default_display_price": within,
        "retail_tax": short(within - without),
        "loyalty_value": row["loyalty_amount"],
        "min_units": None,
        "max_units": None,
        "adjustment": None if factor is None else short((factor - 1) * 100),
        "adjustment_type": "NONE" if factor is None else "PERCENT",
        "discount": short(full - without) if factor else 0,
        "rounding": "NONE",
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "deleted_at": row["deleted_at"],
    }


def follow(shop: Shop, row: dict[str, Any]) -> None:
    """Let the books that sell at the products' own prices follow a product."""
    for book in shop.table("price_books").all():
        if book["type"] == "BASE":
            shop.put("price_book_products", entry(book["id"], row, tax_of(shop, row)))


def forget(shop: Shop, product_id: str, moment: str) -> None:
    """Delete the entries of a product softly."""
    table = shop.table("price_book_products")
    for book_id in shop.table("price_books").ids():
        row = table.get(entry_id(book_id, product_id), deleted=False)
        if row:
            shop.put("price_book_products", row | {"deleted_at": moment})
