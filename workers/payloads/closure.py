"""Register closures as webhooks send them."""

from msgspec import Struct, field

from actions.lenient import Number, Text, UtcTime
from workers.payloads.payload import Payload
from workers.payloads.sale import RetailerPaymentType


class ClosureTotals(Struct):
    """What went through the register while it was open."""

    sales: Number | None = None
    onaccount: Number | None = None
    laybys: Number | None = None
    tax: Number | None = None
    discounts: Number | None = None
    payments: Number | None = None
    regular_payments: Number | None = None
    onaccount_payments: Number | None = None
    layby_payments: Number | None = None
    loyalty: Number | None = None
    cost_of_goods_sold: Number | None = None


class ClosureTax(Struct):
    """What was collected of one tax."""

    name: Text | None = None
    total: Number | None = None
    rate: Number | None = None
    """A fraction: 0.15 is 15 %."""
    taxable: Number | None = None


class PaymentSummary(Struct):
    """What came in by one way to pay."""

    payment_type_name: Text | None = None
    total: Number | None = None
    discrepancy: Number | None = None


class PaymentCount(Struct):
    """What was counted in the drawer for one way to pay."""

    start_total: Number | None = None
    payments_total: Number | None = None
    withdrawals_total: Number | None = None
    close_total: Number | None = None
    payment_type: RetailerPaymentType | None = None


class Register(Struct):
    """The register that was closed."""

    id: Text | None = None
    name: Text | None = None
    outlet_id: Text | None = None
    outlet_name: Text | None = None


class RegisterClosureCreate(Payload):
    """A register was closed.

    `id` names the closure. It is created once and never changed, so nothing orders its events;
    a second one is a redelivery.
    """

    open_count_sequence: Text | None = None
    """A counter, in digits."""
    register_open_time: UtcTime | None = None
    register_close_time: UtcTime | None = None
    totals: ClosureTotals | None = None
    taxes: dict[str, ClosureTax] = field(default_factory=dict)
    """By tax id."""
    payments_summary: dict[str, PaymentSummary] = field(default_factory=dict)
    """By the retailer's payment type id."""
    payment_counts: list[PaymentCount] = field(default_factory=list)
    register: Register | None = None
