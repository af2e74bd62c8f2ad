"""Images of products."""

from msgspec import Struct

from actions.action import Action, PathId, get, put
from actions.lenient import Id, Number, Text


class ProductImage(Struct, kw_only=True):
    """An image (vendor: OpenAPI 2026-07, product images)."""

    id: Id
    product_id: Text | None = None
    position: Number | None = None
    status: Text | None = None
    """processing, uploaded or error."""
    version: int | None = None


@get(
    "/product_images/{product_image_id}",
    scope="products:read",
    title="Get A Single Product Image Data",
)
class GetProductImage(Action[ProductImage]):
    """Read what is known of one image."""

    product_image_id: PathId


@put(
    "/product_images/{product_image_id}",
    scope="products:write",
    title="Set Image Position",
    repeatable=True,
)
class SetImagePosition(Action[ProductImage]):
    """Move an image among its product's. What becomes of the others is not documented."""

    product_image_id: PathId
    position: int
