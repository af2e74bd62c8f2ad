"""How customers of the world pay."""

from typing import Any, Final

from actions.simulator.shop import Shop
from actions.simulator.world_moments import opened

_CARD: Final = 3
_KINDS: Final = (
    # name, type_id, category, subcategory
    ("Cash", 1, "cash", "cash"),
    ("Card Terminal", _CARD, "card", "lspay"),
    ("Gift Card", 118, "internal", "gift_card"),
    ("Loyalty", 106, "internal", "loyalty"),
    ("Store Credit", 5, "internal", "store_credit"),
    ("On Account", 4, "internal", "on_account"),
)


def make(shop: Shop) -> dict[str, Any]:
    """Make the payment types; return cash."""
    cash, *_ = [_payment_type(shop, *kind) for kind in _KINDS]
    return cash


def _payment_type(
    shop: Shop, name: str, type_id: int, category: str, subcategory: str
) -> dict[str, Any]:
    kind = _kind(name, type_id, category, subcategory)
    row = {
        "id": shop.new_id(),
        "name": name,
        "type_id": type_id,
        "disabled": False,
        "internal": kind["internal"],
        "gateway": type_id == _CARD,
        "config": {"currency": "NZD"} if type_id == _CARD else None,
        "outlet_ids": None,
        "payment_type": kind,
        "name_changed_by_user": False,
        "is_editable": not kind["internal"],
        "created_at": opened(),
        "deleted_at": None,
    }
    return shop.put("payment_types", row)


def _kind(name: str, type_id: int, category: str, subcategory: str) -> dict[str, Any]:
    words = ("badge", "logo", "header", "description", "subtext", "configuration_url")
    return {
        "id": type_id,
        "name": name,
        "internal": category == "internal",
        "platforms": None,
        "category": category,
        "subcategory": subcategory,
        "referred_inactive": False,
        "show_banner": False,
        "online_only": False,
        **dict.fromkeys(words),
    }
