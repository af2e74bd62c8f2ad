"""Stock as webhooks send it."""

from msgspec import Struct, field

from actions.lenient import Number, Text, UtcTime
from workers.payloads.payload import Named, Payload, by_version
from workers.payloads.product import OutletTax, VariantOption


class Outlet(Struct):
    """Where the stock is."""

    id: Text | None = None
    name: Text | None = None
    tax_id: Text | None = None
    time_zone: Text | None = None
    """IANA name, such as Pacific/Auckland."""


class StockedProduct(Struct):
    """What is in stock: less than `product.update` tells of it."""

    id: Text | None = None
    active: bool | None = None
    name: Text | None = None
    """With the variant's options; `base_name` is without."""
    base_name: Text | None = None
    handle: Text | None = None
    sku: Text | None = None
    description: Text | None = None
    """HTML, with entities."""
    attributed_cost: Number | None = None
    """vendor: changelog of October 2019; always null, the stock record has it."""
    supply_price: Number | None = None
    button_order: int | None = None
    source: Text | None = None
    source_id: Text | None = None
    source_variant_id: Text | None = None
    variant_parent_id: Text | None = None
    variant_options: list[VariantOption] = field(default_factory=list)
    categories: list[Named] = field(default_factory=list)
    taxes: list[OutletTax] = field(default_factory=list)
    deleted_at: UtcTime | None = None


class InventoryUpdate(Payload):
    """Stock of a tracked product changed: by a sale, an adjustment or a consignment.

    `id` names the record of one product at one outlet, not the product; `version` orders its
    changes. There is no time of its own.
    """

    product_id: Text | None = None
    outlet_id: Text | None = None
    count: Number | None = None
    """May be negative or fractional."""
    attributed_cost: Number | None = None
    reorder_point: Number | None = None
    restock_level: Number | None = None
    outlet: Outlet | None = None
    product: StockedProduct | None = None
    version: int | None = None

    def order(self) -> str | None:
        """Order by version."""
        return by_version(self.version)
