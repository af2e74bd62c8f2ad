"""Gift cards (vendor: OpenAPI 2026-07, gift cards): listed backwards by id, amounts as text."""

from decimal import Decimal
from typing import Any, Final

from actions.simulator.resources.values import asked, declared_size
from actions.simulator.routing import DATED, Answer, Ask, Routes, bare, data, malformed, missing
from actions.simulator.shop import Shop

routes = Routes()
_STATUSES: Final = ("ACTIVE", "INACTIVE", "REDEEMED", "VOIDED", "EXPIRED")
_SIZE: Final = 1000
_MONEY: Final = ("balance", "total_sold", "total_redeemed")


@routes.on("GET", "/gift_cards", "gift_cards:read")
def list_gift_cards(shop: Shop, ask: Ask) -> Answer:
    """List cards, newest first; `before` is the id of the last card seen."""
    return data(_page(shop, ask, inclusive=shop.switches.gift_card_before_inclusive))


@routes.on("GET", "/balances/gift_cards", "gift_cards:read", versions=("2.0",))
def oldest_list(shop: Shop, ask: Ask) -> Answer:
    """List cards on the oldest route: amounts are numbers, and pages overlap by one card."""
    return data([_with_numbers(card) for card in _page(shop, ask, inclusive=True)])


@routes.on("GET", "/gift_cards/{number}", "gift_cards:read")
def find_gift_card(shop: Shop, ask: Ask) -> Answer:
    """Find a card by its number; the contract has no envelope here."""
    card = _shown(by_number(shop, ask.path["number"]))
    return data(card) if shop.switches.gift_card_wrapped else bare(card)


@routes.on("GET", "/gift_cards/by_number/{card_number}", "gift_cards:read", versions=DATED)
def gift_card_by_number(shop: Shop, ask: Ask) -> Answer:
    """Find a card by its number."""
    return data(_shown(by_number(shop, ask.path["card_number"])))


@routes.on("GET", "/gift_cards/by_id/{id}", "gift_cards:read", versions=DATED)
def gift_card_by_id(shop: Shop, ask: Ask) -> Answer:
    """Read one card."""
    return data(_shown(shop.table("gift_cards").get(ask.path["id"])))


def by_number(shop: Shop, number: str) -> dict[str, Any] | None:
    """Return the card of a number as it is kept, or None."""
    return next((card for card in shop.table("gift_cards").all() if card["number"] == number), None)


def transact(shop: Shop, card: dict[str, Any], kind: str, amount: Decimal, **more: Any) -> None:
    """Book an amount onto a card: redeeming is negative, reversing and reloading positive."""
    balance = Decimal(card["balance"]) + amount
    redeemed = Decimal(card["total_redeemed"]) - (
        amount if kind in {"REDEEMING", "REVERSING"} else 0
    )
    card |= {
        "balance": written(balance),
        "total_redeemed": written(redeemed),
        "status": "REDEEMED" if balance == 0 else "ACTIVE",
    }
    card["gift_card_transactions"].append(
        {
            "id": shop.new_id(),
            "amount": written(amount),
            "type": kind,
            "client_id": None,
            "user_id": None,
            "source": "x-series",
            "source_id": None,
            "created_at": shop.timestamp(),
            **more,
        }
    )
    shop.put("gift_cards", card)


def written(amount: Decimal) -> str:
    """Write an amount of a card: two places, more when there are."""
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:.{places}f}"


def _page(shop: Shop, ask: Ask, *, inclusive: bool) -> list[dict[str, Any]]:
    """Choose the page that is asked for."""
    size, status = declared_size(ask, _SIZE, _SIZE), asked(ask, "status", _STATUSES)
    number, before = ask.one("card_number"), ask.one("before")
    cards = sorted(
        shop.table("gift_cards").all(),
        key=lambda card: (card["created_at"], card["id"]),
        reverse=True,
    )
    if before:
        ids = [card["id"] for card in cards]
        if before not in ids:
            raise malformed("before must be the id of a gift card")
        cards = cards[ids.index(before) + (0 if inclusive else 1) :]
    wanted = [
        _shown(card)
        for card in cards
        if status in {None, card["status"]} and number in {None, "", card["number"]}
    ]
    return wanted[:size]


def _shown(card: dict[str, Any] | None) -> dict[str, Any]:
    """Leave out what the contract does not have.

    Raises:
        Trouble: 404, there is no such card.
    """
    if card is None:
        raise missing("gift card")
    return {name: value for name, value in card.items() if name != "version"}


def _with_numbers(card: dict[str, Any]) -> dict[str, Any]:
    transactions = [
        one | {"amount": Decimal(one["amount"])} for one in card["gift_card_transactions"]
    ]
    numbers = {name: Decimal(card[name]) for name in _MONEY}
    return card | numbers | {"gift_card_transactions": transactions}
