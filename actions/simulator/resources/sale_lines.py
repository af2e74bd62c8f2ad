"""The lines and payments of a sale, read and computed (vendor: OpenAPI 2026-07, sales)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from actions.simulator import prices
from actions.simulator.figures import money
from actions.simulator.redaction import masked
from actions.simulator.resources.fields import amount, choice, flag, objects, section, text, whole
from actions.simulator.resources.values import known, moment
from actions.simulator.routing import invalid
from actions.simulator.shop import Shop

GIFT_CARD: Final = 118
LOYALTY: Final = 106
_ALL: Final = 100
LARGEST: Final = 10**15
"""What a sale comes to is below that; beyond it amounts are no longer exact."""
CARD_NUMBER: Final = "gift_card_number"


def line(shop: Shop, given: dict[str, Any], source: dict[str, Any], place: int) -> dict[str, Any]:
    """Return one line of a sale; prices and taxes are per unit and without tax."""
    quantity = amount(given, "quantity", required=True) or Decimal(0)
    product = _product(shop, given)
    own, meta = section(given, "source"), section(given, "_metadata")
    choice(meta, "fulfillment_method", ("DISPATCH", "PICKUP"))
    tax = _tax(shop, given, quantity)
    return {
        "id": text(given, "id") or shop.new_id(),
        "product": {"id": product["id"]},
        "quantity": money(quantity),
        "pricing": _pricing(given, product, quantity),
        "tax": tax,
        "promotions": [],
        "status": text(given, "status") or "CONFIRMED",
        "note": _note(given),
        "salesperson_id": known(shop, "users", own, "author_id") or source["author"]["id"],
        "gift_card_number": None,
        "return": {"is_return": quantity < 0, "reason": None},
        "source": {"register_id": known(shop, "registers", own, "register_id")},
        "surcharges": [],
        "customizations": [],
        "_metadata": {
            "is_price_override": flag(meta, "is_price_override") or False,
            "sequence": whole(meta, "sequence") if "sequence" in meta else place,
            "tax_components": _components(shop, tax),
        },
    }


def payment(shop: Shop, given: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """Return one payment of a sale."""
    kind_id = known(shop, "payment_types", section(given, "type"), "config_id", required=True)
    kind = shop.table("payment_types").get(kind_id or "") or {}
    register_id = known(shop, "registers", section(given, "source"), "register_id")
    register = shop.table("registers").get(register_id or source["register_id"] or "") or {}
    return {
        "id": text(given, "id") or shop.new_id(),
        "amount": money(amount(given, "amount", required=True) or 0),
        "date": moment(given, "date") or shop.timestamp(),
        "deleted_at": None,
        "type": {"id": kind.get("type_id"), "config_id": kind_id, "name": kind.get("name")},
        "source": {
            "id": None,
            "outlet_id": register.get("outlet_id", source["outlet_id"]),
            "register_id": register.get("id"),
        },
        "surcharge": {"amount": 0, "rule": None},
        "billing_address_id": text(given, "billing_address_id"),
        "external_attributes": [
            {"name": text(one, "name", required=True), "value": text(one, "value")}
            for one in objects(given, "external_attributes")
        ],
        "external_applications": [],
        "_metadata": {"register_open_sequence_id": register.get("register_open_sequence_id")},
    }


def card_number(paid: dict[str, Any]) -> str | None:
    """Return the gift card that a payment was made with, where it says so."""
    if paid["type"]["id"] != GIFT_CARD:
        return None
    named = (one["value"] for one in paid["external_attributes"] if one["name"] == CARD_NUMBER)
    return next(named, None)


def is_store_credit(paid: dict[str, Any]) -> bool:
    """Whether a payment was made with store credit, which has no documented type id."""
    return (paid["type"]["name"] or "").lower() == "store credit"


def is_promise(paid: dict[str, Any]) -> bool:
    """Whether a payment only says that the customer will pay."""
    return (paid["type"]["name"] or "").lower() == "on account"


def sums(sale: dict[str, Any], given: dict[str, Any]) -> None:
    """Compute a sale's adjustments, taxes and totals."""
    lines = sale["line_items"]
    price = _sum(Decimal(one["pricing"]["total"]) for one in lines)
    adjusted = [
        _adjustment(one, price) for one in objects(section(given, "pricing"), "adjustments")
    ]
    price = _sum([price, *(one["total"] for one in adjusted)])
    taxes = {
        tax_id: _sum(one["tax"]["total"] for one in lines if one["tax"]["id"] == tax_id)
        for tax_id in dict.fromkeys(one["tax"]["id"] for one in lines)
    }
    tax = _sum(taxes.values())
    loyalty = _sum(one["pricing"]["loyalty_amount_total"] for one in lines)
    sale["adjustments"] = adjusted
    sale["taxes"] = [{"id": tax_id, "tax": money(value)} for tax_id, value in taxes.items()]
    sale["totals"] = {
        "price": money(price),
        "price_incl_tax": money(price + tax),
        "tax": money(tax),
        "loyalty": money(loyalty),
        "surcharge": 0,
    }


