from datetime import UTC, datetime

from actions.lenient import decode
from actions.resources.registers import ListRegisters, Register


def test_a_register_is_read_with_its_numbers_as_strings_and_its_nulls() -> None:
    register = decode(
        b"""{
        "id": "02dcd191-ae2b-11e6-f485-8eceed6eeafb", "name": "Main Register",
        "outlet_id": "02dcd191-ae2b-11e6-f485-8eceed6d9b41", "is_open": true,
        "invoice_prefix": "M", "invoice_suffix": "", "invoice_sequence": "1043",
        "ask_for_note_on_save": 2.0, "ask_for_user_on_sale": false, "print_receipt": true,
        "email_receipt": false, "print_note_on_receipt": true, "show_discounts_on_receipts": true,
        "is_quick_keys_enabled": true, "receipt_template_id": "t-1", "button_layout_id": null,
        "cash_managed_payment_type_id": null, "register_open_time": "2026-07-27T21:00:00+12:00",
        "register_close_time": null, "register_open_sequence_id": null, "deleted_at": null,
        "version": 4312345678}""",
        Register,
    )

    assert register == Register(
        id="02dcd191-ae2b-11e6-f485-8eceed6eeafb",
        name="Main Register",
        outlet_id="02dcd191-ae2b-11e6-f485-8eceed6d9b41",
        is_open=True,
        invoice_prefix="M",
        invoice_suffix="",
        invoice_sequence=1043,
        ask_for_note_on_save=2,
        ask_for_user_on_sale=False,
        print_receipt=True,
        email_receipt=False,
        print_note_on_receipt=True,
        show_discounts_on_receipts=True,
        is_quick_keys_enabled=True,
        receipt_template_id="t-1",
        register_open_time=datetime(2026, 7, 27, 9, tzinfo=UTC),
        version=4312345678,
    )


def test_deleted_registers_are_asked_for_in_the_query() -> None:
    assert ListRegisters(deleted=True, after=7).request().path == "/registers?after=7&deleted=true"
