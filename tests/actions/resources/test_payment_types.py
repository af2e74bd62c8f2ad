import msgspec
import pytest

from actions.lenient import decode
from actions.resources.payment_types import ListPaymentTypes, PaymentKind, PaymentType


def test_payment_types_are_filtered_in_the_query() -> None:
    listing = ListPaymentTypes(outlet_id="o-1", currency="NZD", only_lspay=False)
    assert listing.request().path == "/payment_types?outlet_id=o-1&currency=NZD&only_lspay=false"


def test_a_currency_that_is_no_code_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="currency"):
        msgspec.convert({"currency": "dollars"}, ListPaymentTypes)


def test_a_payment_type_holds_its_kind_and_its_free_settings() -> None:
    read = decode(
        b'{"id":"1","name":"Card","type_id":"3","version":7,"disabled":false,"internal":false,'
        b'"gateway":true,"config":{"terminal":{"port":8}},"outlet_ids":["o-1"],"payment_type":'
        b'{"id":3,"name":"Terminal","internal":false,"platforms":null,"category":"card",'
        b'"subcategory":"integrated","referred_inactive":false,"show_banner":false,'
        b'"online_only":false,"badge":null,"logo":"https://example.com/a.png"},'
        b'"name_changed_by_user":true,"created_at":null,"deleted_at":null}',
        PaymentType,
    )
    assert read == PaymentType(
        id="1",
        name="Card",
        type_id=3,
        version=7,
        disabled=False,
        internal=False,
        gateway=True,
        config={"terminal": {"port": 8}},
        outlet_ids=["o-1"],
        payment_type=PaymentKind(
            id=3,
            name="Terminal",
            internal=False,
            category="card",
            subcategory="integrated",
            referred_inactive=False,
            show_banner=False,
            online_only=False,
            logo="https://example.com/a.png",
        ),
        name_changed_by_user=True,
    )


def test_a_payment_type_may_come_with_nothing_about_its_kind() -> None:
    read = decode(b'{"id":7,"config":null,"outlet_ids":null,"payment_type":{}}', PaymentType)
    assert read == PaymentType(id="7", payment_type=PaymentKind())
