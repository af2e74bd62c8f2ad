"""The store itself: who owns it, where it is, who works there, what is owed to the state."""

from decimal import Decimal
from typing import Any, Final

from actions.simulator import world_payments, world_staff
from actions.simulator.shop import Shop
from actions.simulator.world_moments import opened

_PLACES: Final = (
    ("Wellington", "214 Cuba Street", "Te Aro", "6011", "-41.2937", "174.7751", "04 555 0114"),
    ("Nelson", "88 Hardy Street", "Nelson", "7010", "-41.2741", "173.2840", "03 555 0188"),
    ("Wānaka", "31 Helwick Street", "Wānaka", "9305", "-44.6967", "169.1369", "03 555 0131"),
)


def make(shop: Shop, registers: int) -> None:
    """Make the store with as many outlets as it has registers, three at most."""
    tax = _tax(shop, "GST", "0.15", is_default=True)
    none = _tax(shop, "No Tax", "0", is_default=False)
    places = _PLACES[: max(1, min(registers, len(_PLACES)))]
    outlets = [_outlet(shop, place, tax["id"]) for place in places]
    world_staff.make(shop)
    cash = world_payments.make(shop)
    for index in range(registers):
        _register(shop, outlets[index % len(outlets)], index + 1, cash["id"])
    _retailer(shop, none["id"])


def _tax(shop: Shop, name: str, rate: str, *, is_default: bool) -> dict[str, Any]:
    percent = f"{name} (15%)" if is_default else name
    rule = {"tax_code": name.upper().replace(" ", "_"), "type": "PERCENTAGE", "value": None}
    part = {"id": shop.new_id(), "name": name, "display_name": percent, "rules": [rule]}
    row = {
        "id": shop.new_id(),
        "name": name,
        "display_name": percent,
        "is_default": is_default,
        "rates": [part | {"rate": Decimal(rate)}],
        "deleted_at": None,
    }
    return shop.put("taxes", row)


def _outlet(shop: Shop, place: tuple[str, ...], tax_id: str) -> dict[str, Any]:
    city, street, suburb, postcode, latitude, longitude, phone = place
    row = {
        "id": shop.new_id(),
        "name": city,
        "default_tax_id": tax_id,
        "currency": "NZD",
        "currency_symbol": "$",
        "display_prices": "inclusive",
        "time_zone": "Pacific/Auckland",
        "email": f"shop{postcode}@{shop.prefix}.example",
        "phone": phone,
        "physical_address_1": street,
        "physical_address_2": None,
        "physical_suburb": suburb,
        "physical_city": city,
        "physical_postcode": postcode,
        "physical_state": None,
        "physical_country_id": "NZ",
        "latitude": latitude,
        "longitude": longitude,
        "attributes": _numbering(city[:3].upper()),
        "deleted_at": None,
    }
    return shop.put("outlets", row)


def _numbering(short: str) -> list[dict[str, str]]:
    attributes = {
        "low_stock_warning": "true",
        "order_reference": "1001",
        "order_reference_prefix": f"{short}-",
        "return_reference": "1001",
        "return_reference_prefix": f"{short}R-",
    }
    return [{"key": key, "value": value} for key, value in attributes.items()]


def _register(shop: Shop, outlet: dict[str, Any], number: int, cash_id: str) -> None:
    row = {
        "id": shop.new_id(),
        "name": f"{outlet['name']} {number}",
        "outlet_id": outlet["id"],
        "is_open": True,
        "invoice_prefix": f"{number}-",
        "invoice_suffix": "",
        "invoice_sequence": 1000,
        "ask_for_note_on_save": 1,
        "ask_for_user_on_sale": False,
        "print_receipt": True,
        "email_receipt": False,
        "print_note_on_receipt": True,
        "show_discounts_on_receipts": True,
        "is_quick_keys_enabled": True,
        "receipt_template_id": shop.new_id(),
        "button_layout_id": None,
        "cash_managed_payment_type_id": cash_id,
        "register_open_time": opened(),
        "register_close_time": None,
        "register_open_sequence_id": shop.new_id(),
        "deleted_at": None,
    }
    shop.put("registers", row)


def _retailer(shop: Shop, no_tax_id: str) -> None:
    row = {
        "id": shop.retailer_id,
        "name": f"{shop.prefix.capitalize()} Outdoors",
        "domain_prefix": shop.prefix,
        "store_url": f"https://{shop.prefix}.example",
        "account_status": "active",
        "account_type": "plus",
        "country": "NZ",
        "currency": {"code": "NZD", "symbol": "$"},
        "culture": "en-NZ",
        "timezone": "Pacific/Auckland",
        "tax_exclusive": False,
        "no_tax_group_id": no_tax_id,
        "created_at": opened().replace("+00:00", "Z"),
        "activated_at": opened().replace("+00:00", "Z"),
    }
    shop.put("retailer", row | _settings(shop))


def _settings(shop: Shop) -> dict[str, Any]:
    return {
        "loyalty": {
            "enabled": True,
            "ratio": Decimal("0.05"),
            "claim_url": f"https://{shop.prefix}.example/loyalty",
            "send_welcome_email": False,
        },
        "sku_sequence": {"enabled": True, "value": 10_001},
        "gift_cards": {"enabled": True, "never_enabled": False},
        "store_credit": True,
        "on_account": {"default_limit": None},
        "discount_product_id": None,
        "embedded_barcode_option": "none",
        "enable_line_item_consolidation": True,
        "sso_enabled": False,
    }
