"""Customers, with their loyalty and what they owe."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from actions.action import Action, PathId, Versioned, delete, get, post, put
from actions.discreet import Discreet
from actions.lenient import Id, Number, Text, UtcTime

_Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Customer(Discreet, kw_only=True):
    """A customer (vendor: OpenAPI 2026-07, customers)."""

    id: Id
    name: Text | None = None
    """Both names joined; deprecated by the vendor."""
    first_name: Text | None = None
    last_name: Text | None = None
    customer_code: Text | None = None
    customer_group_id: Text | None = None
    date_of_birth: Text | None = None
    """`YYYY-MM-DD`."""
    enable_loyalty: bool | None = None
    email: Text | None = None
    note: Text | None = None
    gender: Text | None = None
    company_name: Text | None = None
    phone: Text | None = None
    mobile: Text | None = None
    fax: Text | None = None
    twitter: Text | None = None
    website: Text | None = None
    do_not_email: bool | None = None
    enable_promotional_sms: bool | None = None
    physical_address_1: Text | None = None
    physical_address_2: Text | None = None
    physical_suburb: Text | None = None
    physical_city: Text | None = None
    physical_postcode: Text | None = None
    physical_state: Text | None = None
    physical_country_id: Text | None = None
    postal_address_1: Text | None = None
    postal_address_2: Text | None = None
    postal_suburb: Text | None = None
    postal_city: Text | None = None
    postal_postcode: Text | None = None
    postal_state: Text | None = None
    postal_country_id: Text | None = None
    custom_field_1: Text | None = None
    custom_field_2: Text | None = None
    custom_field_3: Text | None = None
    custom_field_4: Text | None = None
    on_account_limit: Number | None = None
    tax_id: Text | None = None
    balance: Number | None = None
    """What the customer owes."""
    loyalty_balance: Number | None = None
    year_to_date: Number | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


class _CustomerFields(Discreet, kw_only=True):
    """What creating and updating share. Both names must be given and may be None."""

    first_name: str | None
    last_name: str | None
    customer_code: str | UnsetType = UNSET
    """The vendor makes one up when it is left out."""
    customer_group_id: str | UnsetType = UNSET
    date_of_birth: _Day | UnsetType = UNSET
    enable_loyalty: bool | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET
    gender: Literal["M", "F"] | UnsetType | None = UNSET
    company_name: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    mobile: str | UnsetType | None = UNSET
    fax: str | UnsetType | None = UNSET
    twitter: str | UnsetType | None = UNSET
    website: str | UnsetType | None = UNSET
    do_not_email: bool | UnsetType = UNSET
    enable_promotional_sms: bool | UnsetType = UNSET
    physical_address_1: str | UnsetType | None = UNSET
    physical_address_2: str | UnsetType | None = UNSET
    physical_suburb: str | UnsetType | None = UNSET
    physical_city: str | UnsetType | None = UNSET
    physical_postcode: str | UnsetType | None = UNSET
    physical_state: str | UnsetType | None = UNSET
    physical_country_id: str | UnsetType | None = UNSET
    postal_address_1: str | UnsetType | None = UNSET
    postal_address_2: str | UnsetType | None = UNSET
    postal_suburb: str | UnsetType | None = UNSET
    postal_city: str | UnsetType | None = UNSET
    postal_postcode: str | UnsetType | None = UNSET
    postal_state: str | UnsetType | None = UNSET
    postal_country_id: str | UnsetType | None = UNSET
    custom_field_1: str | UnsetType | None = UNSET
    custom_field_2: str | UnsetType | None = UNSET
    custom_field_3: str | UnsetType | None = UNSET
    custom_field_4: str | UnsetType | None = UNSET
    on_account_limit: Decimal | UnsetType | None = UNSET
    tax_id: str | UnsetType | None = UNSET


@get("/customers", scope="customers:read", title="List Customers")
class ListCustomers(Versioned[Customer]):
    """List customers, oldest change first."""

    deleted: bool | UnsetType = UNSET
    """Deleted ones too."""


@get("/customers/{customer_id}", scope="customers:read", title="Get A Single Customer")
class GetCustomer(Action[Customer]):
    """Read one customer."""

    customer_id: PathId


@post("/customers", scope="customers:write", title="Create A New Customer")
class CreateCustomer(_CustomerFields, Action[Customer]):
    """Create a customer and return it.

    The vendor masks digits that look like a card's number in names, company, note, addresses and
    custom fields, and checks the postcodes of 40 countries.
    """


@put(
    "/customers/{customer_id}",
    scope="customers:write",
    title="Update A Customer",
    repeatable=True,
)
class UpdateCustomer(_CustomerFields, Action[Customer]):
    """Change a customer and return it. Both names must be given each time."""

    customer_id: PathId


@delete("/customers/{customer_id}", scope="customers:write", title="Delete A Customer")
class DeleteCustomer(Action[None]):
    """Delete a customer."""

    customer_id: PathId
