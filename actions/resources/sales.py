"""Sales."""

from typing import Any, Final, Generic, Literal, TypeVar

from msgspec import UNSET, UnsetType

from actions.action import Action, PathId, Versioned, get, post, put
from actions.resources.sale_lines import (
    FulfillmentInput,
    Moment,
    NotBlank,
    SaleLineInput,
    SalePaymentInput,
    SalePricingInput,
    SaleSourceInput,
)
from actions.resources.sale_rows import Sale

R = TypeVar("R")

_EXCLUSIVE: Final = (("onaccount", "layby"), ("pickup", "delivery"))


class SaleBody(Action[R], Generic[R], kw_only=True):
    """What a sale is written with, new or not."""

    source: SaleSourceInput
    state: Literal["parked", "pending", "voided", "closed"]
    """A closed sale may only become voided; voiding returns stock and removes payments."""
    date: Moment | UnsetType = UNSET
    """When left out, the time of arrival."""
    customer_id: NotBlank | UnsetType = UNSET
    note: str | UnsetType = UNSET
    """The vendor masks digits that look like a card number, and answers success."""
    short_code: str | UnsetType = UNSET
    invoice_number: str | UnsetType | None = UNSET
    """None takes the next free number."""
    attributes: list[NotBlank] | UnsetType = UNSET
    """Such as onaccount or layby, and pickup or delivery; never both of a pair."""
    accounts_transaction_id: NotBlank | UnsetType = UNSET
    """Only of a sale on account."""
    fulfillment_outlet_id: NotBlank | UnsetType = UNSET
    fulfillment_details: list[FulfillmentInput] | UnsetType = UNSET
    pricing: SalePricingInput | UnsetType = UNSET
    line_items: list[SaleLineInput] | UnsetType = UNSET
    payments: list[SalePaymentInput] | UnsetType = UNSET
    service_fields: dict[str, Any] | UnsetType = UNSET

    def check(self) -> None:
        """Refuse attributes and addresses that exclude each other."""
        attributes = self.attributes or []
        for one, other in _EXCLUSIVE:
            if one in attributes and other in attributes:
                raise ValueError(
                    f"attributes may hold {one} or {other}, never both; given were {attributes}."
                )
        # Left out, nothing is known: an update may be of a sale that is on account already.
        known = self.attributes is not UNSET
        if self.accounts_transaction_id and known and "onaccount" not in attributes:
            raise ValueError(
                "accounts_transaction_id is only for a sale whose attributes hold onaccount; "
                f"given were {attributes}."
            )
        for detail in self.fulfillment_details or []:
            if detail.shipping_address_id and detail.shipping_address_token:
                raise ValueError(
                    "fulfillment_details take shipping_address_id or shipping_address_token, "
                    "never both; both were given."
                )


@get("/sales", scope="sales:read", title="List Sales")
class ListSales(Versioned[Sale]):
    """List sales, oldest change first. The vendor ignores date filters here, so there are none."""


@get("/sales/{sale_id}", scope="sales:read", title="Get A Single Sale")
class GetSale(Action[Sale]):
    """Read one sale."""

    sale_id: PathId


@post("/sales", scope="sales:write", title="Create A Sale")
class CreateSale(SaleBody[Sale]):
    """Create a sale. Prices, discounts and taxes are per unit and without tax.

    The vendor may answer no more than its id.
    """

    id: NotBlank | UnsetType = UNSET
    """A UUID of your own choice lets a sale be found again whose answer was lost."""


@put("/sales/{sale_id}", scope="sales:write", title="Update A Sale")
class UpdateSale(SaleBody[Sale | None]):
    """Update a sale. Lines that are not sent again in full are lost (vendor: sales_101).

    Version 2026-01 answers nothing, which is None here.
    """

    sale_id: PathId
