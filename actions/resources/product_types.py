"""Product types: the old view of product categories."""

from msgspec import UNSET, Struct, UnsetType

from actions.action import Action, PathId, Versioned, get
from actions.lenient import Id, Text, UtcTime
from actions.resources.product_categories import CategoryStep


class ProductType(Struct, kw_only=True):
    """A product category by its old name (vendor: OpenAPI 2026-07, product types)."""

    id: Id
    name: Text | None = None
    leaf_category: bool | None = None
    category_path: list[CategoryStep] | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


@get("/product_types", scope="products:read", title="List Product Types", deprecated=True)
class ListProductTypes(Versioned[ProductType]):
    """List product types, oldest change first. Deprecated for List Product Categories."""

    deleted: bool | UnsetType = UNSET
    """Deleted ones too."""


@get(
    "/product_types/{product_type_id}",
    scope="products:read",
    title="Get A Single Product Type",
    deprecated=True,
)
class GetProductType(Action[ProductType]):
    """Read one product type. Deprecated with the list."""

    product_type_id: PathId
