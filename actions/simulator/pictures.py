"""Product images: rows of their own, and shown in the product."""

from typing import Any, Final

from actions.simulator.shop import Shop

_SIZES: Final = ("ss", "standard", "st", "original", "thumb", "sl", "sm")
_PLACE: Final = "https://images.localhost"
PLACEHOLDER: Final = f"{_PLACE}/placeholder.png"
SHELVES: Final = ("images", "skuImages")


def add(shop: Shop, row: dict[str, Any], count: int, shelf: str = "images") -> None:
    """Give a product so many more images, behind those that it has."""
    for _ in range(count):
        image = {
            "id": shop.new_id(),
            "product_id": row["id"],
            "position": len(row[shelf]) + 1,
            "status": "uploaded",
        }
        shop.put("product_images", image)
        row[shelf].append(_shown(image))
    face(row)


def place(shop: Shop, row: dict[str, Any], image_id: str, position: int) -> bool:
    """Put an image of a product at a place, counted from 1; those behind it shift.

    Returns:
        Whether anything moved.
    """
    shelf = next(name for name in SHELVES if any(one["id"] == image_id for one in row[name]))
    old = [one["id"] for one in row[shelf]]
    new = [one for one in old if one != image_id]
    new.insert(min(position, len(old)) - 1, image_id)
    if new == old:
        return False
    shown = {one["id"]: one for one in row[shelf]}
    for at, one in enumerate(new):
        if old[at] != one:
            shown[one] = _shown(_moved(shop, one, at + 1))
    row[shelf] = [shown[one] for one in new]
    face(row)
    return True


def face(row: dict[str, Any]) -> None:
    """Show the first image as the product's, or the placeholder."""
    first = next((one for shelf in SHELVES for one in row[shelf]), None)
    row["image_url"] = first["url"] if first else PLACEHOLDER
    row["image_thumbnail_url"] = first["sizes"]["thumb"] if first else PLACEHOLDER


def _moved(shop: Shop, image_id: str, position: int) -> dict[str, Any]:
    image = shop.table("product_images").get(image_id) or {}
    return shop.put("product_images", image | {"position": position})


def _shown(image: dict[str, Any]) -> dict[str, Any]:
    where = f"{_PLACE}/{image['id']}"
    return {
        "id": image["id"],
        "url": f"{where}/original.jpg",
        "version": image["version"],
        "sizes": {size: f"{where}/{size}.jpg" for size in _SIZES},
    }
