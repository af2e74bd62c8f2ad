"""What a till rings up: products, prices, taxes and payments of one customer, by chance."""

from decimal import Decimal
from typing import Any, Final

from actions.simulator import prices
from actions.simulator.closures import open_register
from actions.simulator.figures import money
from actions.simulator.routing import invalid
from actions.simulator.shop import Shop
from actions.simulator.table import decode

_MONEY: Final = (1, 3)
"""Kinds of payment types that take money: cash and cards."""
_WALK_IN: Final = 0.5


def begin(shop: Shop, *, customer_id: str | None = None) -> dict[str, Any]:
    """Return the body of a sale with one to four lines on some register, nothing paid yet."""
    register = _register(shop)
    lines = [_line(shop, _product(shop)) for _ in range(shop.random.randint(1, 4))]
    return {
        "source": {
            "author_id": shop.random.choice(sorted(shop.table("users").ids())),
            "register_id": register["id"] if register else None,
        },
        "customer_id": customer_id,
        "line_items": lines,
        "payments": [],
        "attributes": [],
    }


def somebody(shop: Shop) -> str | None:
    """Return a customer, or the one who stands for nobody."""
    walk_in, others = _people(shop)
    return walk_in if shop.random.random() < _WALK_IN or not others else shop.random.choice(others)


def regular(shop: Shop) -> str | None:
    """Return a customer who is known by name, if there is one."""
    others = _people(shop)[1]
    return shop.random.choice(others) if others else None


def total(body: dict[str, Any]) -> Decimal:
    """Return what is to be paid, to the cent."""
    return round(
        sum(
            (
                line["quantity"] * (line["pricing"]["price"] + line["tax"]["amount"])
                for line in body["line_items"]
            ),
            Decimal(0),
        ),
        2,
    )


def paid(shop: Shop, amount: Decimal, register_id: str | None) -> dict[str, Any]:
    """Return a payment in cash or by card."""
    kinds = [row["id"] for row in shop.table("payment_types").all() if row["type_id"] in _MONEY]
    config_id = shop.random.choice(sorted(kinds))
    return {
        "amount": amount,
        "type": {"config_id": config_id},
        "source": {"register_id": register_id},
    }


def again(sale: dict[str, Any]) -> dict[str, Any]:
    """Return the body that says a sale as it is: its lines have to be sent in full."""
    source = sale["source"]
    return {
        "source": {
            "author_id": source["author"]["id"],
            "register_id": source["register_id"],
            "id": source["id"],
            "type": source["type"],
        },
        "customer_id": sale["customer_id"],
        "note": sale["note"],
        "attributes": sale["attributes"],
        "line_items": [_same(line) for line in sale["line_items"]],
    }


def _same(line: dict[str, Any]) -> dict[str, Any]:
    pricing = ("price", "cost", "discount", "loyalty_amount")
    note = [{"name": "line_note", "value": line["note"]}] if line["note"] else []
    return {
        "id": line["id"],
        "product": line["product"],
        "quantity": line["quantity"],
        "pricing": {name: line["pricing"][name] for name in pricing},
        "tax": {name: line["tax"][name] for name in ("id", "amount")},
        "attributes": note,
    }


def _register(shop: Shop) -> dict[str, Any] | None:
    """Choose a register, and open it when it is closed."""
    ids = sorted(shop.table("registers").ids())
    row = shop.table("registers").get(shop.random.choice(ids)) if ids else None
    return row if row is None or row["is_open"] else open_register(shop, row)


def _product(shop: Shop) -> dict[str, Any]:
    """Choose a living product without a look at all of them: the next after some version.

    Raises:
        Trouble: there is none.
    """
    table = shop.table("products")
    first, last = table.page(1), table.page(1, newest_first=True)
    if not first:
        raise invalid("product", "does not exist")
    after = shop.random.randint(first[0].version - 1, last[0].version - 1)
    found: dict[str, Any] = decode(table.page(1, after=after)[0].text)
    return found


def _line(shop: Shop, product: dict[str, Any]) -> dict[str, Any]:
    """Return a line; some are discounted, some quantities are more than one."""
    price = Decimal(product["price_excluding_tax"] or 0)
    off = money(price / 10) if shop.random.random() < 0.1 else Decimal(0)  # noqa: PLR2004 - a tenth
    tax = prices.tax_of(shop, product) or next(iter(shop.table("taxes").all()))
    each = money(price - off)
    return {
        "product": {"id": product["id"]},
        "quantity": shop.random.choice((1, 1, 1, 2, 3)),
        "pricing": {"price": each, "discount": off, "loyalty_amount": money(each * _ratio(shop))},
        "tax": {"id": tax["id"], "amount": money(each * prices.rate(tax))},
    }


def _ratio(shop: Shop) -> Decimal:
    """Return how much loyalty a unit of money earns."""
    loyalty = (shop.table("retailer").get(shop.retailer_id) or {}).get("loyalty") or {}
    return Decimal(loyalty.get("ratio") or 0) if loyalty.get("enabled") else Decimal(0)


def _people(shop: Shop) -> tuple[str | None, list[str]]:
    walk_in, others = None, []
    for row in shop.table("customers").all():
        if row["customer_code"] == "WALKIN":
            walk_in = row["id"]
        else:
            others.append(row["id"])
    return walk_in, sorted(others)
