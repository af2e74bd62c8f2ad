import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actions.action import Page, Version
from actions.lenient import decode
from actions.resources.sale_lines import (
    AdjustmentAmount,
    AdjustmentTarget,
    FulfillmentInput,
    LineAdjustmentInput,
    LineMetadataInput,
    LinePricingInput,
    LineProductInput,
    LineTaxInput,
    PaymentKindInput,
    SaleLineInput,
    SalePaymentInput,
    SaleSourceInput,
)
from actions.resources.sale_rows import Sale, SaleMetadata
from actions.resources.sales import CreateSale, ListSales, UpdateSale

AUTHOR = SaleSourceInput(author_id="u-1")

ANSWER = b"""{
"id": "s-1", "state": "closed", "date": "2026-07-27T10:03:38+00:00", "customer_id": null,
"invoice_number": 1043, "receipt_number": "1043", "note": "", "short_code": "abc",
"attributes": ["onaccount"], "created_at": "2026-07-27T10:03:40Z", "updated_at": null,
"deleted_at": null, "external_applications": [], "ecom_custom_charges": null,
"source": {"id": "web-9", "type": "WEBSHOP", "outlet_id": "o-1", "register_id": "r-1",
  "author": {"id": "u-1"}},
"return": {"is_return": false, "original_sale_id": null, "return_sale_ids": ["s-2"]},
"line_items": [{"id": "l-1", "product": {"id": "p-1"}, "quantity": "-1.5",
  "pricing": {"price": "12.12345", "cost": 1, "cost_total": 1.5, "discount": 0,
    "discount_total": 0, "loyalty_amount": 0, "loyalty_amount_total": 0, "total": 18.185175},
  "tax": {"id": "t-1", "amount": 1.8, "total": 2.7},
  "promotions": [{"id": 7, "name": "Sale", "amount": 1, "promo_code": null}],
  "status": "CONFIRMED", "note": null, "salesperson_id": null, "gift_card_number": null,
  "return": {"is_return": true, "reason": "broken"}, "source": {}, "surcharges": [],
  "customizations": [],
  "_metadata": {"is_price_override": false, "sequence": 0,
    "tax_components": [{"rate_id": "tr-1", "total_tax": "2.7"}]}}],
"payments": [{"id": "y-1", "amount": 20.885175, "date": "2026-07-27T10:03:38Z",
  "deleted_at": null, "type": {"id": 1, "config_id": "c-1", "name": "Cash"},
  "source": {"id": null, "outlet_id": "o-1", "register_id": "r-1"},
  "surcharge": {"amount": "0.5", "rule": null}, "billing_address_id": null,
  "external_attributes": [], "external_applications": [],
  "_metadata": {"register_open_sequence_id": "q-1"}}],
"taxes": [{"id": "t-1", "tax": 2.7}],
"totals": {"price": 18.185175, "price_incl_tax": 20.885175, "tax": 2.7, "loyalty": 0,
  "surcharge": "0.5"},
"adjustments": [{"adjustment_type": "TIP", "name": "Tip", "total": 1, "tax_components": []}],
"_metadata": {"version": "4312345678", "xero_reference": null,
  "complete_open_sequence_id": null, "has_unsynced_on_account_payments": false}}"""


def body(action: CreateSale | UpdateSale) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(action.request().body or b"")
    return sent


def test_a_sale_goes_on_the_wire_with_the_vendors_keys_and_exact_numbers() -> None:
    line = SaleLineInput(
        product=LineProductInput(id="p-1"),
        quantity=Decimal("1.5"),
        pricing=LinePricingInput(
            price=Decimal("12.12345"),
            adjustments=[
                LineAdjustmentInput(
                    type="DISCOUNT",
                    amount=AdjustmentAmount(type="PERCENT", value="10.0"),
                    target=AdjustmentTarget(method="EACH"),
                )
            ],
        ),
        tax=LineTaxInput(id="t-1", amount=Decimal("1.80")),
        metadata=LineMetadataInput(sequence=0),
    )
    sale = CreateSale(
        source=SaleSourceInput(author_id="u-1", register_id="r-1"),
        state="closed",
        id="s-1",
        date=datetime(2026, 7, 27, 10, 3, 38, tzinfo=UTC),
        invoice_number=None,
        line_items=[line],
        payments=[
            SalePaymentInput(amount=Decimal("20.90"), type=PaymentKindInput(config_id="c-1"))
        ],
    )

    assert sale.request().path == "/sales"
    assert sale.request().body == (
        b'{"id":"s-1","source":{"author_id":"u-1","register_id":"r-1"},"state":"closed",'
        b'"date":"2026-07-27T10:03:38Z","invoice_number":null,'
        b'"line_items":[{"product":{"id":"p-1"},"quantity":1.5,"pricing":{"price":12.12345,'
        b'"adjustments":[{"type":"DISCOUNT","amount":{"type":"PERCENT","value":"10.0"},'
        b'"target":{"method":"EACH"}}]},"tax":{"id":"t-1","amount":1.80},'
        b'"_metadata":{"sequence":0}}],'
        b'"payments":[{"amount":20.90,"type":{"config_id":"c-1"}}]}'
    )


