"""Price books: prices that hold for a group of customers, an outlet or a time."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from actions.action import Action, Page, PagedAction, PathId, Versioned, get
from actions.errors import BadAction
from actions.lenient import Id, Number, Text, UtcTime
from actions.resources.outlets import Outlet

_BOOKS = "products:read:price_books customers:read outlets:read"


class CustomerGroup(Struct, kw_only=True):
    """A group of customers."""

    id: Id | None = None
    name: Text | None = None
    group_id: Text | None = None
    retailer_id: Text | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


class PriceBook(Struct, kw_only=True):
    """A price book without its prices (vendor: OpenAPI 2026-07, price books)."""

    id: Id
    name: Text | None = None
    type: Text | None = None
    """`BASE` or `GENERAL`."""
    customer_groups: list[CustomerGroup] | None = None
    customer_group_ids: list[Text] | None = None
    outlets: list[Outlet] | None = None
    restrict_to_platform_key: Text | None = None
    """`0` all, `1` in store, `2` ecommerce."""
    restrict_to_platform_label: Text | None = None
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


class PriceBookProduct(Struct, kw_only=True):
    """The price of a product in a price book (vendor: OpenAPI 2026-07, price books)."""

    id: Id
    product_id: Text | None = None
    price_book_id: Text | None = None
    price: Number | None = None
    """Always without tax."""
    tax_id: Text | None = None
    default_display_price: Number | None = None
    retail_tax: Number | None = None
    loyalty_value: Number | None = None
    min_units: Number | None = None
    max_units: Number | None = None
    adjustment: Number | None = None
    adjustment_type: Text | None = None
    discount: Number | None = None
    rounding: Text | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


@get("/price_books", scope=_BOOKS, title="List Price Books")
class ListPriceBooks(Versioned[PriceBook]):
    """List price books, oldest change first. With an order of its own it gives one page only."""

    deleted: bool | UnsetType = UNSET
    """Deleted ones too."""
    order: str | UnsetType = UNSET
    """The name of the field to sort by."""
    direction: Literal["ASC", "DESC"] | UnsetType = UNSET
    customer_group_id: str | UnsetType = UNSET

    def following(self, page: Page[PriceBook]) -> PagedAction[PriceBook] | None:
        """Go on by version; raise `BadAction` where another order would skip price books."""
        if page.data and (self.order not in (UNSET, "version") or self.direction == "DESC"):
            raise BadAction(
                f"{self.operation.name}: order and direction: only a list that ascends by version "
                f"has a next page; this one has order {self.order!r:.60} and direction "
                f"{self.direction!r}."
            )
        return super().following(page)


@get("/price_books/{price_book_id}", scope=_BOOKS, title="Get A Single Price Book")
class GetPriceBook(Action[PriceBook]):
    """Read one price book."""

    price_book_id: PathId


@get("/price_book_products", scope="products:read:price_books", title="List Price Book Products")
class ListPriceBookProducts(Versioned[PriceBookProduct]):
    """List the prices of all price books, oldest change first."""
