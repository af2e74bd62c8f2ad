"""Product images (vendor: OpenAPI 2026-07, product images)."""

from actions.simulator import catalogue, pictures
from actions.simulator.resources.fields import whole
from actions.simulator.resources.lists import single
from actions.simulator.routing import Answer, Ask, Routes, invalid, missing
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/product_images/{product_image_id}", "products:read")
def get_product_image(shop: Shop, ask: Ask) -> Answer:
    """Read one image's data."""
    return single(shop, "product_images", ask.path["product_image_id"], "product image")


@routes.on("PUT", "/product_images/{product_image_id}", "products:write")
def set_image_position(shop: Shop, ask: Ask) -> Answer:
    """Move an image among its product's; a place behind the last one is the last one."""
    image_id = ask.path["product_image_id"]
    image = shop.table("product_images").get(image_id)
    row = catalogue.living(shop, image["product_id"]) if image else None
    if row is None:
        raise missing("product image")
    position = whole(ask.body, "position", required=True) or 0
    if position < 1:
        raise invalid("position", "must be 1 or more")
    if pictures.place(shop, row, image_id, position):
        row["updated_at"] = shop.timestamp()
        catalogue.keep(shop, row)
    return get_product_image(shop, ask)
