from datetime import UTC, datetime
from decimal import Decimal

from actions.lenient import decode
from actions.resources.retailer import (
    Currency,
    GetRetailer,
    GiftCardSetting,
    Loyalty,
    OnAccount,
    Retailer,
    SkuSequence,
)


def test_a_retailer_is_read_with_its_version_as_a_string_and_an_empty_object() -> None:
    retailer = decode(
        b"""{
        "id": "r-1", "name": "Corner Shop", "domain_prefix": "corner",
        "store_url": "https://corner.example", "account_status": "ACTIVE", "account_type": "plus",
        "country": "NZ", "currency": {"code": "NZD", "symbol": "$"}, "culture": "en-NZ",
        "timezone": "Pacific/Auckland", "tax_exclusive": false,
        "loyalty": {"enabled": true, "ratio": "0.05", "claim_url": null,
            "send_welcome_email": false},
        "sku_sequence": {"enabled": true, "value": 10012},
        "gift_cards": {"enabled": true, "never_enabled": false}, "store_credit": true,
        "on_account": {}, "discount_product_id": "p-1", "no_tax_group_id": "t-0",
        "embedded_barcode_option": "none", "enable_line_item_consolidation": true,
        "sso_enabled": false, "created_at": "2017-05-24T01:49:25Z", "activated_at": null,
        "version": "4312345678"}""",
        Retailer,
    )

    assert retailer == Retailer(
        id="r-1",
        name="Corner Shop",
        domain_prefix="corner",
        store_url="https://corner.example",
        account_status="ACTIVE",
        account_type="plus",
        country="NZ",
        currency=Currency(code="NZD", symbol="$"),
        culture="en-NZ",
        timezone="Pacific/Auckland",
        tax_exclusive=False,
        loyalty=Loyalty(enabled=True, ratio=Decimal("0.05"), send_welcome_email=False),
        sku_sequence=SkuSequence(enabled=True, value=10012),
        gift_cards=GiftCardSetting(enabled=True, never_enabled=False),
        store_credit=True,
        on_account=OnAccount(),
        discount_product_id="p-1",
        no_tax_group_id="t-0",
        embedded_barcode_option="none",
        enable_line_item_consolidation=True,
        sso_enabled=False,
        created_at=datetime(2017, 5, 24, 1, 49, 25, tzinfo=UTC),
        version=4312345678,
    )


def test_a_retailer_needs_two_scopes() -> None:
    assert GetRetailer().needs() == ("retailer:read", "payment_types:read")
