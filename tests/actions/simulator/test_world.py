"""The world of a store holds together and is the same for the same seed."""

import time
from decimal import Decimal
from typing import Any

import pytest

from actions.simulator import catalogue, prices, stock, world
from actions.simulator.clock import Clock
from actions.simulator.shop import Shop
from actions.simulator.switches import Switches
from actions.simulator.table import decode

NOON = 1_784_000_000.0


def made(*, seed: int = 1, registers: int = 2, products: int = 110) -> Shop:
    shop = Shop("kowhai", Clock(start=NOON), Switches(), seed)
    world.make(shop, registers, products)
    return shop


def rows(shop: Shop, table: str) -> list[dict[str, Any]]:
    return list(shop.table(table).all())


@pytest.fixture(scope="module")
def shop() -> Shop:
    return made()


def test_the_same_seed_makes_the_same_world() -> None:
    one, other = made(seed=5), made(seed=5)
    assert set(one.tables) == set(other.tables)
    for name in one.tables:
        assert rows(one, name) == rows(other, name), name


def test_another_seed_makes_another_world(shop: Shop) -> None:
    assert rows(shop, "products") != rows(made(seed=2), "products")


@pytest.mark.parametrize("products", [0, 1, 2, 19, 20, 21, 300, 3000])
def test_there_are_as_many_products_as_were_asked_for(products: int) -> None:
    assert len(made(products=products).table("products")) == products


@pytest.mark.parametrize(("registers", "outlets"), [(1, 1), (2, 2), (3, 3), (9, 3)])
def test_registers_are_spread_over_up_to_three_outlets(registers: int, outlets: int) -> None:
    shop = made(registers=registers, products=5)
    assert len(shop.table("registers")) == registers
    assert {one["outlet_id"] for one in rows(shop, "registers")} == set(shop.table("outlets").ids())
    assert len(shop.table("outlets")) == outlets


def test_nobody_hears_of_the_world_but_of_what_comes_after_it() -> None:
    shop = Shop("kowhai", Clock(start=NOON), Switches())
    heard: list[str] = []
    shop.on_event(lambda _shop, event_type, _row: heard.append(event_type))
    world.make(shop, 1, 30)
    assert heard == []
    catalogue.keep(shop, next(shop.table("products").all()))
    assert heard == ["product.update"]


def test_every_link_of_a_product_leads_somewhere(shop: Shop) -> None:
    for row in rows(shop, "products"):
        for table, name in (("brands", "brand_id"), ("suppliers", "supplier_id")):
            assert row[name] is None or row[name] in shop.table(table)
        assert all(tag_id in shop.table("tags") for tag_id in row["tag_ids"])
        assert all(one["id"] in shop.table("product_images") for one in row["images"])
        assert all(part in shop.table("products") for part in row["composite_bom"])


def test_products_hang_on_leaves_only(shop: Shop) -> None:
    leaves = {row["id"] for row in rows(shop, "product_categories") if row["leaf_category"]}
    hung = {row["product_type_id"] for row in rows(shop, "products")} - {None}
    assert hung
    assert hung <= leaves


def test_categories_are_two_or_three_levels_deep_and_know_their_roots(shop: Shop) -> None:
    found = rows(shop, "product_categories")
    assert {len(row["category_path"]) for row in found} == {1, 2, 3}
    for row in found:
        assert row["category_path"][0]["id"] == row["root_category_id"]
        assert row["category_path"][-1] == {"id": row["id"], "name": row["name"]}


def test_a_product_has_stock_in_every_outlet_unless_it_is_a_composite(shop: Shop) -> None:
    outlets = shop.table("outlets").ids()
    for row in rows(shop, "products"):
        for outlet_id in outlets:
            kept = stock.record_id(row["id"], outlet_id) in shop.table("inventory")
            assert kept == row["has_inventory"]
    assert sum(row["is_composite"] for row in rows(shop, "products")) == 1


def test_families_have_one_first_variant_and_no_two_alike(shop: Shop) -> None:
    families: dict[str, list[dict[str, Any]]] = {}
    for row in rows(shop, "products"):
        families.setdefault(row["family_id"], []).append(row)
    large = [members for members in families.values() if len(members) > 1]
    assert len(large) > 5
    for members in large:
        assert [row["has_variants"] for row in members].count(True) == 1
        assert members[0]["variant_count"] == len(members)
        assert {row["variant_parent_id"] for row in members[1:]} == {members[0]["id"]}
        assert len({row["variant_name"] for row in members}) == len(members)


def test_codes_are_unique_and_the_stores_sequence_goes_on_behind_them() -> None:
    shop = made(products=1500)
    codes = [one["code"] for row in rows(shop, "products") for one in row["product_codes"]]
    assert len(codes) == len(set(codes))
    following = rows(shop, "retailer")[0]["sku_sequence"]["value"]
    assert catalogue.coded(shop, str(following)) is None
    assert catalogue.coded(shop, str(following - 1)) is not None


def test_names_of_families_are_unique_also_among_thousands() -> None:
    found = rows(made(products=4000), "products")
    assert len({(row["name"], row["family_id"]) for row in found}) == len(
        {row["name"] for row in found}
    )


def test_both_prices_agree_at_fifteen_percent_and_carry_five_decimals_at_most(shop: Shop) -> None:
    for row in rows(shop, "products"):
        without = Decimal(row["price_excluding_tax"])
        assert abs(without * Decimal("1.15") - row["price_including_tax"]) < prices.EXACT
        exponent = without.as_tuple().exponent
        assert isinstance(exponent, int)
        assert exponent >= -5


def test_the_general_price_book_has_every_product_and_the_sale_some_cheaper(shop: Shop) -> None:
    base, sale = rows(shop, "price_books")
    entries = rows(shop, "price_book_products")
    general = {one["product_id"]: one for one in entries if one["price_book_id"] == base["id"]}
    assert set(general) == set(shop.table("products").ids())
    cheaper = [one for one in entries if one["price_book_id"] == sale["id"]]
    assert 0 < len(cheaper) < len(general)
    assert all(one["price"] <= general[one["product_id"]]["price"] for one in cheaper)


def test_the_store_can_be_paid_in_six_ways_and_knows_its_own_products(shop: Shop) -> None:
    kinds = {row["name"]: row["type_id"] for row in rows(shop, "payment_types")}
    assert kinds["Card Terminal"] == 3
    assert kinds["Gift Card"] == 118
    assert kinds["Loyalty"] == 106
    assert {"Cash", "Store Credit", "On Account"} <= set(kinds)
    retailer = rows(shop, "retailer")[0]
    assert retailer["discount_product_id"] in shop.table("products")
    assert retailer["no_tax_group_id"] in shop.table("taxes")


def test_the_first_user_owns_the_store_and_the_first_group_is_everybody(shop: Shop) -> None:
    assert [row["is_primary_user"] for row in rows(shop, "users")] == [True, False, False, False]
    assert rows(shop, "customer_groups")[0]["name"] == "All Customers"
    assert len(shop.table("brands")) == 8
    assert len(shop.table("suppliers")) == 6


def test_a_row_of_a_sharing_table_reads_as_it_was_kept(shop: Shop) -> None:
    table = shop.table("products")
    for page in (table.page(500), table.page(500, newest_first=True)):
        for row in page:
            assert table.text(str(decode(row.text)["id"])) == row.text
    assert {row.version for row in table.page(500)} == {row["version"] for row in table.all()}


def test_a_thousand_products_are_there_within_a_second_of_work() -> None:
    began = time.process_time()
    made(products=1000)
    assert time.process_time() - began < 1
