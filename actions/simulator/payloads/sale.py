"""Sales in the old shape: one status, three ways to write a time."""

import hashlib
from decimal import Decimal
from typing import Any, Final

from actions.simulator import prices
from actions.simulator.payloads.customer import in_sale
from actions.simulator.payloads.spelling import digits, number, sql, zulu
from actions.simulator.sale_status import legacy
from actions.simulator.shop import Shop
from actions.simulator.table import encode

_KINDS: Final = {1: "Cash", 3: "Credit Card"}
"""What the kinds of payment types are called, where a retailer's name for it differs."""


def shaped(shop: Shop, sale: dict[str, Any]) -> dict[str, Any]:
    """Return a sale."""
    customer = shop.table("customers").get(sale["customer_id"] or "")
    user = shop.table("users").get(sale["source"]["author"]["id"])
    original = sale["return"]["original_sale_id"]
    return {
        "created_at": sql(sale["created_at"]),
        "customer": in_sale(customer) if customer else None,
        "customer_id": sale["customer_id"],
        "deleted_at": sql(sale["deleted_at"]),
        "id": sale["id"],
        "invoice_number": sale["invoice_number"],
        "note": sale["note"] or "",
        "register_id": sale["source"]["register_id"],
        "register_sale_payments": [_payment(shop, one) for one in sale["payments"]],
        "register_sale_products": [_line(one) for one in sale["line_items"]],
        "sale_date": zulu(sale["date"]),
        "short_code": sale["short_code"],
        "source": sale["source"]["type"],
        "source_id": sale["source"]["id"],
        "status": legacy(sale["state"], sale["attributes"]),
        "taxes": [_tax(shop, one) for one in sale["taxes"]],
        "totals": _totals(sale),
        "updated_at": sale["updated_at"],
        "user": _user(user) if user else None,
        "user_id": sale["source"]["author"]["id"],
        "version": sale["_metadata"]["version"],
        **({"return_for": original} if original else {}),
    }


def _line(line: dict[str, Any]) -> dict[str, Any]:
    pricing, tax = line["pricing"], line["tax"]
    return {
        "discount": digits(pricing["discount"], 5),
        "id": line["id"],
        "loyalty_value": digits(pricing["loyalty_amount"], 5),
        "price": digits(pricing["price"], 5),
        "price_set": line["_metadata"]["is_price_override"],
        "price_total": digits(pricing["total"], 5),
        "product_id": line["product"]["id"],
        "quantity": number(line["quantity"]),
        "tax": digits(tax["amount"], 5),
        "tax_id": tax["id"],
        "tax_total": digits(tax["total"], 5),
    }


def _payment(shop: Shop, paid: dict[str, Any]) -> dict[str, Any]:
    """Return a payment; its kind is a number here and a text there."""
    own, kind = shop.table("payment_types").get(paid["type"]["config_id"]), paid["type"]["id"]
    config = own["config"] if own else None
    return {
        "amount": number(paid["amount"]),
        "id": paid["id"],
        "payment_date": zulu(paid["date"]),
        "payment_type": {
            "has_native_support": False,
            "id": str(kind),
            "name": _KINDS.get(kind, paid["type"]["name"]),
        },
        "payment_type_id": kind,
        "retailer_payment_type": {
            "config": encode(config).decode() if config else None,
            "id": paid["type"]["config_id"],
            "name": paid["type"]["name"],
            "payment_type_id": str(kind),
        },
        "retailer_payment_type_id": paid["type"]["config_id"],
    }


def _tax(shop: Shop, taxed: dict[str, Any]) -> dict[str, Any]:
    """Return a tax of the sale, whose id is not the one that the lines name."""
    tax = shop.table("taxes").get(taxed["id"])
    other = hashlib.blake2b(taxed["id"].encode(), digest_size=16).hexdigest()
    return {
        "id": f"{other[:8]}-{other[8:12]}-{other[12:16]}-{other[16:20]}-{other[20:]}",
        "name": tax["name"] if tax else None,
        "rate": digits(prices.rate(tax), 5),
        "tax": number(taxed["tax"]),
    }


def _totals(sale: dict[str, Any]) -> dict[str, str]:
    totals = sale["totals"]
    paid = sum((Decimal(one["amount"]) for one in sale["payments"]), Decimal(0))
    return {
        "total_loyalty": digits(totals["loyalty"], 5),
        "total_payment": digits(paid, 5),
        "total_price": digits(totals["price"], 5),
        "total_tax": digits(totals["tax"], 5),
        "total_to_pay": digits(totals["price_incl_tax"] - paid, 5),
    }


def _user(user: dict[str, Any]) -> dict[str, Any]:
    return {
        "created_at": sql(user["created_at"]),
        "display_name": user["display_name"],
        "email": user["email"],
        "id": user["id"],
        "name": user["username"],
        "target_daily": user["target_daily"],
        "target_monthly": user["target_monthly"],
        "target_weekly": user["target_weekly"],
        "updated_at": sql(user["updated_at"]),
    }
