"""Product categories: a hierarchy. Products may only hang on its leaves."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from actions.action import Action, Page, PagedAction, get, post
from actions.lenient import Id, Text


class CategoryStep(Struct, kw_only=True):
    """One step of the way from the root to a category."""

    id: Text | None = None
    name: Text | None = None


class ProductCategory(Struct, kw_only=True):
    """A category (vendor: OpenAPI 2026-07, product categories)."""

    id: Id
    name: Text | None = None
    root_category_id: Text | None = None
    """Its own id where it is a root."""
    parent_category_id: Text | None = None
    """None for a root."""
    leaf_category: bool | None = None
    category_path: list[CategoryStep] | None = None


class SavedCategory(Struct, kw_only=True):
    """A category after it was saved, with the temporary name it was sent under."""

    id: Id
    name: Text | None = None
    parent_category_id: Text | None = None
    payload_id: Text | None = None


class CategoryToSave(Struct, kw_only=True, forbid_unknown_fields=True):
    """A category to create, or with an id one to change."""

    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    parent_category_id: str | UnsetType = UNSET
    """A parent that exists."""
    payload_id: str | UnsetType = UNSET
    """A temporary name, for other categories of this call."""
    payload_parent_category_id: str | UnsetType = UNSET
    """The temporary name of a parent in this call."""


@get("/product_categories", scope="products:read", title="List Product Categories")
class ListProductCategories(PagedAction[ProductCategory]):
    """List categories in the order of their paths, alphabetical on each level."""

    parent: str | UnsetType = UNSET
    """The id of a category, or `none` for roots only."""
    include: Literal["family", "children"] | UnsetType = UNSET
    """`family` unless told otherwise."""
    after: str | UnsetType = UNSET
    """The id of the category before."""
    page_size: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    """1000 unless told otherwise."""

    @classmethod
    def unwrap(cls, plain: Any) -> Any:
        """Lay out an answer like other pages; one of another shape stays as it is.

        The contract has `{data: {categories}, page_info}`; a live client saw `{data: {page_info,
        data: {categories}}}`.
        """
        outer = plain
        while isinstance(outer, dict) and isinstance(inner := outer.get("data"), dict):
            if "categories" in inner:
                return {
                    "data": inner["categories"] or [],
                    "page_info": outer.get("page_info") or inner.get("page_info") or {},
                }
            outer = inner
        return plain

    def following(self, page: Page[ProductCategory]) -> "ListProductCategories | None":
        """Go on after the category seen last, while the vendor says that there are more."""
        info = page.page_info
        if not page.data or info is None or not info.has_next:
            return None
        last = info.last_seen or page.data[-1].id
        return None if last == self.after else replace(self, after=last)


@post(
    "/product_categories/bulk",
    scope="products:write",
    title="Create And Update A Product Category Hierarchy",
)
class SaveProductCategories(Action[list[SavedCategory]]):
    """Create and change categories in one call; new ones may be each other's parents."""

    categories: list[CategoryToSave]

    def check(self) -> None:
        """Refuse a temporary name of a parent that no category of the call bears."""
        names = {one.payload_id for one in self.categories}
        for place, one in enumerate(self.categories):
            wanted = one.payload_parent_category_id
            if wanted is not UNSET and wanted not in names:
                raise ValueError(
                    f"categories[{place}].payload_parent_category_id must be the payload_id of a"
                    f" category in the same call, but is {wanted!r}."
                )
