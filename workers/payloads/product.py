"""Products as webhooks send them."""

from msgspec import Struct, field

from actions.lenient import Number, Text, UtcTime
from workers.payloads.payload import Named, Payload, by_version


class Supplier(Struct):
    """Who the product is bought from."""

    id: Text | None = None
    name: Text | None = None
    description: Text | None = None
    source: Text | None = None


class VariantOption(Struct):
    """What sets a variant apart from its siblings, such as Size: 750 ml."""

    id: Text | None = None
    name: Text | None = None
    value: Text | None = None


class OutletTax(Struct):
    """The tax a product is sold with at one outlet."""

    outlet_id: Text | None = None
    tax_id: Text | None = None


class PriceBookEntry(Struct):
    """One price, and for whom, how many and when it holds."""

    id: Text | None = None
    product_id: Text | None = None
    customer_group_id: Text | None = None
    customer_group_name: Text | None = None
    price: Number | None = None
    type: Text | None = None
    """BASE is the price everyone pays."""
    min_units: Number | None = None
    max_units: Number | None = None
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None


class StockLevel(Struct):
    """Stock of a product at one outlet, possibly stale: `inventory.update` has the news."""

    id: Text | None = None
    product_id: Text | None = None
    outlet_id: Text | None = None
    attributed_cost: Number | None = None
    count: Number | None = None
    """May be negative or fractional."""
    reorder_point: Number | None = None
    restock_level: Number | None = None


class ProductUpdate(Payload):
    """A product was created, edited or deleted; stock changes have an event of their own.

    `id` names the product and `version` orders its changes; there are no times. A deletion has
    `deleted_at` set and may still be `active`.
    """

    active: bool | None = None
    name: Text | None = None
    """With the variant's options; `base_name` is without."""
    base_name: Text | None = None
    handle: Text | None = None
    sku: Text | None = None
    description: Text | None = None
    """HTML, with entities."""
    attributed_cost: Number | None = None
    """vendor: Webhooks - Example Payloads; always null, the stock levels have it."""
    supply_price: Number | None = None
    button_order: int | None = None
    source: Text | None = None
    """USER, or the shop system it came from, such as SHOPIFY."""
    source_id: Text | None = None
    source_variant_id: Text | None = None
    retailer_id: Text | None = None
    variant_parent_id: Text | None = None
    variant_options: list[VariantOption] = field(default_factory=list)
    categories: list[Named] = field(default_factory=list)
    brand: Named | None = None
    product_type: Named | None = None
    supplier: Supplier | None = None
    taxes: list[OutletTax] = field(default_factory=list)
    price_book_entries: list[PriceBookEntry] = field(default_factory=list)
    inventory: list[StockLevel] = field(default_factory=list)
    deleted_at: UtcTime | None = None
    version: int | None = None

    def order(self) -> str | None:
        """Order by version."""
        return by_version(self.version)
