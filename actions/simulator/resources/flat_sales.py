"""A sale as it looked before 2026: flat, one status, its version on top (vendor: API 2.0)."""

from typing import Any

from actions.simulator.sale_status import legacy
from actions.simulator.shop import Shop


def flat(shop: Shop, sale: dict[str, Any]) -> dict[str, Any]:
    """Return a sale in the shape of 2.0."""
    return {
        **_top(sale),
        **_sums(sale["totals"]),
        "created_at": sale["created_at"],
        "updated_at": sale["updated_at"],
        "sale_date": sale["date"],
        "deleted_at": sale["deleted_at"],
        "line_items": [_line(one) for one in sale["line_items"]],
        "payments": [_payment(shop, one) for one in sale["payments"]],
        "adjustments": sale["adjustments"],
        "taxes": [{"id": one["id"], "amount": one["tax"]} for one in sale["taxes"]],
        "version": sale["_metadata"]["version"],
    }


def _top(sale: dict[str, Any]) -> dict[str, Any]:
    source = sale["source"]
    return {
        "id": sale["id"],
        "outlet_id": source["outlet_id"],
        "register_id": source["register_id"],
        "user_id": source["author"]["id"],
        "customer_id": sale["customer_id"],
        "invoice_number": sale["invoice_number"],
        "source": source["type"],
        "source_id": source["id"],
        "accounts_transaction_id": None,
        "complete_open_sequence_id": sale["_metadata"]["complete_open_sequence_id"],
        "status": legacy(sale["state"], sale["attributes"]),
        "state": sale["state"],
        "attributes": sale["attributes"],
        "note": sale["note"],
        "short_code": sale["short_code"],
        "return_for": sale["return"]["original_sale_id"],
        "return_ids": sale["return"]["return_sale_ids"],
    }


def _sums(totals: dict[str, Any]) -> dict[str, Any]:
    return {
        "total_price": totals["price"],
        "total_price_incl": totals["price_incl_tax"],
        "total_tax": totals["tax"],
        "total_loyalty": totals["loyalty"],
    }


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line; most figures are there under an older and a newer name."""
    pricing, tax, meta = line["pricing"], line["tax"], line["_metadata"]
    figures = {"price": (pricing["price"], pricing["total"]), "tax": (tax["amount"], tax["total"])}
    for name in ("discount", "cost"):
        figures[name] = (pricing[name], pricing[f"{name}_total"])
    shown: dict[str, Any] = {
        "id": line["id"],
        "product_id": line["product"]["id"],
        "tax_id": tax["id"],
        "quantity": line["quantity"],
        "price_set": meta["is_price_override"],
        "loyalty_value": pricing["loyalty_amount"],
        "unit_loyalty_value": pricing["loyalty_amount"],
        "total_loyalty_value": pricing["loyalty_amount_total"],
        "tax_components": meta["tax_components"],
        "is_return": line["return"]["is_return"],
        "note": line["note"],
        "sequence": meta["sequence"],
        "status": line["status"],
    }
    for name, (each, total) in figures.items():
        shown |= {name: each, f"unit_{name}": each, f"{name}_total": total, f"total_{name}": total}
    return shown


def _payment(shop: Shop, paid: dict[str, Any]) -> dict[str, Any]:
    kind = shop.table("payment_types").get(paid["type"]["config_id"]) or {}
    return {
        "id": paid["id"],
        "register_id": paid["source"]["register_id"],
        "outlet_id": paid["source"]["outlet_id"],
        "retailer_payment_type_id": paid["type"]["config_id"],
        "payment_type_id": str(paid["type"]["id"]),
        "name": kind.get("name", paid["type"]["name"]),
        "amount": paid["amount"],
        "payment_date": paid["date"],
        "deleted_at": paid["deleted_at"],
        "external_attributes": paid["external_attributes"],
    }