def test_an_updated_sale_has_its_id_in_the_path_alone() -> None:
    update = UpdateSale("s-1", source=AUTHOR, state="voided")

    assert update.request().path == "/sales/s-1"
    assert body(update) == {"source": {"author_id": "u-1"}, "state": "voided"}


def test_a_sale_is_read_whole_whatever_is_a_string() -> None:
    sale = decode(ANSWER, Sale)
    (line,), (payment,) = sale.line_items or [], sale.payments or []

    assert sale.version == 4312345678
    assert (sale.id, sale.invoice_number, sale.attributes) == ("s-1", "1043", ["onaccount"])
    assert sale.returned
    assert sale.returned.return_sale_ids == ["s-2"]
    assert sale.totals
    assert sale.totals.price_incl_tax == Decimal("20.885175")
    assert line.quantity == Decimal("-1.5")
    assert line.pricing
    assert line.pricing.price == Decimal("12.12345")
    assert line.returned
    assert line.returned.reason == "broken"
    assert line.metadata
    assert line.metadata.tax_components
    assert line.metadata.tax_components[0].total_tax == Decimal("2.7")
    assert payment.type
    assert payment.type.config_id == "c-1"


def test_a_sale_shows_its_id_and_nothing_that_is_a_shoppers() -> None:
    assert repr(decode(ANSWER, Sale)) == "Sale(id='s-1')"


def test_the_list_of_sales_goes_on_above_the_highest_version_of_the_page() -> None:
    page = Page([decode(ANSWER, Sale)], Version(min=1, max=4312345679))

    assert ListSales(page_size=1).following(page) == ListSales(page_size=1, after=4312345679)


def test_the_list_of_sales_goes_on_by_the_sales_own_versions_where_the_page_has_none() -> None:
    rows = [
        Sale(id="s-1", metadata=SaleMetadata(version=5)),
        Sale(id="s-3", metadata=SaleMetadata(version=9)),
        Sale(id="s-2"),
    ]

    assert ListSales().following(Page(rows)) == ListSales(after=9)
    assert ListSales(after=9).following(Page(rows)) is None
    assert ListSales().following(Page([])) is None


@pytest.mark.parametrize("pair", [["onaccount", "layby"], ["service", "delivery", "pickup"]])
def test_a_sale_refuses_attributes_that_exclude_each_other(pair: list[str]) -> None:
    sale = CreateSale(source=AUTHOR, state="pending", attributes=pair)

    with pytest.raises(ValueError, match=r"attributes may hold .* never both; given were"):
        sale.check()


def test_a_sale_refuses_an_accounts_transaction_when_it_is_not_on_account() -> None:
    sale = CreateSale(
        source=AUTHOR, state="pending", attributes=["layby"], accounts_transaction_id="x-1"
    )

    with pytest.raises(ValueError, match=r"accounts_transaction_id is only for .* onaccount"):
        sale.check()


def test_a_sale_refuses_two_ways_to_say_one_address() -> None:
    detail = FulfillmentInput(shipping_address_id="a-1", shipping_address_token="a-2")
    sale = CreateSale(source=AUTHOR, state="pending", fulfillment_details=[detail])

    with pytest.raises(ValueError, match="never both; both were given"):
        sale.check()


def test_a_sale_whose_fields_go_together_is_let_through() -> None:
    CreateSale(
        source=AUTHOR,
        state="pending",
        attributes=["onaccount", "delivery"],
        accounts_transaction_id="x-1",
        fulfillment_details=[FulfillmentInput(type="DISPATCH", shipping_address_id="a-1")],
    ).check()
    UpdateSale("s-1", source=AUTHOR, state="closed", accounts_transaction_id="x-1").check()


@pytest.mark.parametrize("value", ["1e3", "ten", "1.", "1" * 33])
def test_an_adjustment_wants_a_plain_number_in_a_string(value: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "FIXED", "value": value}, AdjustmentAmount)
