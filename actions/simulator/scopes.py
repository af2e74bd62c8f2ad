"""The scopes there are (vendor: Authorization; OpenAPI 2026-07)."""

from typing import Final

_READ_AND_WRITE: Final = (
    "billing:partner_subscription",
    "business_rules",
    "custom_fields",
    "customers",
    "fulfillments",
    "inventory",
    "products",
    "promotions",
    "remote_rules",
    "sales",
    "serial_numbers",
    "services",
    "suppliers",
    "taxes",
    "users",
)
_OTHERS: Final = (
    "audit:read",
    "channels:read",
    "consignments:read",
    "consignments:write:inventory_count",
    "consignments:write:stock_order",
    "consignments:write:stock_transfer",
    "gift_cards:read",
    "gift_cards:write:issue",
    "gift_cards:write:redeem",
    "outlets:read",
    "payment_types:read",
    "payments:read",
    "product:cost:view",
    "products:read:price_books",
    "products:write:price_books",
    "register:close",
    "register:open",
    "registers:read",
    "retailer:read",
    "store_credits:read",
    "store_credits:write:issue",
    "store_credits:write:redeem",
    "webhooks",
)
SCOPES: Final = frozenset(_OTHERS) | {
    f"{name}:{right}" for name in _READ_AND_WRITE for right in ("read", "write")
}
