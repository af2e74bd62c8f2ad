"""Brands of products."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from actions.action import Action, PathId, Versioned, get, post
from actions.lenient import Id, Text, UtcTime


class Brand(Struct, kw_only=True):
    """A brand (vendor: OpenAPI 2026-07, brands)."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None
    """Left out in lists."""


@get("/brands", scope="products:read", title="List Brands")
class ListBrands(Versioned[Brand]):
    """List brands, oldest change first."""

    deleted: bool | UnsetType = UNSET
    """Deleted ones too."""


@get("/brands/{brand_id}", scope="products:read", title="Get A Single Brand")
class GetBrand(Action[Brand]):
    """Read one brand."""

    brand_id: PathId


@post("/brands", scope="products:write", title="Create Brand")
class CreateBrand(Action[str]):
    """Create a brand and return its id. The vendor accepts a name twice."""

    name: Annotated[str, Meta(min_length=1)]
    description: str | UnsetType = UNSET
