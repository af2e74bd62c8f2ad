"""What a sale does to the store: stock leaves, customers owe and earn, cards and credit pay.

The effect of a sale is computed from it as a whole and kept beside it. When the sale changes,
the difference between the old and the new effect is booked: no way of changing a sale can
book something twice or forget it.
"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from actions.simulator import stock
from actions.simulator.figures import money
from actions.simulator.resources import customers, gift_cards, sale_lines, store_credits
from actions.simulator.routing import invalid
from actions.simulator.shop import Shop

Effect = dict[str, Decimal]
"""Amounts by what they touch: `stock <product> <outlet>`, `owed <customer>`, `card <number>`, …."""
TABLE: Final = "sale_effects"
_PURSES: Final = {
    "card": "gift card",
    "credit": "store credit",
    "points": "loyalty",
}
"""What pays only as long as there is something in it."""


def of(shop: Shop, sale: dict[str, Any]) -> Effect:
    """Return all that a sale does as it is now."""
    effect: defaultdict[str, Decimal] = defaultdict(Decimal)
    if sale["state"] == "voided":
        return {}
    for key, value in (*_stock(shop, sale), *_customer(shop, sale), *_paid(sale)):
        effect[key] += value
    return {key: value for key, value in effect.items() if value}


def change(shop: Shop, sale: dict[str, Any]) -> None:
    """Book the difference between what a sale did and what it does now.

    Raises:
        Trouble: 422, a card, credit or loyalty has not enough; nothing is booked then.
    """
    before, after = _kept(shop, sale["id"]), of(shop, sale)
    changed = {
        key: after.get(key, Decimal(0)) - before.get(key, Decimal(0))
        for key in {**before, **after}
        if after.get(key) != before.get(key)
    }
    for key, value in changed.items():
        _check(shop, key, value)
    for key, value in changed.items():
        _book(shop, sale, key, value, after.get(key, Decimal(0)))
    _book_customers(shop, changed)
    if changed:
        shop.put(TABLE, {"id": sale["id"], "effect": after})


def _kept(shop: Shop, sale_id: str) -> Effect:
    row = shop.table(TABLE).get(sale_id) or {"effect": {}}
    return {key: Decimal(value) for key, value in row["effect"].items()}


def _stock(shop: Shop, sale: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """A closed sale takes stock, and so does one on account: the goods have left."""
    gone = sale["state"] == "pending" and "onaccount" in sale["attributes"]
    outlet_id = sale["source"]["outlet_id"]
    if outlet_id is None or not (gone or sale["state"] == "closed"):
        return
    for line in sale["line_items"]:
        for product_id, share in _parts(shop, line["product"]["id"]):
            yield f"stock {product_id} {outlet_id}", -share * Decimal(line["quantity"])


def _parts(shop: Shop, product_id: str) -> list[tuple[str, Decimal]]:
    """Return what of a product is in stock: itself, its components, or nothing."""
    product = shop.table("products").get(product_id) or {}
    if product.get("is_composite"):
        bill = product["composite_bom"] or {}
        return [(part, Decimal(share)) for part, share in bill.items()]
    return [(product_id, Decimal(1))] if product.get("has_inventory") else []


def _customer(shop: Shop, sale: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """What is not paid of a sale on account is owed; a closed sale counts, and earns loyalty."""
    row = shop.table("customers").get(sale["customer_id"] or "")
    if row is None or row["customer_code"] == "WALKIN":
        return
    total = Decimal(sale["totals"]["price_incl_tax"])
    if "onaccount" in sale["attributes"] and sale["state"] in {"pending", "closed"}:
        given = (one for one in sale["payments"] if not sale_lines.is_promise(one))
        paid = sum((Decimal(one["amount"]) for one in given), Decimal(0))
        # What is left below a cent is rounding, and nobody's debt.
        yield f"owed {row['id']}", round(total - paid, 2)
    if sale["state"] == "closed":
        yield f"spent {row['id']}", total
        if row["enable_loyalty"]:
            yield f"earned {row['id']}", Decimal(sale["totals"]["loyalty"])


def _paid(sale: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for one in sale["payments"]:
        value = -Decimal(one["amount"])
        if number := sale_lines.card_number(one):
            yield f"card {number}", value
        elif sale_lines.is_store_credit(one):
            yield f"credit {sale['customer_id']}", value
        elif one["type"]["id"] == sale_lines.LOYALTY:
            yield f"points {sale['customer_id']}", value


def _check(shop: Shop, key: str, value: Decimal) -> None:
    """Refuse to take more than there is, or than can be kept."""
    kind, _, own = key.partition(" ")
    if abs(value) >= sale_lines.LARGEST:
        raise invalid("line_items", "come to more than can be kept")
    if kind in _PURSES and value < 0 and _left(shop, kind, own) + value < 0:
        raise invalid("payments", f"exceed the balance of the {_PURSES[kind]}")
    if kind in _PURSES and _row(shop, kind, own) is None:
        raise invalid("payments", f"need a {_PURSES[kind]} that exists")


def _row(shop: Shop, kind: str, own: str) -> dict[str, Any] | None:
    if kind == "card":
        card = gift_cards.by_number(shop, own)
        return card if card and card["status"] in {"ACTIVE", "REDEEMED"} else None
    return shop.table("customers").get(own, deleted=False)


def _left(shop: Shop, kind: str, own: str) -> Decimal:
    if kind == "credit":
        row = store_credits.of_customer(shop, own)
        return Decimal(row["balance"]) if row else Decimal(0)
    row = _row(shop, kind, own)
    return Decimal(row["balance" if kind == "card" else "loyalty_balance"]) if row else Decimal(0)


def _book(shop: Shop, sale: dict[str, Any], key: str, value: Decimal, now: Decimal) -> None:
    kind, _, own = key.partition(" ")
    user_id = sale["source"]["author"]["id"]
    if kind == "stock":
        product_id, _, outlet_id = own.partition(" ")
        stock.move(shop, product_id, outlet_id, value)
    elif kind == "card" and (card := gift_cards.by_number(shop, own)):
        what = "REDEEMING" if value < 0 else "REVERSING"
        gift_cards.transact(shop, card, what, value, user_id=user_id, source_id=sale["id"])
    elif kind == "credit":
        given_back = "ISSUE" if now > 0 else "REVERSE"
        what = "REDEMPTION" if value < 0 else given_back
        store_credits.transact(shop, own, what, value, user_id=user_id, sale_id=sale["id"])


def _book_customers(shop: Shop, changed: Effect) -> None:
    """Book what customers owe, spend and earn: one change of a customer for all of a sale."""
    changes: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for key, value in changed.items():
        kind, _, own = key.partition(" ")
        if kind == "owed":
            changes[own]["balance"] -= value
        elif kind == "spent":
            changes[own]["year_to_date"] += value
        elif kind in {"earned", "points"}:
            changes[own]["loyalty_balance"] += value
    for customer_id, fields in changes.items():
        row = shop.table("customers").get(customer_id)
        if row is not None:
            new = {name: money(row[name] + value) for name, value in fields.items()}
            customers.store(shop, row, new)
