from decimal import Decimal

import msgspec
import pytest

from actions.lenient import decode
from actions.resources.customers import (
    CreateCustomer,
    Customer,
    DeleteCustomer,
    ListCustomers,
    UpdateCustomer,
)

ANSWER = b"""{"id":"c-1","name":"Tony Lee","first_name":"Tony","last_name":null,
"customer_code":"Tony-37YP","customer_group_id":"g-1","date_of_birth":"1990-02-28",
"enable_loyalty":true,"email":"tony@example.com","note":null,"gender":"M","company_name":null,
"phone":64210000,"do_not_email":false,"enable_promotional_sms":null,
"physical_address_1":"1 High St","physical_postcode":1010,"postal_country_id":"NZ",
"custom_field_4":"blue","on_account_limit":"250.5","tax_id":null,"balance":-12.30000,
"loyalty_balance":"4.5","year_to_date":100,"created_at":"2017-05-24T01:53:25+00:00",
"updated_at":"2017-05-24T01:53:25+00:00","deleted_at":null,"version":"4300000000"}"""


def test_a_customer_is_written_with_nulls_sent_and_what_is_unset_left_out() -> None:
    customer = CreateCustomer(
        first_name="Tony",
        last_name=None,
        date_of_birth="1990-02-28",
        gender=None,
        do_not_email=True,
        physical_address_1="1 High St",
        custom_field_4="blue",
        on_account_limit=Decimal("250.50"),
    )
    assert customer.request().path == "/customers"
    assert customer.request().body == (
        b'{"first_name":"Tony","last_name":null,"date_of_birth":"1990-02-28","gender":null,'
        b'"do_not_email":true,"physical_address_1":"1 High St","custom_field_4":"blue",'
        b'"on_account_limit":250.50}'
    )


def test_a_customer_can_be_changed_twice_without_harm() -> None:
    change = UpdateCustomer("c-1", first_name=None, last_name="Lee")
    assert change.request().verb == "PUT"
    assert change.request().path == "/customers/c-1"
    assert change.request().body == b'{"first_name":null,"last_name":"Lee"}'
    assert change.operation.repeatable


@pytest.mark.parametrize(
    "wrong",
    [
        {"last_name": "Lee"},
        {"first_name": "Tony"},
        {"first_name": "Tony", "last_name": "Lee", "gender": "X"},
        {"first_name": "Tony", "last_name": "Lee", "date_of_birth": "28/02/1990"},
        {"first_name": "Tony", "last_name": "Lee", "date_of_birth": None},
    ],
)
def test_a_customer_without_both_names_or_with_odd_values_is_refused(
    wrong: dict[str, object],
) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, CreateCustomer)


def test_deleting_a_customer_answers_nothing() -> None:
    assert DeleteCustomer("c-1").request().path == "/customers/c-1"
    assert DeleteCustomer.operation.answer == "nothing"
    assert DeleteCustomer.operation.result is type(None)


def test_deleted_customers_are_listed_on_request() -> None:
    assert ListCustomers(deleted=True).request().path == "/customers?deleted=true"


def test_a_customers_numbers_and_texts_come_in_any_spelling() -> None:
    customer = decode(ANSWER, Customer)
    assert customer.last_name is None
    assert customer.date_of_birth == "1990-02-28"
    assert customer.phone == "64210000"
    assert customer.physical_postcode == "1010"
    assert customer.on_account_limit == Decimal("250.5")
    assert str(customer.balance) == "-12.30000"
    assert customer.loyalty_balance == Decimal("4.5")
    assert customer.year_to_date == 100
    assert customer.version == 4_300_000_000
    assert customer.enable_promotional_sms is None


def test_no_repr_shows_a_shoppers_data() -> None:
    assert repr(decode(ANSWER, Customer)) == "Customer(id='c-1')"
    assert repr(CreateCustomer(first_name="Tony", last_name="Lee")) == "CreateCustomer()"
    change = UpdateCustomer("c-1", first_name="Tony", last_name="Lee")
    assert "Tony" not in repr(change)
