"""Every operation of the API, from one file for each resource."""

from typing import Final

from actions.simulator.resources import (
    brands,
    category_bulk,
    classic_sales,
    consignment_products,
    consignments,
    customers,
    gift_cards,
    inventory,
    outlets,
    payment_types,
    price_books,
    product_categories,
    product_create,
    product_images,
    product_types,
    product_update,
    products,
    promotions,
    registers,
    retailer,
    sales,
    stock_adjustments,
    store_credits,
    suppliers,
    taxes,
    users,
    webhooks,
)
from actions.simulator.routing import Route, Routes

_RESOURCES: Final[tuple[Routes, ...]] = (
    brands.routes,
    category_bulk.routes,
    classic_sales.routes,
    consignment_products.routes,
    consignments.routes,
    customers.routes,
    gift_cards.routes,
    inventory.routes,
    outlets.routes,
    payment_types.routes,
    price_books.routes,
    product_categories.routes,
    product_create.routes,
    product_images.routes,
    product_types.routes,
    product_update.routes,
    products.routes,
    promotions.routes,
    registers.routes,
    retailer.routes,
    sales.routes,
    stock_adjustments.routes,
    store_credits.routes,
    suppliers.routes,
    taxes.routes,
    users.routes,
    webhooks.routes,
)


def every() -> list[Route]:
    """Return every operation."""
    return [route for routes in _RESOURCES for route in routes]
