"""Products: plain ones, composites and families of variants."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from actions.action import Action, Page, PathId, Versioned, delete, get, post, put
from actions.resources.product_rows import (
    Attribute,
    CodeToSet,
    Component,
    ImageToAdd,
    NewTax,
    OpeningStock,
    OutletTaxToSet,
    Part,
    Priced,
    Product,
    StockToSet,
    SupplierToSet,
    TaxToSet,
)

Exact = Annotated[str, Meta(min_length=1)]


class Sellable(Priced, kw_only=True):
    """What a new plain product and a new variant have in common."""

    sku: str | UnsetType = UNSET
    """Taken from the store's sequence where it is missing (vendor: Product variants)."""
    product_codes: list[CodeToSet] | UnsetType = UNSET
    supply_price: Decimal | UnsetType = UNSET
    supplier_code: str | UnsetType = UNSET
    product_suppliers: list[SupplierToSet] | UnsetType = UNSET
    inventory: list[OpeningStock] | UnsetType = UNSET
    images: list[ImageToAdd] | UnsetType = UNSET
    all_outlets_tax: NewTax | UnsetType = UNSET
    outlet_taxes: list[OutletTaxToSet] | UnsetType = UNSET


class VariantDefinition(Part, kw_only=True):
    """The value of a variant for one attribute of its family."""

    attribute_id: str | UnsetType = UNSET
    value: str | UnsetType = UNSET


class NewVariant(Sellable, kw_only=True):
    """One variant of a new family. Its sku joins the codes when it is missing there."""

    variant_definitions: Annotated[list[VariantDefinition], Meta(max_length=3)] | UnsetType = UNSET


class VariantAttribute(Part, kw_only=True):
    """An attribute in which the variants of a family differ."""

    attribute_id: str | UnsetType = UNSET


class AttributeValue(Part, kw_only=True):
    """The value of one variant for one attribute."""

    attribute_id: str
    attribute_value: str


class Breakdown(Part, kw_only=True):
    """How many of one product another is broken into."""

    source_product_id: str | UnsetType = UNSET
    destination_product_id: str | UnsetType = UNSET
    amount: Decimal | UnsetType = UNSET


class FamilyChange(Part, kw_only=True):
    """What changes for the whole family. A list replaces the one before."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    brand_id: str | UnsetType = UNSET
    """An empty one clears it."""
    product_category_id: str | UnsetType = UNSET
    """A leaf of the hierarchy; an empty one clears it."""
    tag_ids: list[str] | UnsetType = UNSET
    product_suppliers: list[SupplierToSet] | UnsetType = UNSET
    """The first is the default."""
    track_inventory: bool | UnsetType = UNSET
    variant_attributes: Annotated[list[VariantAttribute], Meta(max_length=3)] | UnsetType = UNSET
    """Their order counts."""
    account_code_sale: str | UnsetType = UNSET
    account_code_purchase: str | UnsetType = UNSET


class ProductChange(Priced, kw_only=True):
    """What changes for this product alone."""

    is_active: bool | UnsetType = UNSET
    product_codes: list[CodeToSet] | UnsetType = UNSET
    """All of them; the first is the default."""
    loyalty_amount: Decimal | UnsetType = UNSET
    """-1 means the default."""
    all_outlets_tax: TaxToSet | UnsetType = UNSET
    outlet_taxes: list[OutletTaxToSet] | UnsetType = UNSET
    product_suppliers: list[SupplierToSet] | UnsetType = UNSET
    """Some of the family's."""
    variant_attribute_values: list[AttributeValue] | UnsetType = UNSET
    inventory: list[StockToSet] | UnsetType = UNSET
    composite_components: list[Component] | UnsetType = UNSET
    packaging: list[Breakdown] | UnsetType = UNSET


@get("/products", scope="products:read", title="List Products")
class ListProducts(Versioned[Product]):
    """List products, oldest change first.

    With sku, name or family_name the vendor ignores every other parameter and all pages.
    """

    deleted: bool | UnsetType = UNSET
    """Deleted ones too."""
    sku: Exact | UnsetType = UNSET
    name: Exact | UnsetType = UNSET
    family_name: Exact | UnsetType = UNSET
    """Another word for name."""
    includes: list[Literal["composite_products"]] | UnsetType = UNSET
    include_images: bool | UnsetType = UNSET
    """True unless told otherwise."""

    def following(self, page: Page[Product]) -> "ListProducts | None":
        """Stop where the vendor ignores paging: the same page would come again."""
        if any(given is not UNSET for given in (self.sku, self.name, self.family_name)):
            return None
        after = super().following(page)
        return after if isinstance(after, ListProducts) else None


@get("/products/{product_id}", scope="products:read", title="Get A Single Product")
class GetProduct(Action[Product]):
    """Read one product or one variant."""

    product_id: PathId


@post("/products", scope="products:write", title="Create Product")
class CreateProduct(Sellable, Action[list[str]], kw_only=True):
    """Create a product or a family, and return the new ids: one, or one for each variant.

    The name of a family is unique (vendor: Product variants). Prices keep up to five decimals.
    """

    name: str
    description: str | UnsetType = UNSET
    """HTML is allowed."""
    handle: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    source_id: str | UnsetType = UNSET
    source_variant_id: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    supplier_id: str | UnsetType = UNSET
    product_type_id: str | UnsetType = UNSET
    product_category_id: str | UnsetType = UNSET
    """A leaf of the hierarchy."""
    brand_id: str | UnsetType = UNSET
    tag_ids: list[str] | UnsetType = UNSET
    attributes: Attribute | UnsetType = UNSET
    account_code_sale: str | UnsetType = UNSET
    account_code_purchase: str | UnsetType = UNSET
    loyalty_amount: Decimal | UnsetType = UNSET
    variants: Annotated[list[NewVariant], Meta(max_length=200)] | UnsetType = UNSET
    composite: list[Component] | UnsetType = UNSET

    def check(self) -> None:
        """Refuse a price that includes tax beside one that excludes it."""
        self.check_price()
        for place, variant in enumerate(self.variants or ()):
            variant.check_price(f"variants[{place}].")


@put("/products/{product_id}", scope="products:write", title="Update A Product", answer="nothing")
class UpdateProduct(Action[None]):
    """Change a product (`details`) or its whole family (`common`). What is left out stays."""

    product_id: PathId
    common: FamilyChange | UnsetType = UNSET
    details: ProductChange | UnsetType = UNSET

    def check(self) -> None:
        """Refuse a price that includes tax beside one that excludes it."""
        if self.details is not UNSET:
            self.details.check_price("details.")


@delete("/products/{product_id}", scope="products:write", title="Delete A Single Product")
class DeleteProduct(Action[None]):
    """Delete a product. The id of a variant removes that variant alone."""

    product_id: PathId
