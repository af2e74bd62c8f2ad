"""The world of a store: an outdoor shop in New Zealand, the same for the same seed."""

import gc

from actions.simulator import (
    sharing,
    world_catalogue,
    world_people,
    world_prices,
    world_products,
    world_store,
)
from actions.simulator.shop import Shop


def make(shop: Shop, registers: int, products: int) -> None:
    """Fill an empty store. Nobody hears of it: it was there before anyone listened."""
    shop.quiet = True
    # A collector that looks through a growing world again and again doubles the start.
    collecting = gc.isenabled()
    gc.disable()
    try:
        sharing.share(shop)
        world_store.make(shop, registers)
        world_catalogue.make(shop)
        world_prices.make_books(shop)
        world_products.make(shop, products)
        world_prices.make_sale(shop)
        world_people.make(shop)
    finally:
        shop.quiet = False
        if collecting:
            gc.enable()
