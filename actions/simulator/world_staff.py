"""Who works in the store, and the groups that its customers are sorted into."""

from typing import Any, Final

from actions.simulator.shop import Shop
from actions.simulator.world_moments import opened

_STAFF: Final = (
    ("aroha", "Aroha Ngata", "admin", "Admin"),
    ("tom", "Tom Whitfield", "manager", "Manager"),
    ("mei", "Mei Lin", "cashier", "Cashier"),
    ("sione", "Sione Tuilagi", "cashier", "Cashier"),
)
_MAY: Final = {
    "admin": ["sales.process", "products.edit", "users.edit", "setup.edit"],
    "manager": ["sales.process", "products.edit"],
    "cashier": ["sales.process"],
}
_GROUPS: Final = ("All Customers", "Trade", "Tramping Club")
_NOTHING: Final = (
    *("restricted_outlet_id", "images", "target_daily", "target_weekly", "target_monthly"),
    *("enabled_mfa", "time_until_deletion", "deleted_at"),
)


def make(shop: Shop) -> None:
    """Make the users, the owner first, and the groups, the one for everybody first."""
    for who in _STAFF:
        _user(shop, *who)
    for name in _GROUPS:
        _customer_group(shop, name)


def _user(shop: Shop, name: str, full_name: str, account_type: str, role: str) -> None:
    number = [who[0] for who in _STAFF].index(name) + 1
    mail = f"{name}@{shop.prefix}.example"
    row: dict[str, Any] = {
        "id": shop.new_id(),
        "username": mail,
        "display_name": full_name,
        "email": mail,
        "account_type": account_type,
        "is_primary_user": account_type == "admin",
        "enabled": True,
        # Roles have integers for ids although the contract types them as strings.
        "roles": [{"id": number, "name": role, "system_role_id": number}],
        "permissions": _MAY[account_type],
        "rules": {},
        "restricted_outlet_ids": [],
        "image_source": "gravatar",
        **dict.fromkeys(_NOTHING),
        "switch_id": str(1000 + number),
        "require_password_change": False,
        **dict.fromkeys(("seen_at", "email_verified_at", "created_at", "updated_at"), opened()),
    }
    shop.put("users", row)


def _customer_group(shop: Shop, name: str) -> None:
    group_id = shop.new_id()
    row = {
        "id": group_id,
        "name": name,
        "group_id": name.upper().replace(" ", "_"),
        "retailer_id": shop.retailer_id,
        "created_at": opened(),
        "updated_at": opened(),
        "deleted_at": None,
    }
    shop.put("customer_groups", row)
