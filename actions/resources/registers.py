"""Registers: the tills of an outlet."""

from msgspec import UNSET, Struct, UnsetType

from actions.action import Action, PathId, Versioned, get
from actions.lenient import Id, Text, UtcTime


class Register(Struct, kw_only=True):
    """A register (vendor: OpenAPI 2026-07, registers)."""

    id: Id
    name: Text | None = None
    outlet_id: Text | None = None
    is_open: bool | None = None
    invoice_prefix: Text | None = None
    invoice_suffix: Text | None = None
    invoice_sequence: int | None = None
    ask_for_note_on_save: int | None = None
    """0, 1 or 2."""
    ask_for_user_on_sale: bool | None = None
    print_receipt: bool | None = None
    email_receipt: bool | None = None
    print_note_on_receipt: bool | None = None
    show_discounts_on_receipts: bool | None = None
    is_quick_keys_enabled: bool | None = None
    """In the vendor's examples only."""
    receipt_template_id: Text | None = None
    button_layout_id: Text | None = None
    cash_managed_payment_type_id: Text | None = None
    register_open_time: UtcTime | None = None
    register_close_time: UtcTime | None = None
    register_open_sequence_id: Text | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


@get("/registers", scope="registers:read", title="List Registers")
class ListRegisters(Versioned[Register]):
    """List registers, oldest change first."""

    deleted: bool | UnsetType = UNSET
    """Deleted ones too."""


@get("/registers/{register_id}", scope="registers:read", title="Get A Single Register")
class GetRegister(Action[Register]):
    """Read one register."""

    register_id: PathId
