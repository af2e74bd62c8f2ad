"""Each action has two names, ours and StackOne's style, and both lead to it."""

import pytest

from actions.catalog import CATALOG
from actions.errors import BadAction
from ingress.api.naming import by_name, snake

LISTED = """
list_brands get_brand create_brand list_consignments get_consignment create_consignment
update_consignment list_customers get_customer create_customer update_customer delete_customer
list_gift_cards find_gift_card list_inventory list_stock_adjustments create_stock_adjustments
list_outlets get_outlet list_payment_types list_price_books get_price_book list_price_book_products
list_products get_product create_product update_product delete_product list_product_categories
save_product_categories get_product_image set_image_position list_product_types get_product_type
list_promotions get_promotion create_promotion list_registers get_register get_retailer list_sales
get_sale create_sale update_sale list_store_credits list_customer_store_credits list_suppliers
get_supplier create_supplier update_supplier list_taxes get_tax list_users get_user list_webhooks
create_webhook delete_webhook
"""


def test_every_action_has_a_name_in_stackones_style() -> None:
    names = [f"lightspeed_{name}" for name in LISTED.split()]
    assert [snake(kind) for kind in CATALOG.values()] == names
    assert len(names) == 57


@pytest.mark.parametrize("name", CATALOG)
def test_an_action_is_found_by_either_name(name: str) -> None:
    assert by_name(name) is by_name(snake(CATALOG[name])) is CATALOG[name]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("lightspeed_list_brnds", "lightspeed_list_brands"),
        ("ListBrnds", "ListBrands"),
        ("list_brands", "ListBrands"),
        ("lightspeed_" + "x" * 100_000, "lightspeed_"),
        ("", ""),
    ],
)
def test_a_name_that_is_none_brings_the_nearest_of_its_style(name: str, near: str) -> None:
    with pytest.raises(BadAction, match=f"; near it are .*{near}") as refused:
        by_name(name)
    assert len(str(refused.value)) < 300
