"""Suppliers of products."""

from decimal import Decimal
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from actions.action import Action, PathId, Versioned, get, post, put
from actions.discreet import Discreet
from actions.lenient import Id, Number, Text, UtcTime


class SupplierContact(Discreet, kw_only=True):
    """Whom to ask at a supplier. Address lines have no underscore before the digit."""

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
    postal_address1: Text | None = None
    postal_address2: Text | None = None
    postal_suburb: Text | None = None
    postal_city: Text | None = None
    postal_postcode: Text | None = None
    postal_state: Text | None = None
    postal_country_id: Text | None = None


class Supplier(Struct, kw_only=True):
    """A supplier (vendor: OpenAPI 2026-07, suppliers). Version and contact may be left out."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    default_markup: Number | None = None
    contact: SupplierContact | None = None
    source: Text | None = None
    """USER or SHOPIFY."""
    deleted_at: UtcTime | None = None
    version: int | None = None


class SupplierContactInput(Discreet, kw_only=True, forbid_unknown_fields=True):
    """Whom to ask at a supplier. Address lines have no underscore before the digit."""

    first_name: str | UnsetType | None = UNSET
    last_name: str | UnsetType | None = UNSET
    company_name: str | UnsetType | None = UNSET
    """When left out, the supplier's name."""
    phone: str | UnsetType | None = UNSET
    mobile: str | UnsetType | None = UNSET
    fax: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    twitter: str | UnsetType | None = UNSET
    website: str | UnsetType | None = UNSET
    physical_address1: str | UnsetType | None = UNSET
    physical_address2: str | UnsetType | None = UNSET
    physical_suburb: str | UnsetType | None = UNSET
    physical_city: str | UnsetType | None = UNSET
    physical_postcode: str | UnsetType | None = UNSET
    physical_state: str | UnsetType | None = UNSET
    physical_country_id: str | UnsetType | None = UNSET
    postal_address1: str | UnsetType | None = UNSET
    postal_address2: str | UnsetType | None = UNSET
    postal_suburb: str | UnsetType | None = UNSET
    postal_city: str | UnsetType | None = UNSET
    postal_postcode: str | UnsetType | None = UNSET
    postal_state: str | UnsetType | None = UNSET
    postal_country_id: str | UnsetType | None = UNSET


@get("/suppliers", scope="suppliers:read", title="List Suppliers")
class ListSuppliers(Versioned[Supplier]):
    """List suppliers, oldest change first."""

    deleted: bool | UnsetType = UNSET
    """Deleted ones too."""


@get("/suppliers/{supplier_id}", scope="suppliers:read", title="Get A Single Supplier")
class GetSupplier(Action[Supplier]):
    """Read one supplier."""

    supplier_id: PathId


@post("/suppliers", scope="suppliers:write", title="Create New Supplier")
class CreateSupplier(Action[str]):
    """Create a supplier and return its id. The vendor accepts a name twice."""

    name: Annotated[str, Meta(min_length=1)]
    contact: SupplierContactInput | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    default_markup: Decimal | UnsetType = UNSET


@put(
    "/suppliers/{supplier_id}",
    scope="suppliers:write",
    title="Update A Supplier",
    answer="bare",
    repeatable=True,
)
class UpdateSupplier(Action[str]):
    """Update a supplier and return its id, which the vendor does not wrap in `data` here."""

    supplier_id: PathId
    name: Annotated[str, Meta(min_length=1)]
    contact: SupplierContactInput | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    default_markup: Decimal | UnsetType = UNSET
