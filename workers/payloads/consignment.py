"""Consignments as webhooks send them: one product line at a time."""

from actions.lenient import Number, Text
from workers.payloads.payload import Payload


class _ConsignmentLine(Payload):
    """One product of a consignment."""

    consignment_id: Text | None = None
    product_id: Text | None = None
    count: Number | None = None
    received: Number | None = None
    """None on send."""
    cost: Number | None = None
    sequence_number: int | None = None


class ConsignmentSend(_ConsignmentLine):
    """One product line of a stock transfer was sent.

    `id` names the line, not the consignment. Nothing orders its events: there is neither a
    version nor a time.
    """


class ConsignmentReceive(_ConsignmentLine):
    """One product line of a supplier order, a transfer or a stocktake was received.

    `id` names the line, not the consignment. A line may arrive in parts, each an event with the
    same id, and nothing orders them: there is neither a version nor a time.
    """
