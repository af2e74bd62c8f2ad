"""Customers as webhooks send them."""

from typing import ClassVar

from actions.discreet import Discreet
from actions.lenient import Number, Text, UtcTime
from workers.payloads.payload import Payload, by_time


class Contact(Discreet):
    """Where the customer lives and gets post."""

    first_name: Text | None = None
    last_name: Text | None = None
    company_name: Text | None = None
    phone: Text | None = None
    mobile: Text | None = None
    fax: Text | None = None
    email: Text | None = None
    twitter: Text | None = None
    website: Text | None = None
    physical_address1: Text | None = None
    physical_address2: Text | None = None
    physical_suburb: Text | None = None
    physical_city: Text | None = None
    physical_postcode: Text | None = None
    physical_state: Text | None = None
    physical_country_id: Text | None = None
    """Two letters, such as NZ."""
    postal_address1: Text | None = None
    postal_address2: Text | None = None
    postal_suburb: Text | None = None
    postal_city: Text | None = None
    postal_postcode: Text | None = None
    postal_state: Text | None = None
    postal_country_id: Text | None = None
    """Two letters, such as NZ."""


class CustomerUpdate(Payload):
    """A customer was created, changed or deleted, or an account sale moved the balance.

    `id` names the customer and `updated_at` orders its changes, to the whole second only, so two
    changes may share it. A deletion has `deleted_at` set. Texts are often empty.
    """

    ties_pass: ClassVar[bool] = True

    customer_code: Text | None = None
    customer_group_id: Text | None = None
    retailer_id: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    company_name: Text | None = None
    contact_first_name: Text | None = None
    contact_last_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    mobile: Text | None = None
    fax: Text | None = None
    note: Text | None = None
    sex: Text | None = None
    date_of_birth: UtcTime | None = None
    """Midnight UTC of the day; the time means nothing."""
    balance: Number | None = None
    loyalty_balance: Number | None = None
    year_to_date: Number | None = None
    """Spent this year; vendor: Webhooks - Example Payloads shows float noise, as 404.07001."""
    on_account_limit: Number | None = None
    points: int | None = None
    enable_loyalty: bool | None = None
    do_not_email: bool | None = None
    custom_field_1: Text | None = None
    custom_field_2: Text | None = None
    custom_field_3: Text | None = None
    custom_field_4: Text | None = None
    contact: Contact | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None

    def order(self) -> str | None:
        """Order by time of change."""
        return by_time(self.updated_at) if self.updated_at else None
