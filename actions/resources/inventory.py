"""Inventory: how much of a product an outlet has, and when it is to be ordered again."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from actions.action import Page, PagedAction, post
from actions.lenient import Id, Number, Text, UtcTime


class Inventory(Struct, kw_only=True):
    """The stock of one product in one outlet (vendor: OpenAPI 2026-07, inventory)."""

    id: Id
    product_id: Text | None = None
    outlet_id: Text | None = None
    current_inventory_level: Number | None = None
    average_cost: Number | None = None
    quantity_to_procure: Number | None = None
    reorder_point: Number | None = None
    reorder_amount: Number | None = None
    """Under `MIN_MAX`: target minus level, not below zero."""
    reorder_method: Text | None = None
    """`FIXED` or `MIN_MAX`; without one, what is about reordering is None."""
    reorder_target: Number | None = None
    """Under `FIXED`: point plus amount."""
    version: int | None = None
    deleted_at: UtcTime | None = None


@post(
    "/inventory",
    scope="inventory:read",
    title="List Inventory Records",
    answer="bare",
    reads=True,
)
class ListInventory(PagedAction[Inventory]):
    """List inventory records, oldest change first (vendor's own default: newest first)."""

    after: int | UnsetType = UNSET
    """Only what has a higher version."""
    before: int | UnsetType = UNSET
    """Only what has a lower version."""
    size: Annotated[int, Meta(ge=1, le=5000)] | UnsetType = UNSET
    """Of a page; the vendor takes 1000 when it is left out."""
    product_id: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    variants: bool | UnsetType = UNSET
    """Take `product_id` for the root of a family and list all its variants."""
    include_deleted: bool | UnsetType = UNSET
    sort_direction: Literal["asc", "desc"] = "asc"

    def following(self, page: Page[Inventory]) -> PagedAction[Inventory] | None:
        """Go on beyond the last version of the page, until a page brings nothing new."""
        versions = [row.version for row in page.data if row.version is not None]
        if not versions:
            return None
        if self.sort_direction == "desc":
            lowest = min(versions)
            begun = self.before is not UNSET and lowest >= self.before
            return None if begun else replace(self, before=lowest)
        highest = max(versions)
        return replace(self, after=highest) if highest > (self.after or 0) else None
