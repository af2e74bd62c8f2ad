from decimal import Decimal

import msgspec
import pytest

from actions.lenient import decode
from actions.resources.suppliers import (
    CreateSupplier,
    Supplier,
    SupplierContact,
    SupplierContactInput,
    UpdateSupplier,
)


def test_a_supplier_goes_on_the_wire_with_the_contacts_own_spelling() -> None:
    update = UpdateSupplier(
        "p-1",
        name="Beans & Co",
        contact=SupplierContactInput(email=None, physical_address1="1 Quay St"),
        description=None,
        default_markup=Decimal("0.350"),
    )

    assert update.request().path == "/suppliers/p-1"
    assert update.request().body == (
        b'{"name":"Beans & Co","contact":{"email":null,"physical_address1":"1 Quay St"},'
        b'"description":null,"default_markup":0.350}'
    )


def test_a_new_supplier_needs_no_more_than_a_name() -> None:
    assert CreateSupplier("Beans & Co").request().body == b'{"name":"Beans & Co"}'


def test_a_suppliers_contact_refuses_a_customers_spelling() -> None:
    with pytest.raises(msgspec.ValidationError, match="physical_address_1"):
        msgspec.convert(
            {"name": "Beans & Co", "contact": {"physical_address_1": "1 Quay St"}}, CreateSupplier
        )


def test_a_supplier_is_read_and_its_contact_is_not_shown() -> None:
    supplier = decode(
        b"""{
        "id": "p-1", "name": "Beans & Co", "description": null, "default_markup": "0.35",
        "source": "USER", "deleted_at": null, "version": "4312345678",
        "contact": {"first_name": "Ada", "phone": 6491234567, "postal_postcode": 1010,
            "email": null}}""",
        Supplier,
    )

    assert supplier == Supplier(
        id="p-1",
        name="Beans & Co",
        default_markup=Decimal("0.35"),
        source="USER",
        version=4312345678,
        contact=SupplierContact(first_name="Ada", phone="6491234567", postal_postcode="1010"),
    )
    assert "Ada" not in repr(supplier)
    assert decode(b'{"id": "p-1", "contact": {}}', Supplier).contact == SupplierContact()
