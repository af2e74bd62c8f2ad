"""Outlets: the places where a retailer sells or keeps stock."""

from msgspec import UNSET, Struct, UnsetType

from actions.action import Action, PathId, Versioned, get
from actions.lenient import Id, Text, UtcTime


class OutletAttribute(Struct, kw_only=True):
    """A setting of an outlet, such as `low_stock_warning` or `order_reference_prefix`."""

    key: Text | None = None
    value: Text | None = None


class Outlet(Struct, kw_only=True):
    """An outlet (vendor: OpenAPI 2026-07, outlets)."""

    id: Id
    name: Text | None = None
    default_tax_id: Text | None = None
    """Deprecated by the vendor."""
    currency: Text | None = None
    """Such as `NZD`."""
    currency_symbol: Text | None = None
    display_prices: Text | None = None
    """`inclusive` or `exclusive` of tax."""
    time_zone: Text | None = None
    """The name of a zone, such as `Pacific/Auckland`."""
    email: Text | None = None
    phone: Text | None = None
    physical_address_1: Text | None = None
    physical_address_2: Text | None = None
    physical_suburb: Text | None = None
    physical_city: Text | None = None
    physical_postcode: Text | None = None
    physical_state: Text | None = None
    physical_country_id: Text | None = None
    latitude: Text | None = None
    longitude: Text | None = None
    attributes: list[OutletAttribute] | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


@get("/outlets", scope="outlets:read", title="List Outlets")
class ListOutlets(Versioned[Outlet]):
    """List outlets, oldest change first."""

    deleted: bool | UnsetType = UNSET
    """Deleted ones too."""


@get("/outlets/{outlet_id}", scope="outlets:read", title="Get A Single Outlet")
class GetOutlet(Action[Outlet]):
    """Read one outlet."""

    outlet_id: PathId