def _sum(values: Iterable[Decimal]) -> Decimal:
    total = sum(values, Decimal(0))
    if abs(total) >= LARGEST:
        raise invalid("line_items", "come to more than can be kept")
    return total


def _product(shop: Shop, given: dict[str, Any]) -> dict[str, Any]:
    """Return the product that is sold; the retailer's discount is one, too."""
    product_id = text(section(given, "product"), "id", required=True) or ""
    row = shop.table("products").get(product_id)
    retailer = shop.table("retailer").get(shop.retailer_id) or {}
    if row is None and product_id != retailer.get("discount_product_id"):
        raise invalid("product.id", "does not exist")
    return row or {"id": product_id, "supply_price": 0}


def _pricing(given: dict[str, Any], product: dict[str, Any], quantity: Decimal) -> dict[str, Any]:
    """Read what a unit costs; its price is the one after the discount."""
    asked = section(given, "pricing")
    _adjustments_are_readable(asked)
    price = amount(asked, "price", required=True) or Decimal(0)
    cost = amount(asked, "cost")
    unit = {
        "cost": Decimal(product["supply_price"] or 0) if cost is None else cost,
        "discount": amount(asked, "discount") or Decimal(0),
        "loyalty_amount": amount(asked, "loyalty_amount") or Decimal(0),
    }
    each = {name: money(value) for name, value in unit.items()}
    total = {f"{name}_total": money(value * quantity) for name, value in unit.items()}
    return {"price": money(price), **each, **total, "total": money(price * quantity)}


def _adjustments_are_readable(asked: dict[str, Any]) -> None:
    """Refuse adjustments of a line that have not the contract's form; the price holds them."""
    for one in objects(asked, "adjustments"):
        _adjustment(one, Decimal(0))
        choice(section(one, "target"), "method", ("PROPORTIONED", "EACH", "SINGLE"), required=True)


def _adjustment(given: dict[str, Any], price: Decimal) -> dict[str, Any]:
    """Return a fee, discount or tip on the whole sale."""
    kind = choice(given, "type", ("NON_CASH_FEE", "DISCOUNT", "TIP"), required=True)
    asked = section(given, "amount")
    value = amount(asked, "value", required=True) or Decimal(0)
    if choice(asked, "type", ("FIXED", "PERCENT"), required=True) == "PERCENT":
        if abs(value) > _ALL:
            raise invalid("amount.value", "must be a percentage")
        value = price * value / _ALL
    return {
        "adjustment_type": kind,
        "name": text(given, "name"),
        "total": money(-abs(value) if kind == "DISCOUNT" else value),
        "tax_components": [],
    }


def _tax(shop: Shop, given: dict[str, Any], quantity: Decimal) -> dict[str, Any]:
    asked = section(given, "tax")
    each = amount(asked, "amount", required=True) or Decimal(0)
    tax_id = known(shop, "taxes", asked, "id", required=True)
    return {"id": tax_id, "amount": money(each), "total": money(each * quantity)}


def _components(shop: Shop, tax: dict[str, Any]) -> list[dict[str, Any]]:
    """Share a line's tax among the rates of its tax."""
    row = shop.table("taxes").get(tax["id"]) or {"rates": []}
    whole_rate = prices.rate(row)
    return [
        {
            "rate_id": one["id"],
            "total_tax": money(
                tax["total"] * Decimal(one["rate"]) / whole_rate if whole_rate else 0
            ),
        }
        for one in row["rates"]
    ]


def _note(given: dict[str, Any]) -> str | None:
    """Return the note, which hides among the attributes of a line."""
    notes = [
        text(one, "value")
        for one in objects(given, "attributes")
        if text(one, "name", required=True) == "line_note"
    ]
    return masked(notes[-1]) if notes else None
