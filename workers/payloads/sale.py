"""Sales as webhooks send them."""

from msgspec import Struct, field

from actions.discreet import Discreet
from actions.lenient import Number, Text, UtcTime
from workers.payloads.payload import Payload, by_time, by_version


class SaleCustomer(Discreet):
    """The buyer; a walk-in has the customer code WALKIN."""

    id: Text | None = None
    customer_code: Text | None = None
    customer_group_id: Text | None = None
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
    points: int | None = None
    enable_loyalty: bool | None = None
    do_not_email: bool | None = None
    custom_field_1: Text | None = None
    custom_field_2: Text | None = None
    custom_field_3: Text | None = None
    custom_field_4: Text | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None


class SaleLine(Discreet):
    """One product of the sale; an element of `register_sale_products`."""

    id: Text | None = None
    product_id: Text | None = None
    quantity: Number | None = None
    """Negative for a return; may be zero or fractional."""
    price: Number | None = None
    """Of one unit, without tax."""
    price_total: Number | None = None
    price_set: bool | None = None
    discount: Number | None = None
    loyalty_value: Number | None = None
    tax: Number | None = None
    """Of one unit."""
    tax_total: Number | None = None
    tax_id: Text | None = None
    """Not the id under the sale's `taxes`."""
    is_return: bool | None = None
    note: Text | None = None


class PaymentType(Struct):
    """A way to pay as the vendor knows it, such as Cash."""

    id: Text | None = None
    name: Text | None = None
    has_native_support: bool | None = None


class RetailerPaymentType(Discreet):
    """A way to pay as the retailer set it up."""

    id: Text | None = None
    name: Text | None = None
    payment_type_id: Text | None = None
    config: Text | None = None
    """JSON text."""


class SalePayment(Struct):
    """One payment; an element of `register_sale_payments`."""

    id: Text | None = None
    amount: Number | None = None
    payment_date: UtcTime | None = None
    payment_type_id: Text | None = None
    payment_type: PaymentType | None = None
    retailer_payment_type_id: Text | None = None
    retailer_payment_type: RetailerPaymentType | None = None


class SaleTax(Struct):
    """What the sale owes of one tax."""

    id: Text | None = None
    """Not the `tax_id` of the lines."""
    name: Text | None = None
    rate: Number | None = None
    """A fraction: 0.15 is 15 %."""
    tax: Number | None = None


class SaleTotals(Struct):
    """The sums of the sale."""

    total_price: Number | None = None
    """Without tax."""
    total_tax: Number | None = None
    total_payment: Number | None = None
    total_to_pay: Number | None = None
    """What is still owed; of a closed sale a few thousandths may remain, by rounding."""
    total_loyalty: Number | None = None


class SaleUser(Discreet):
    """Who made the sale."""

    id: Text | None = None
    name: Text | None = None
    """What they sign in with, often an email address."""
    display_name: Text | None = None
    email: Text | None = None
    target_daily: Number | None = None
    target_weekly: Number | None = None
    target_monthly: Number | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None


class SaleUpdate(Payload):
    """A sale was created or changed; layby, account and parked sales fire several times.

    `id` names the sale; `version`, then `updated_at`, orders its changes. Lines, payments and
    totals may differ from one event to the next.
    """

    status: Text | None = None
    """SAVED (parked), OPEN, CLOSED, LAYBY, VOIDED and more; vendor: Sales Statuses, open-ended."""
    outlet_id: Text | None = None
    register_id: Text | None = None
    user_id: Text | None = None
    customer_id: Text | None = None
    invoice_number: Text | None = None
    short_code: Text | None = None
    note: Text | None = None
    return_for: Text | None = None
    """The id of the sale whose goods come back."""
    source: Text | None = None
    source_id: Text | None = None
    sale_date: UtcTime | None = None
    register_sale_products: list[SaleLine] = field(default_factory=list)
    register_sale_payments: list[SalePayment] = field(default_factory=list)
    taxes: list[SaleTax] = field(default_factory=list)
    totals: SaleTotals | None = None
    customer: SaleCustomer | None = None
    user: SaleUser | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None

    def order(self) -> str | None:
        """Order by version, then by time of change."""
        version = by_version(self.version)
        return None if version is None else version + by_time(self.updated_at)
