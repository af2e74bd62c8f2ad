"""Sales taxes."""

from msgspec import Struct

from actions.action import Action, PathId, Versioned, get
from actions.lenient import Id, Number, Text, UtcTime


class TaxRule(Struct, kw_only=True):
    """When a rate applies."""

    tax_code: Text | None = None
    type: Text | None = None
    value: Text | None = None


class TaxRate(Struct, kw_only=True):
    """One part of a tax."""

    id: Id
    name: Text | None = None
    display_name: Text | None = None
    rate: Number | None = None
    """0.15 is 15 %."""
    rules: list[TaxRule] | None = None


class Tax(Struct, kw_only=True):
    """A tax (vendor: OpenAPI 2026-07, taxes)."""

    id: Id
    name: Text | None = None
    display_name: Text | None = None
    is_default: bool | None = None
    rates: list[TaxRate] | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


@get("/taxes", scope="taxes:read", title="List Taxes")
class ListTaxes(Versioned[Tax]):
    """List taxes, oldest change first. The vendor may leave out the bounds of a page."""


@get("/taxes/{tax_id}", scope="taxes:read", title="Get A Single Tax")
class GetTax(Action[Tax]):
    """Read one tax."""

    tax_id: PathId
