from datetime import UTC, datetime
from decimal import Decimal

from actions.action import Page
from actions.lenient import decode
from actions.resources.store_credits import (
    ListCustomerStoreCredits,
    ListStoreCredits,
    StoreCredit,
    StoreCreditTransaction,
)


def test_a_store_credit_is_read_with_its_transactions() -> None:
    credit = decode(
        b"""{
        "id": "Y3JlZGl0", "customer_id": "c-1", "balance": "12.50000",
        "total_credit_issued": 20, "total_credit_redeemed": "7.5",
        "created_at": "2026-07-27T10:03:38+00:00", "customer": {},
        "store_credit_transactions": [{"id": "dHg=", "amount": "-7.5", "type": "REDEMPTION",
            "client_id": null, "notes": "till 2", "sale_id": "s-1", "user_id": "u-1",
            "created_at": "2026-07-27T10:03:38Z"}]}""",
        StoreCredit,
    )

    noon = datetime(2026, 7, 27, 10, 3, 38, tzinfo=UTC)
    assert credit == StoreCredit(
        id="Y3JlZGl0",
        customer_id="c-1",
        balance=Decimal("12.50000"),
        total_credit_issued=Decimal(20),
        total_credit_redeemed=Decimal("7.5"),
        created_at=noon,
        customer={},
        store_credit_transactions=[
            StoreCreditTransaction(
                id="dHg=",
                amount=Decimal("-7.5"),
                type="REDEMPTION",
                notes="till 2",
                sale_id="s-1",
                user_id="u-1",
                created_at=noon,
            )
        ],
    )
    assert repr(credit) == "StoreCredit(id='Y3JlZGl0')"


def test_store_credits_are_asked_for_all_at_once_and_customers_with_brackets() -> None:
    everything = ListStoreCredits(page_size=1_000_000, includes=["customer"])

    assert everything.request().path == ("/store_credits?page_size=1000000&includes%5B%5D=customer")
    assert everything.following(Page([StoreCredit(customer_id="c-1")])) is None


def test_the_store_credit_of_a_customer_is_asked_for_by_the_customers_id() -> None:
    assert ListCustomerStoreCredits("c-1").request().path == "/store_credits/c-1"
