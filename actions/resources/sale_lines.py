"""What a sale is written with: lines, payments, adjustments."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

NotBlank = Annotated[str, Meta(min_length=1)]
Moment = Annotated[datetime, Meta(tz=True)]
Numeric = Annotated[str, Meta(pattern=r"^-?\d+(\.\d+)?$", max_length=32)]
Delivery = Literal["DISPATCH", "PICKUP"]


class SaleSourceInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who makes the sale, and where."""

    author_id: NotBlank
    """A user's id."""
    register_id: NotBlank | UnsetType = UNSET
    id: str | UnsetType = UNSET
    """What your own system calls the sale."""
    type: str | UnsetType = UNSET
    """The name of your own system."""


class AdjustmentAmount(Struct, kw_only=True, forbid_unknown_fields=True):
    """How much an adjustment adds or takes away; the contract wants a string."""

    type: Literal["FIXED", "PERCENT"]
    value: Numeric


class AdjustmentSource(Struct, kw_only=True, forbid_unknown_fields=True):
    """What an adjustment comes from."""

    id: str | UnsetType = UNSET


class AdjustmentInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """A fee, discount or tip."""

    type: Literal["NON_CASH_FEE", "DISCOUNT", "TIP"]
    amount: AdjustmentAmount | UnsetType = UNSET
    name: str | UnsetType = UNSET
    source: AdjustmentSource | UnsetType = UNSET


class AdjustmentTarget(Struct, kw_only=True, forbid_unknown_fields=True):
    """What an adjustment on a line applies to."""

    method: Literal["PROPORTIONED", "EACH", "SINGLE"]
    ids: list[NotBlank] | UnsetType = UNSET


class LineAdjustmentInput(AdjustmentInput, kw_only=True):
    """A fee, discount or tip on a line."""

    target: AdjustmentTarget


class SalePricingInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """What changes the price of the sale as a whole."""

    adjustments: list[AdjustmentInput] | UnsetType = UNSET


class LineProductInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """The product of a line."""

    id: NotBlank


class LinePricingInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """What one unit costs, without tax (vendor: sales_101)."""

    price: Decimal
    cost: Decimal | UnsetType = UNSET
    discount: Decimal | UnsetType = UNSET
    loyalty_amount: Decimal | UnsetType = UNSET
    adjustments: list[LineAdjustmentInput] | UnsetType = UNSET


class LineTaxInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """The tax on one unit; without tax it is the retailer's `no_tax_group_id` and 0."""

    id: NotBlank
    amount: Decimal


class LineAttribute(Struct, kw_only=True, forbid_unknown_fields=True):
    """Something said of a line; `line_note` is its note."""

    name: NotBlank
    value: str


class LineMetadataInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """How a line stands in the sale."""

    is_price_override: bool | UnsetType = UNSET
    sequence: int | UnsetType = UNSET
    fulfillment_method: Delivery | UnsetType = UNSET


class LineSourceInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who adds the line, and where."""

    author_id: NotBlank | UnsetType = UNSET
    register_id: NotBlank | UnsetType = UNSET


class SaleLineInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """One product of the sale."""

    product: LineProductInput
    quantity: Decimal
    pricing: LinePricingInput
    tax: LineTaxInput
    id: NotBlank | UnsetType = UNSET
    """Of a line that is there already."""
    status: str | UnsetType = UNSET
    """CONFIRMED makes it read only while the sale is pending."""
    attributes: list[LineAttribute] | UnsetType = UNSET
    metadata: LineMetadataInput | UnsetType = field(name="_metadata", default=UNSET)
    source: LineSourceInput | UnsetType = UNSET
    fulfilment_outlet_id: NotBlank | UnsetType = UNSET
    """Spelt with one l on lines, with two on the sale."""


class PaymentKindInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """How it is paid."""

    config_id: NotBlank
    """A payment type's id."""


class PaymentSourceInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where it is paid."""

    register_id: NotBlank | UnsetType = UNSET


class SalePaymentInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """One payment of the sale."""

    amount: Decimal
    type: PaymentKindInput
    id: NotBlank | UnsetType = UNSET
    """Of a payment that is there already."""
    date: Moment | UnsetType = UNSET
    source: PaymentSourceInput | UnsetType = UNSET
    billing_address_id: str | UnsetType | None = UNSET
    billing_address_token: str | UnsetType | None = UNSET


class FulfillmentInput(Struct, kw_only=True, forbid_unknown_fields=True):
    """How the goods reach the customer."""

    type: Delivery | UnsetType = UNSET
    note: str | UnsetType = UNSET
    shipping_address_id: NotBlank | UnsetType = UNSET
    """Or `shipping_address_token`, never both."""
    shipping_address_token: NotBlank | UnsetType = UNSET
