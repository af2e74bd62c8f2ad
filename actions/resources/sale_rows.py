"""What comes back of a sale."""

from typing import Any

from msgspec import Struct, field

from actions.discreet import Discreet
from actions.lenient import Id, Number, Text, UtcTime


class SaleAuthor(Struct, kw_only=True):
    """The user who made the sale."""

    id: Text | None = None


class SaleSource(Struct, kw_only=True):
    """Where the sale, or a part of it, was made."""

    id: Text | None = None
    """What the system that made the sale calls it."""
    type: Text | None = None
    outlet_id: Text | None = None
    register_id: Text | None = None
    author: SaleAuthor | None = None


class SaleReturn(Struct, kw_only=True):
    """How the sale stands to the sale that it takes back, and to those that take it back."""

    is_return: bool | None = None
    original_sale_id: Text | None = None
    return_sale_ids: list[Text] | None = None


class LineProduct(Struct, kw_only=True):
    """The product of a line."""

    id: Text | None = None


class LinePricing(Struct, kw_only=True):
    """What a line costs; per unit and without tax, but for the totals (vendor: sales_101)."""

    price: Number | None = None
    cost: Number | None = None
    cost_total: Number | None = None
    discount: Number | None = None
    discount_total: Number | None = None
    loyalty_amount: Number | None = None
    loyalty_amount_total: Number | None = None
    total: Number | None = None


class LineTax(Struct, kw_only=True):
    """The tax on a line."""

    id: Text | None = None
    amount: Number | None = None
    """Of one unit."""
    total: Number | None = None


class LinePromotion(Struct, kw_only=True):
    """A promotion that lowered a line."""

    id: Text | None = None
    name: Text | None = None
    amount: Number | None = None
    promo_code: Text | None = None
    promo_code_id: Text | None = None


class LineReturn(Struct, kw_only=True):
    """Whether a line takes goods back, and why."""

    is_return: bool | None = None
    reason: Text | None = None


class TaxComponent(Struct, kw_only=True):
    """A tax rate's part in a line's tax."""

    rate_id: Text | None = None
    total_tax: Number | None = None


class LineMetadata(Struct, kw_only=True):
    """What the vendor keeps beside a line."""

    is_price_override: bool | None = None
    sequence: int | None = None
    tax_components: list[TaxComponent] | None = None


class SaleLine(Discreet, kw_only=True):
    """One product of a sale."""

    id: Text | None = None
    product: LineProduct | None = None
    quantity: Number | None = None
    pricing: LinePricing | None = None
    tax: LineTax | None = None
    promotions: list[LinePromotion] | None = None
    status: Text | None = None
    note: Text | None = None
    salesperson_id: Text | None = None
    gift_card_number: Text | None = None
    returned: LineReturn | None = field(name="return", default=None)
    source: SaleSource | None = None
    surcharges: list[Any] | None = None
    customizations: list[Any] | None = None
    metadata: LineMetadata | None = field(name="_metadata", default=None)


class PaymentKind(Struct, kw_only=True):
    """How a payment was made; `config_id` is the id of the payment type."""

    id: Text | None = None
    """The vendor's own, of no use elsewhere."""
    config_id: Text | None = None
    name: Text | None = None


class Surcharge(Struct, kw_only=True):
    """What was added for a way to pay."""

    amount: Number | None = None
    rule: Any = None


class PaymentMetadata(Struct, kw_only=True):
    """What the vendor keeps beside a payment."""

    register_open_sequence_id: Text | None = None


class SalePayment(Discreet, kw_only=True):
    """One payment of a sale."""

    id: Text | None = None
    amount: Number | None = None
    date: UtcTime | None = None
    deleted_at: UtcTime | None = None
    type: PaymentKind | None = None
    source: SaleSource | None = None
    surcharge: Surcharge | None = None
    billing_address_id: Text | None = None
    external_attributes: list[Any] | None = None
    external_applications: list[Any] | None = None
    metadata: PaymentMetadata | None = field(name="_metadata", default=None)


class SaleTax(Struct, kw_only=True):
    """What a tax comes to over the whole sale."""

    id: Text | None = None
    tax: Number | None = None


class SaleTotals(Struct, kw_only=True):
    """The sums of a sale."""

    price: Number | None = None
    """Without tax."""
    price_incl_tax: Number | None = None
    tax: Number | None = None
    loyalty: Number | None = None
    surcharge: Number | None = None


class SaleAdjustment(Struct, kw_only=True):
    """A fee, discount or tip, summed over the sale."""

    adjustment_type: Text | None = None
    name: Text | None = None
    total: Number | None = None
    tax_components: list[Any] | None = None


class SaleMetadata(Struct, kw_only=True):
    """What the vendor keeps beside a sale."""

    version: int | None = None
    xero_reference: Text | None = None
    complete_open_sequence_id: Text | None = None
    has_unsynced_on_account_payments: bool | None = None


class Sale(Discreet, kw_only=True):
    """A sale (vendor: OpenAPI 2026-07, sales). All but its id is None where only that came."""

    id: Id
    state: Text | None = None
    """parked, pending, voided or closed."""
    date: UtcTime | None = None
    customer_id: Text | None = None
    invoice_number: Text | None = None
    receipt_number: Text | None = None
    note: Text | None = None
    short_code: Text | None = None
    attributes: list[Text] | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    source: SaleSource | None = None
    returned: SaleReturn | None = field(name="return", default=None)
    line_items: list[SaleLine] | None = None
    payments: list[SalePayment] | None = None
    taxes: list[SaleTax] | None = None
    totals: SaleTotals | None = None
    adjustments: list[SaleAdjustment] | None = None
    external_applications: list[Any] | None = None
    ecom_custom_charges: list[Any] | None = None
    metadata: SaleMetadata | None = field(name="_metadata", default=None)

    @property
    def version(self) -> int | None:
        """Where other resources have it too; the vendor keeps a sale's in `_metadata`."""
        return self.metadata.version if self.metadata else None
