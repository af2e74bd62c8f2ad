"""Store credits: what the store owes its customers."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from actions.action import Action, PathId, Unpaged, get
from actions.discreet import Discreet
from actions.lenient import Id, Number, Text, UtcTime


class StoreCreditTransaction(Discreet, kw_only=True):
    """Credit that was issued, redeemed or reversed."""

    id: Text | None = None
    """Base64, no UUID."""
    amount: Number | None = None
    type: Text | None = None
    """ISSUE, REDEMPTION or REVERSE."""
    client_id: Text | None = None
    notes: Text | None = None
    sale_id: Text | None = None
    user_id: Text | None = None
    created_at: UtcTime | None = None


class StoreCredit(Discreet, kw_only=True):
    """A customer's store credit (vendor: OpenAPI 2026-07, store-credits)."""

    id: Text | None = None
    """Base64, no UUID."""
    customer_id: Id
    balance: Number | None = None
    total_credit_issued: Number | None = None
    total_credit_redeemed: Number | None = None
    created_at: UtcTime | None = None
    customer: dict[str, Any] | None = None
    """Only in a list that asks for it."""
    store_credit_transactions: list[StoreCreditTransaction] | None = None


@get("/store_credits", scope="store_credits:read", title="Store Credit List", answer="bare")
class ListStoreCredits(Unpaged[StoreCredit]):
    """List the store credits of all customers. The vendor gives no way past the first page.

    Ask for all at once with a `page_size` above the number of customers.
    """

    page_size: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    includes: list[Literal["customer"]] | UnsetType = UNSET


@get(
    "/store_credits/{customer_id}",
    scope="store_credits:read",
    title="List Store Credits For A Given Customer",
    answer="bare",
)
class ListCustomerStoreCredits(Action[StoreCredit]):
    """Read the store credit of one customer. The vendor answers 404 where there is none."""

    customer_id: PathId
