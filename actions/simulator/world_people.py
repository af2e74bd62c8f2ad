"""Whom the store deals with: customers, their cards and credit, promotions, reasons."""

from decimal import Decimal
from typing import Any, Final

from actions.simulator.resources import customers, gift_cards, promotions, store_credits
from actions.simulator.shop import Shop
from actions.simulator.world_moments import days_from_now, opened, since_opening

_CUSTOMERS: Final = 60
_CARDS: Final = 10
_CREDITS: Final = 6
_MUCH: Final = 1350
_FIRST: Final = (
    *("Ana", "Tama", "Mereana", "Wiremu", "Hana", "Oliver", "Isla", "Niko", "Zoë", "Priya"),
    *("Callum", "Losa", "Jiří", "Freya", "Kahu", "Marama", "Sam", "Rui", "Ingrid", "Tāne"),
)
_LAST: Final = (
    *("Te Rangi", "Walker", "Ngata", "O'Brien", "Fa'asavalu", "Chen", "Müller", "Singh"),
    *("Campbell", "Paewai", "Novák", "Thompson", "Kereama", "Stewart", "Lindqvist"),
)
_STREETS: Final = ("Ōtaki Road", "Marine Parade", "Tui Street", "Ridge Terrace", "Bridge Street")
_CITIES: Final = (("Wānaka", "9305"), ("Nelson", "7010"), ("Wellington", "6011"), ("Taupō", "3330"))
_COMPANIES: Final = ("Ngā Ara Guides", "Southern Ropes Ltd", "Tussock & Scree Tours")
_REASONS: Final = (
    ("Display model returned", "POSITIVE"),
    ("Found behind the shelf", "POSITIVE"),
    ("Lent to a guide", "NEGATIVE"),
    ("Prize of the club night", "NEGATIVE"),
)


def make(shop: Shop) -> None:
    """Make everybody, after the store and its products are there."""
    _walk_in(shop)
    people = [_customer(shop, number) for number in range(_CUSTOMERS - 1)]
    for number in range(_CARDS):
        _gift_card(shop, number)
    for one in people[:_CREDITS]:
        _credit(shop, one["id"])
    for promotion in _promotions(shop):
        promotions.store(shop, promotion)
    for name, kind in _REASONS:
        row = {"id": shop.new_id(), "name": name, "type": kind, "deleted_at": None}
        shop.put("custom_inventory_adjustment_reasons", row)


def _walk_in(shop: Shop) -> None:
    """Make the customer who stands for all that nobody knows."""
    row = customers.blank(shop) | {"customer_code": "WALKIN", "enable_loyalty": False}
    shop.put("customers", row | {"created_at": opened(), "updated_at": opened()})


def _customer(shop: Shop, number: int) -> dict[str, Any]:
    rng, since = shop.random, since_opening(shop)
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    row = customers.blank(shop) | {
        "first_name": first,
        "last_name": last,
        "name": f"{first} {last}",
        "company_name": rng.choice((*_COMPANIES, *[None] * 27)),
        "email": f"customer{number}@example.org",
        "mobile": f"+64 21 555 {number:04d}",
        "gender": rng.choice(("M", "F", None)),
        "date_of_birth": f"{rng.randint(1950, 2005)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}",
        "on_account_limit": 500,
        **_address(shop),
        **_history(shop),
        "created_at": since,
        "updated_at": since,
    }
    row["customer_code"] = customers.new_code(shop, row)
    return shop.put("customers", row)


def _address(shop: Shop) -> dict[str, Any]:
    street, (city, postcode) = shop.random.choice(_STREETS), shop.random.choice(_CITIES)
    return {
        "physical_address_1": f"{shop.random.randint(1, 200)} {street}",
        "physical_city": city,
        "physical_postcode": postcode,
        "physical_country_id": "NZ",
        "postal_country_id": "NZ",
    }


def _history(shop: Shop) -> dict[str, Any]:
    """Return what a customer has bought so far; who buys much owes something."""
    spent = Decimal(shop.random.randint(0, 150_000)) / 100
    owed = Decimal(shop.random.randint(1000, 9000)) / 100 if spent > _MUCH else 0
    return {"year_to_date": spent, "loyalty_balance": spent / 20, "balance": -owed}


def _gift_card(shop: Shop, number: int) -> None:
    """Make a card; every fifth is empty already."""
    value, since = Decimal(shop.random.choice((20, 25, 50, 100))), since_opening(shop)
    card: dict[str, Any] = {
        "id": shop.new_id(),
        "number": f"GC{number + 1:04d}{shop.random.randint(0, 9999):04d}",
        "balance": "0.00",
        "total_sold": gift_cards.written(value),
        "total_redeemed": "0.00",
        "status": "ACTIVE",
        "sale_id": None,
        "sale_source": "x-series",
        "created_at": since,
        "expires_at": days_from_now(shop, 365),
        "gift_card_transactions": [],
    }
    user_id = min(shop.table("users").ids())
    gift_cards.transact(shop, card, "ACTIVATION", value, user_id=user_id, created_at=since)
    if number % 5 == 4:  # noqa: PLR2004 - each fifth
        gift_cards.transact(shop, card, "REDEEMING", -value, user_id=user_id, created_at=since)


def _credit(shop: Shop, customer_id: str) -> None:
    value, since = Decimal(shop.random.randint(500, 8000)) / 100, since_opening(shop)
    user_id, moment = min(shop.table("users").ids()), since.replace("+00:00", "Z")
    store_credits.transact(shop, customer_id, "ISSUE", value, user_id=user_id, created_at=moment)


def _promotions(shop: Shop) -> list[dict[str, Any]]:
    """Return a sale that runs, one to come and one that is over."""
    first = shop.table("products").ids()[:1]
    chosen = [{"field": "product_id", "value": product_id} for product_id in first]
    condition = {"type": "product_set", "quantity": 1, "include": chosen}
    times = [(-30, 60), (30, 45), (-400, -380)]
    actions = [("basic_percent_discount", 15), ("fixed_discount", 10), ("percent_discount", 20)]
    names = ("Winter clearance", "Hut season", "Last year's boots")
    return [
        {
            "name": name,
            "start_time": days_from_now(shop, start),
            "end_time": days_from_now(shop, end),
            "use_promo_code": False,
            "action": {"type": kind, "value": value},
            "condition": condition,
            "status": "archived" if end < 0 else "active",
        }
        for name, (start, end), (kind, value) in zip(names, times, actions, strict=True)
    ]
