"""A table whose rows have much in common: what many of them say alike is kept once."""

from collections.abc import Collection
from typing import Any, Final, cast

from msgspec import Struct

from actions.simulator.shop import Shop
from actions.simulator.table import Row, Table, encode

_PRODUCT: Final = (
    *("product_type_id", "type", "product_category", "brand_id", "brand", "supplier_id"),
    *("supplier", "tag_ids", "categories", "attributes", "tax_category", "account_code"),
    *("account_code_purchase", "source", "source_id", "source_variant_id", "active", "is_active"),
    *("has_inventory", "is_composite", "composite_bom", "packaging", "customizations"),
    *("weight", "weight_unit", "length", "width", "height", "dimensions_unit"),
    *("image_url", "image_thumbnail_url", "images", "skuImages", "loyalty_amount"),
)
_PRICE: Final = (
    *("price_book_id", "price", "tax_id", "default_display_price", "retail_tax"),
    *("loyalty_value", "min_units", "max_units", "adjustment", "adjustment_type"),
    *("discount", "rounding", "created_at", "updated_at", "deleted_at"),
)


class Part(Struct, frozen=True, gc=False):
    """A row as it is kept. It reads as a `Row`, whose text is put together when asked for."""

    version: int
    deleted: bool
    own: bytes
    shared: bytes

    @property
    def text(self) -> bytes:
        """Its JSON."""
        return self.own + self.shared


class SharingTable(Table):
    """Keeps the members with certain names once for all rows where they are the same."""

    def __init__(self, shared: Collection[str]) -> None:
        super().__init__()
        self._names = tuple(shared)
        self._texts: dict[bytes, bytes] = {}

    def _kept(self, _row_id: str, data: dict[str, Any], version: int) -> Row:
        own = dict(data)
        shared = {name: own.pop(name) for name in self._names if name in own}
        text = b"," + encode(shared)[1:]
        part = Part(
            version,
            data.get("deleted_at") is not None,
            encode(own)[:-1],
            self._texts.setdefault(text, text),
        )
        return cast("Row", part)


def share(shop: Shop) -> None:
    """Let an empty store keep its largest tables this way."""
    shop.tables["products"] = SharingTable(_PRODUCT)
    shop.tables["price_book_products"] = SharingTable(_PRICE)
