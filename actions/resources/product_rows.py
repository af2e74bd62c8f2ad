"""Parts of products: what a product holds, and what is sent to make or change one."""

from decimal import Decimal
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from actions.lenient import Id, Number, Text, UtcTime
from actions.resources.product_categories import CategoryStep

CodeType = Literal["CUSTOM", "EAN", "ISBN", "ITF", "JAN", "UPC"]
ImageType = Literal["s3", "url", "product-image", "sku-image"]
WeightUnit = Literal["CT", "G", "OZ", "LB", "KG"]
LengthUnit = Literal["IN", "CM", "MM", "YD"]


class Link(Struct, kw_only=True):
    """Something a product belongs to; all None where there is none (vendor sends `{}`)."""

    id: Text | None = None
    name: Text | None = None
    version: int | None = None
    deleted_at: UtcTime | None = None


class CategoryLink(Link, kw_only=True):
    """The category of a product."""

    leaf_category: bool | None = None
    category_path: list[CategoryStep] | None = None


class NamedValue(Struct, kw_only=True):
    """An attribute such as colour with its value."""

    id: Text | None = None
    name: Text | None = None
    value: Text | None = None


class ProductCode(Struct, kw_only=True):
    """A code of a product. The type comes in either case."""

    id: Text | None = None
    type: Text | None = None
    code: Text | None = None


class ProductSupplier(Struct, kw_only=True):
    """What a supplier asks for a product."""

    id: Text | None = None
    product_id: Text | None = None
    supplier_id: Text | None = None
    supplier_name: Text | None = None
    price: Number | None = None
    code: Text | None = None


class ProductOutletTax(Struct, kw_only=True):
    """The tax of a product at one outlet."""

    outlet_id: Text | None = None
    tax_id: Text | None = None


class Packaging(Struct, kw_only=True):
    """What a product is broken into and made from."""

    breaks_into: list[dict[str, Any]] | None = None
    made_from: list[dict[str, Any]] | None = None


class ShownImage(Struct, kw_only=True):
    """An image as a product shows it."""

    id: Text | None = None
    url: Text | None = None
    version: int | None = None
    sizes: dict[str, Text] | None = None
    """The addresses by size: ss, standard, st, original, thumb, sl, sm."""


class Product(Struct, kw_only=True):
    """A product or one variant of a family (vendor: OpenAPI 2026-07, products)."""

    id: Id
    name: Text | None = None
    handle: Text | None = None
    sku: Text | None = None
    active: bool | None = None
    is_active: bool | None = None
    description: Text | None = None
    source: Text | None = None
    source_id: Text | None = None
    source_variant_id: Text | None = None
    version: int | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    has_variants: bool | None = None
    variant_parent_id: Text | None = None
    family_id: Text | None = None
    variant_name: Text | None = None
    variant_options: list[NamedValue] | None = None
    variant_count: int | None = None
    button_order: int | None = None
    price_including_tax: Number | None = None
    price_excluding_tax: Number | None = None
    """Up to five decimals."""
    supply_price: Number | None = None
    loyalty_amount: Number | None = None
    outlet_taxes: list[ProductOutletTax] | None = None
    tax_category: Any = None
    account_code: Text | None = None
    account_code_purchase: Text | None = None
    supplier_id: Text | None = None
    supplier: Link | None = None
    supplier_code: Text | None = None
    product_type_id: Text | None = None
    type: CategoryLink | None = None
    """The old name of the category."""
    product_category: CategoryLink | None = None
    brand_id: Text | None = None
    brand: Link | None = None
    tag_ids: list[Text] | None = None
    categories: list[Link] | None = None
    """The tags; the category is `product_category`."""
    attributes: list[NamedValue] | None = None
    product_codes: list[ProductCode] | None = None
    product_suppliers: list[ProductSupplier] | None = None
    has_inventory: bool | None = None
    is_composite: bool | None = None
    composite_bom: dict[str, Number] | None = None
    """Quantities by product id."""
    packaging: Packaging | None = None
    customizations: Any = None
    weight: Number | None = None
    weight_unit: Text | None = None
    length: Number | None = None
    width: Number | None = None
    height: Number | None = None
    dimensions_unit: Text | None = None
    image_url: Text | None = None
    """A placeholder's where there is no image."""
    image_thumbnail_url: Text | None = None
    images: list[ShownImage] | None = None
    sku_images: list[ShownImage] | None = field(name="skuImages", default=None)


class Part(Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of what is sent. Where it is sent whole lists, they replace what was there."""


class CodeToSet(Part, kw_only=True):
    """A code to give a product."""

    type: CodeType | UnsetType = UNSET
    code: str


class SupplierToSet(Part, kw_only=True):
    """What a supplier asks. In an update of the family, price -1 and code "" delete theirs."""

    supplier_id: str | UnsetType = UNSET
    price: Decimal | UnsetType = UNSET
    code: str | UnsetType = UNSET


class Attribute(Part, kw_only=True):
    """An attribute to give a new product."""

    key: str | UnsetType = UNSET
    value: str | UnsetType = UNSET


class ImageToAdd(Part, kw_only=True):
    """An image of a new product."""

    type: ImageType
    location: str
    index: int | UnsetType = UNSET


class StockToSet(Part, kw_only=True):
    """The stock at one outlet."""

    outlet_id: str
    current_amount: Decimal | UnsetType = UNSET
    reorder_point: Decimal | UnsetType = UNSET
    reorder_amount: Decimal | UnsetType = UNSET


class OpeningStock(Part, kw_only=True):
    """The stock that a new product begins with at one outlet."""

    outlet_id: str
    current_amount: Decimal
    reorder_point: Decimal | UnsetType = UNSET
    """-1 clears it."""
    reorder_amount: Decimal | UnsetType = UNSET


class TaxToSet(Part, kw_only=True):
    """The tax at all outlets; an empty id means the default."""

    tax_id: str | UnsetType = UNSET


class NewTax(TaxToSet, kw_only=True):
    """The tax of a new product at all outlets, in stores with prices that include tax."""

    is_default: bool | UnsetType = UNSET


class OutletTaxToSet(Part, kw_only=True):
    """The tax at one outlet, in stores with prices that exclude tax."""

    outlet_id: str
    tax_id: str


class Component(Part, kw_only=True):
    """How many of a product stand in a composite."""

    product_id: str
    quantity: Decimal


class Priced(Part, kw_only=True):
    """Price, weight and size. The price includes tax or excludes it, never both."""

    price_including_tax: Decimal | UnsetType = UNSET
    price_excluding_tax: Decimal | UnsetType = UNSET
    weight: Decimal | UnsetType = UNSET
    weight_unit: WeightUnit | UnsetType = UNSET
    length: Decimal | UnsetType = UNSET
    width: Decimal | UnsetType = UNSET
    height: Decimal | UnsetType = UNSET
    dimensions_unit: LengthUnit | UnsetType = UNSET

    def check_price(self, where: str = "") -> None:
        """Raise `ValueError` when both prices are given; `where` leads to this part."""
        with_tax, without = self.price_including_tax, self.price_excluding_tax
        if with_tax is not UNSET and without is not UNSET:
            raise ValueError(
                f"{where}price_including_tax and {where}price_excluding_tax must not be given"
                f" together, but are {with_tax} and {without}."
            )
