"""Products and what they hang on, the store and who works in it: every operation, called bare."""

import copy
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.simulator import stock, world
from actions.simulator.clock import Clock
from actions.simulator.resources import (
    brands,
    category_bulk,
    outlets,
    payment_types,
    price_books,
    product_categories,
    product_create,
    product_images,
    product_types,
    product_update,
    products,
    registers,
    retailer,
    suppliers,
    taxes,
    users,
)
from actions.simulator.routing import Ask, Trouble
from actions.simulator.scopes import SCOPES
from actions.simulator.shop import Shop
from actions.simulator.switches import Switches
from actions.simulator.table import decode, encode
from actions.simulator.trie import Found, Trees

PEOPLE = (brands, outlets, payment_types, registers, retailer, suppliers, taxes, users)
GOODS = (category_bulk, price_books, product_categories, product_create, product_images)
REST = (product_types, product_update, products)
ROUTES = [route for module in (*PEOPLE, *GOODS, *REST) for route in module.routes]
TREES = Trees(ROUTES)
NOON = 1_784_000_000.0
BOOKS = "products:read:price_books customers:read outlets:read"


class Store(Shop):
    """A store with a world that notes what would be told to webhooks."""

    def __init__(self, products: int = 60) -> None:
        super().__init__("kowhai", Clock(start=NOON), Switches(), seed=3)
        self.told: list[tuple[str, str]] = []
        world.make(self, 2, products)
        self.on_event(lambda _shop, event_type, row: self.told.append((event_type, row["id"])))

    def call(self, method: str, to: str, body: Any = None, version: str = "2026-07") -> Any:
        """Call an operation; return its status and JSON, of a refusal as well."""
        path, _, query = to.partition("?")
        found = TREES.find(version, path.strip("/").split("/"), method)
        assert isinstance(found, Found), (method, to, version)
        sent = None if body is None else decode(encode(body))
        asked = Ask(
            version,
            found.path,
            parse_qs(query, keep_blank_values=True),
            sent,
            self.first("users")["id"],
            SCOPES,
        )
        try:
            answer = found.route.handler(self, asked)
        except Trouble as trouble:
            return trouble.status, trouble.body
        return answer.status, decode(answer.body) if answer.body else None

    def get(self, to: str, version: str = "2026-07") -> Any:
        """Read something that must be there."""
        status, found = self.call("GET", to, version=version)
        assert status == 200, found
        return found

    def first(self, table: str, **wanted: Any) -> dict[str, Any]:
        rows = self.table(table).all()
        return next(row for row in rows if all(row[key] == wanted[key] for key in wanted))

    def product(self, product_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/products/{product_id}")["data"]
        return found

    def create(self, **body: Any) -> dict[str, Any]:
        """Create a single product and return it."""
        status, made = self.call("POST", "/products", {"name": "New"} | body)
        assert (status, len(made["data"])) == (200, 1), made
        return self.product(made["data"][0])

    def refused(self, method: str, to: str, body: Any, version: str = "2026-07") -> str:
        """Return the field that a rule of the vendor's is broken in."""
        before = self.state()
        status, found = self.call(method, to, body, version)
        assert (status, self.state()) == (422, before), found
        return str(next(iter(found["errors"])))

    def state(self) -> list[tuple[str, int]]:
        rows = ((name, table.page(1, newest_first=True)) for name, table in self.tables.items())
        return [(name, page[0].version) for name, page in rows if page]


@pytest.fixture
def store() -> Store:
    return Store()


def scopes(method: str, path: str, version: str = "2026-07") -> str:
    routes = [one for one in ROUTES if (one.method, one.path) == (method, path)]
    return " ".join(next(one.scopes for one in routes if version in one.versions))


def family(store: Store, *sizes: str, **more: Any) -> list[dict[str, Any]]:
    """Create a family that differs by size; return its products."""
    size = store.first("variant_attributes", name="Size")["id"]
    variants = [{"variant_definitions": [{"attribute_id": size, "value": one}]} for one in sizes]
    body = {"name": "Swanndri", "price_including_tax": 115, "variants": variants} | more
    status, made = store.call("POST", "/products", body)
    assert status == 200, made
    return [store.product(one) for one in made["data"]]


# Lists and single reads

LISTS = {
    "/brands": "products:read",
    "/outlets": "outlets:read",
    "/payment_types": "payment_types:read",
    "/price_books": BOOKS,
    "/price_book_products": "products:read:price_books",
    "/product_types": "products:read",
    "/products": "products:read",
    "/registers": "registers:read",
    "/suppliers": "suppliers:read",
    "/taxes": "taxes:read",
    "/users": "users:read",
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_paged_by_versions_until_a_page_is_empty(store: Store, path: str) -> None:
    assert scopes("GET", path) == LISTS[path]
    seen: list[int] = []
    after = 0
    while (page := store.get(f"{path}?page_size=7&after={after}"))["data"]:
        seen += [row["version"] for row in page["data"]]
        assert page["version"] == {"min": seen[-len(page["data"])], "max": seen[-1]}
        after = page["version"]["max"]
    assert page["version"] == {"min": None, "max": None}
    assert seen == sorted(set(seen))
    assert len(seen) == len(store.get(f"{path}?page_size=5000")["data"]) > 0


SINGLE = ("outlets", "price_books", "products", "registers", "suppliers", "taxes", "users")


@pytest.mark.parametrize("table", [*SINGLE, "product_types", "product_images"])
def test_one_object_comes_in_data_and_an_unknown_one_is_not_found(store: Store, table: str) -> None:
    kept = "product_categories" if table == "product_types" else table
    row = store.first(kept)
    assert store.get(f"/{table}/{row['id']}")["data"]["id"] == row["id"]
    status, body = store.call("GET", f"/{table}/no-such-id")
    assert status == 404
    assert body["error"].endswith("not found")


@pytest.mark.parametrize("path", ["/taxes", "/users", "/price_book_products"])
def test_where_the_contract_has_no_deleted_it_is_ignored(store: Store, path: str) -> None:
    row = store.first(path[1:])
    store.put(path[1:], row | {"deleted_at": "2026-01-01T00:00:00+00:00"})
    found = store.get(f"{path}?deleted=true&page_size=5000")["data"]
    assert row["id"] not in {one["id"] for one in found}


@pytest.mark.parametrize("path", ["/brands", "/suppliers", "/product_types", "/payment_types"])
def test_deleted_is_younger_than_2_0(store: Store, path: str) -> None:
    table = "product_categories" if path == "/product_types" else path[1:]
    row = store.first(table)
    store.put(table, row | {"deleted_at": "2026-01-01T00:00:00+00:00"})
    count = len(store.get(f"{path}?deleted=true")["data"])
    assert len(store.get(f"{path}?deleted=true", "2.0")["data"]) == count - 1


def test_a_single_tax_cannot_be_read_in_2_0() -> None:
    assert not isinstance(TREES.find("2.0", ["taxes", "x"], "GET"), Found)
    assert isinstance(TREES.find("2026-01", ["taxes", "x"], "GET"), Found)


def test_the_retailer_needs_two_scopes_and_its_version_is_a_string(store: Store) -> None:
    assert scopes("GET", "/retailer") == "retailer:read payment_types:read"
    found = store.get("/retailer")["data"]
    assert found["version"].isdigit()
    assert found["created_at"].endswith("Z")
    assert found["domain_prefix"] == "kowhai"


def test_permissions_of_users_are_null_in_lists_only(store: Store) -> None:
    assert {one["permissions"] for one in store.get("/users")["data"]} == {None}
    user_id = store.first("users")["id"]
    assert store.get(f"/users/{user_id}")["data"]["permissions"]


def test_a_single_user_is_an_array_of_one_when_switched_so(store: Store) -> None:
    store.switches.change({"user_in_array": True})
    user_id = store.first("users")["id"]
    assert [one["id"] for one in store.get(f"/users/{user_id}")["data"]] == [user_id]
    assert store.call("GET", "/users/nobody")[0] == 404


def test_payment_types_are_filtered_by_lspay_currency_and_outlet(store: Store) -> None:
    names = [one["name"] for one in store.get("/payment_types?only_lspay=true")["data"]]
    assert names == ["Card Terminal"]
    assert len(store.get("/payment_types?currency=AUD")["data"]) == 5
    assert len(store.get(f"/payment_types?outlet_id={store.first('outlets')['id']}")["data"]) == 6
    assert len(store.get("/payment_types?only_lspay=true", "2.0")["data"]) == 6


# Price books


def test_price_books_have_their_own_order_and_group_filter(store: Store) -> None:
    names = [one["name"] for one in store.get("/price_books?order=name&direction=DESC")["data"]]
    assert names == sorted(names, reverse=True)
    club = store.first("customer_groups", name="Tramping Club")["id"]
    for more in ("", "&order=name"):
        found = store.get(f"/price_books?customer_group_id={club}{more}")["data"]
        assert [one["type"] for one in found] == ["GENERAL"]
    assert store.call("GET", "/price_books?order=colour")[0] == 400
    assert store.call("GET", "/price_books?direction=UP")[0] == 400


@pytest.mark.parametrize("query", ["direction=DESC", "order=version&direction=desc"])
def test_price_books_are_turned_round_by_version_too(store: Store, query: str) -> None:
    rows = store.get("/price_books")["data"]
    assert store.get(f"/price_books?{query}")["data"] == rows[::-1]


def test_a_price_book_shows_whole_outlets_and_in_2_0_a_single_one(store: Store) -> None:
    book = store.first("price_books", type="GENERAL")
    new, old = (store.get(f"/price_books/{book['id']}", one)["data"] for one in ("3.0", "2.0"))
    assert [one["name"] for one in new["outlets"]] == ["Wellington", "Nelson"]
    assert old["outlet_id"] == new["outlets"][0]["id"]
    assert old["customer_group"] == new["customer_groups"][0]
    assert "customer_group_ids" not in old
    assert len(store.get("/price_books", "2.0")["data"]) == 2


# Suppliers


def test_creating_a_supplier_answers_its_id_alone(store: Store) -> None:
    body = {"name": "Weka", "contact": {"email": "a@b.nz", "physical_address1": "1 Rd"}}
    status, made = store.call("POST", "/suppliers", body | {"default_markup": 12.5})
    assert (status, list(made)) == (200, ["data"])
    row = store.get(f"/suppliers/{made['data']}")["data"]
    assert (row["source"], row["default_markup"]) == ("USER", Decimal("12.5"))
    assert row["contact"]["company_name"] == "Weka"
    assert row["contact"]["physical_address1"] == "1 Rd"
    assert scopes("POST", "/suppliers") == "suppliers:write"


def test_updating_a_supplier_answers_a_bare_id_and_renames_it_in_products(store: Store) -> None:
    row = store.first("products", is_composite=False, has_variants=True)
    path = f"/suppliers/{row['supplier_id']}"
    phone = store.get(path)["data"]["contact"]["phone"]
    answer = store.call("PUT", path, {"name": "Weka", "contact": {"email": "n@w.nz"}})
    assert answer == (200, {"id": row["supplier_id"]})
    contact = store.get(path)["data"]["contact"]
    assert [contact[one] for one in ("phone", "email", "company_name")] == [phone, "n@w.nz", "Weka"]
    after = store.product(row["id"])
    assert after["supplier"]["name"] == "Weka"
    assert after["product_suppliers"][0]["supplier_name"] == "Weka"
    assert after["version"] > row["version"]


def test_a_supplier_needs_a_name_and_may_share_it(store: Store) -> None:
    for body in ({}, {"name": ""}, {"name": None}, {"name": 5}):
        assert store.refused("POST", "/suppliers", body) == "name"


@pytest.mark.parametrize("path", ["/brands", "/suppliers", "/products"])
def test_a_body_in_data_is_not_unwrapped_where_the_contract_is_flat(
    store: Store, path: str
) -> None:
    assert store.refused("POST", path, {"data": {"name": "New"}}) == "name"
    for _ in range(2):
        assert store.call("POST", "/suppliers", {"name": "Twice"})[0] == 200
    assert store.refused("POST", "/suppliers", {"name": "x", "contact": []}) == "contact"
    assert store.call("PUT", "/suppliers/none", {"name": "x"})[0] == 404
    assert store.call("POST", "/suppliers", [])[0] == 400


# Categories


def bulk(store: Store, *items: dict[str, Any]) -> list[dict[str, Any]]:
    status, made = store.call("POST", "/product_categories/bulk", {"categories": items})
    assert status == 200, made
    found: list[dict[str, Any]] = made["data"]
    return found


def paths(found: list[dict[str, Any]]) -> list[list[str]]:
    return [[one["name"] for one in row["category_path"]] for row in found]


def test_categories_come_in_the_order_of_their_paths_page_by_page(store: Store) -> None:
    seen: list[dict[str, Any]] = []
    after, more = "", True
    while more:
        page = store.get(f"/product_categories?page_size=5&after={after}")
        seen += page["data"]["categories"]
        after, more = page["page_info"]["last_seen"], page["page_info"]["has_next"]
        assert after == seen[-1]["id"]
    assert paths(seen) == sorted(paths(seen))
    assert len(seen) == len(store.table("product_categories"))
    assert "version" not in seen[0]


def test_categories_below_one_are_all_of_them_or_its_children(store: Store) -> None:
    roots = store.get("/product_categories?parent=none")["data"]["categories"]
    assert {one["parent_category_id"] for one in roots} == {None}
    camp = next(one["id"] for one in roots if one["name"] == "Camp")
    every = store.get(f"/product_categories?parent={camp}")["data"]["categories"]
    assert {one["root_category_id"] for one in every} == {camp}
    below = store.get(f"/product_categories?parent={camp}&include=children")["data"]["categories"]
    assert [one["name"] for one in below] == ["Cooking", "Lights", "Shelter", "Sleeping"]
    assert len(every) > len(below)
    assert store.call("GET", "/product_categories?include=all")[0] == 400
    assert store.call("GET", "/product_categories?after=none")[0] == 400


def test_categories_are_nested_deeper_when_switched_so(store: Store) -> None:
    store.switches.change({"categories_nested": True})
    found = store.get("/product_categories")
    assert list(found) == ["data"]
    assert set(found["data"]) == {"page_info", "data"}
    assert found["data"]["data"]["categories"]


def test_categories_of_one_call_can_hang_on_each_other_by_temporary_names(store: Store) -> None:
    child = {"name": "Skis", "payload_id": "b", "payload_parent_category_id": "a"}
    made = bulk(store, child, {"name": "Snow", "payload_id": "a"}, {"name": "Ice"})
    assert [one["payload_id"] for one in made] == ["b", "a", None]
    assert made[0]["parent_category_id"] == made[1]["id"]
    row = store.get(f"/product_types/{made[0]['id']}")["data"]
    assert [one["name"] for one in row["category_path"]] == ["Snow", "Skis"]
    assert set(row) == {
        *("id", "name", "leaf_category", "category_path", "deleted_at", "version"),
    }
    assert not store.first("product_categories", name="Snow")["leaf_category"]


def test_a_renamed_and_moved_category_shows_so_in_its_products(store: Store) -> None:
    row = next(one for one in store.table("products").all() if one["product_type_id"])
    target = store.first("product_categories", name="Packs")["id"]
    bulk(store, {"id": row["product_type_id"], "name": "Moved", "parent_category_id": target})
    after = store.product(row["id"])
    assert after["type"]["name"] == "Moved"
    path = [one["name"] for one in after["product_category"]["category_path"]]
    assert path == ["Packs", "Moved"]
    assert store.told == []


@pytest.mark.parametrize(
    ("field", "items"),
    [
        ("name", [{}]),
        ("name", [{"name": ""}]),
        ("id", [{"id": "nowhere", "name": "x"}]),
        ("parent_category_id", [{"name": "x", "parent_category_id": "nowhere"}]),
        ("payload_parent_category_id", [{"name": "x", "payload_parent_category_id": "p"}]),
        ("payload_id", [{"name": "x", "payload_id": "p"}, {"name": "y", "payload_id": "p"}]),
        ("categories", 5),
    ],
)
def test_a_bad_category_refuses_the_whole_call(store: Store, field: str, items: Any) -> None:
    body = {"categories": [{"name": "Good"}, *items] if isinstance(items, list) else items}
    assert store.refused("POST", "/product_categories/bulk", body) == field


def test_a_category_can_be_neither_above_itself_nor_above_products(store: Store) -> None:
    top = store.first("product_categories", name="Camp")["id"]
    low = store.first("product_categories", name="Stoves")["id"]
    for item in ({"id": top, "parent_category_id": low}, {"name": "x", "parent_category_id": low}):
        body = {"categories": [item]}
        assert store.refused("POST", "/product_categories/bulk", body) == "parent_category_id"


# Products are read and deleted


def test_a_sku_makes_every_other_parameter_do_nothing(store: Store) -> None:
    row = store.first("products", is_composite=True)
    found = store.get(f"/products?sku={row['sku']}&after=999999999999&page_size=0&deleted=true")
    assert [one["id"] for one in found["data"]] == [row["id"]]
    assert found["version"] == {"min": row["version"], "max": row["version"]}
    assert store.get("/products?sku=nothing")["data"] == []


@pytest.mark.parametrize("parameter", ["name", "family_name"])
def test_a_name_finds_the_whole_family_regardless_of_the_page_size(
    store: Store, parameter: str
) -> None:
    made = family(store, "S", "M", "L")
    found = store.get(f"/products?{parameter}=Swanndri&page_size=1")
    assert [one["id"] for one in found["data"]] == [one["id"] for one in made]


def test_images_can_be_left_out_of_a_list(store: Store) -> None:
    assert any(one["images"] for one in store.get("/products")["data"])
    assert not any(one["images"] for one in store.get("/products?include_images=false")["data"])


def test_only_composite_products_can_be_included(store: Store) -> None:
    assert store.call("GET", "/products?includes[]=composite_products")[0] == 200
    assert store.call("GET", "/products?includes[]=prices")[0] == 400


def test_deleting_one_variant_leaves_its_family(store: Store) -> None:
    made = family(store, "S", "M", "L")
    status, body = store.call("DELETE", f"/products/{made[1]['id']}")
    assert (status, body) == (200, None)
    gone = store.product(made[1]["id"])
    assert gone["deleted_at"]
    assert not gone["active"]
    assert store.product(made[0]["id"])["variant_count"] == 2
    assert not store.product(made[2]["id"])["deleted_at"]
    assert store.call("DELETE", f"/products/{made[1]['id']}")[0] == 404


def test_deleting_all_deletes_the_family_whichever_variant_is_named(store: Store) -> None:
    made = family(store, "S", "M", "L")
    store.told.clear()
    assert store.call("DELETE", f"/products/{made[2]['id']}/all")[0] == 200
    assert all(store.product(one["id"])["deleted_at"] for one in made)
    told = [row_id for event_type, row_id in store.told if event_type == "product.update"]
    assert told == [one["id"] for one in made]
    assert store.get("/products?name=Swanndri")["data"] == []


def test_a_deleted_product_is_listed_with_deleted_only_and_frees_its_code(store: Store) -> None:
    row = store.create(sku="WEKA-1")
    store.call("DELETE", f"/products/{row['id']}")
    page = "/products?page_size=5000"
    assert row["id"] not in {one["id"] for one in store.get(page)["data"]}
    assert row["id"] in {one["id"] for one in store.get(f"{page}&deleted=true")["data"]}
    assert store.create(sku="WEKA-1")["id"] != row["id"]
    assert store.first("inventory")["product_id"] != row["id"]


# Products are created


def test_creating_a_product_answers_200_with_an_array_of_one_id(store: Store) -> None:
    row = store.create(price_including_tax=11.5, description="<b>x</b>")
    assert (row["price_including_tax"], row["price_excluding_tax"]) == (Decimal("11.5"), 10)
    assert row["description"] == "<b>x</b>"
    assert row["brand"] == row["type"] == row["supplier"] == {}
    assert "outlet_taxes" not in row
    assert ("product.update", row["id"]) in store.told


def test_a_missing_sku_comes_from_the_stores_sequence(store: Store) -> None:
    number = store.get("/retailer")["data"]["sku_sequence"]["value"]
    store.create(name="Taken", sku=str(number))
    row = store.create()
    assert row["sku"] == str(number + 1)
    assert row["product_codes"][0] | {"id": ""} == {"id": "", "type": "CUSTOM", "code": row["sku"]}
    assert store.get("/retailer")["data"]["sku_sequence"]["value"] == number + 2


def test_a_sku_is_added_to_the_codes_that_lack_it(store: Store) -> None:
    row = store.create(sku="A", product_codes=[{"type": "EAN", "code": "B"}])
    assert [(one["type"], one["code"]) for one in row["product_codes"]] == [
        ("CUSTOM", "A"),
        ("EAN", "B"),
    ]
    assert store.create(name="2", product_codes=[{"type": "UPC", "code": "C"}])["sku"] == "C"


def test_a_new_product_has_a_stock_record_in_each_outlet(store: Store) -> None:
    here, there = store.table("outlets").ids()
    row = store.create(
        inventory=[
            {"outlet_id": here, "current_amount": 4, "reorder_point": 2, "reorder_amount": 8}
        ]
    )
    assert stock.level(store, row["id"], here) == 4
    assert stock.level(store, row["id"], there) == 0
    record = store.table("inventory").get(stock.record_id(row["id"], here)) or {}
    assert (record["reorder_point"], record["reorder_target"]) == (2, 10)


def test_a_new_product_hangs_on_all_that_it_names(store: Store) -> None:
    leaf = store.first("product_categories", name="Stoves")
    brand, supplier = store.first("brands"), store.first("suppliers")
    row = store.create(
        product_category_id=leaf["id"],
        brand_id=brand["id"],
        supplier_id=supplier["id"],
        supplier_code="S-1",
        supply_price="4.25",
        tag_ids=[store.first("tags")["id"]],
        attributes=[{"key": "Care", "value": "Cold wash"}],
    )
    assert row["product_category"]["category_path"] == leaf["category_path"]
    assert row["product_type_id"] == row["type"]["id"] == leaf["id"]
    assert (row["brand"]["name"], row["supplier"]["name"]) == (brand["name"], supplier["name"])
    assert row["product_suppliers"][0]["price"] == row["supply_price"] == Decimal("4.25")
    assert row["categories"] == [{"id": row["tag_ids"][0], "name": store.first("tags")["name"]}]
    assert row["attributes"] == [{"name": "Care", "value": "Cold wash"}]


def test_a_family_gets_one_id_for_each_variant(store: Store) -> None:
    made = family(store, "S", "M")
    assert [one["variant_name"] for one in made] == ["Swanndri / S", "Swanndri / M"]
    assert [one["has_variants"] for one in made] == [True, False]
    assert [one["variant_parent_id"] for one in made] == [None, made[0]["id"]]
    assert {one["family_id"] for one in made} == {made[0]["id"]}
    assert len({one["sku"] for one in made}) == 2
    assert made[0]["variant_options"][0]["name"] == "Size"
    assert [one["price_excluding_tax"] for one in made] == [100, 100]


def test_a_composite_has_parts_and_no_stock(store: Store) -> None:
    part = store.create(name="Part")
    row = store.create(name="Kit", composite=[{"product_id": part["id"], "quantity": 2}])
    assert row["composite_bom"] == {part["id"]: 2}
    assert row["is_composite"]
    assert not row["has_inventory"]
    assert stock.record_id(row["id"], store.first("outlets")["id"]) not in store.table("inventory")


def test_a_tax_of_its_own_prices_a_product_and_shows_in_every_outlet(store: Store) -> None:
    none = store.first("taxes", name="No Tax")["id"]
    row = store.create(price_including_tax=10, all_outlets_tax={"tax_id": none})
    assert row["price_excluding_tax"] == 10
    assert [one["tax_id"] for one in row["outlet_taxes"]] == [none, none]
    usual = store.create(name="2", price_including_tax=10, all_outlets_tax={"is_default": True})
    assert "outlet_taxes" not in usual


def test_prices_carry_five_decimals(store: Store) -> None:
    assert store.create(price_excluding_tax=2.63158)["price_excluding_tax"] == Decimal("2.63158")
    row = store.create(name="2", price_including_tax="10")
    assert row["price_excluding_tax"] == Decimal("8.69565")


def test_a_new_product_is_in_the_general_price_book(store: Store) -> None:
    row = store.create(price_including_tax=23)
    entries = store.get("/price_book_products?page_size=5000")["data"]
    entry = next(one for one in entries if one["product_id"] == row["id"])
    assert (entry["price"], entry["default_display_price"], entry["retail_tax"]) == (20, 23, 3)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "Overnight Kit"}),
        ("price_including_tax", {"price_including_tax": 1, "price_excluding_tax": 1}),
        ("price_including_tax", {"price_including_tax": 1e300}),
        ("sku", {"sku": "vend-discount"}),
        ("brand_id", {"brand_id": "nobody"}),
        ("tag_ids", {"tag_ids": ["none"]}),
        ("type", {"product_codes": [{"type": "EAN8", "code": "1"}]}),
        ("outlet_id", {"inventory": [{"outlet_id": "x", "current_amount": 1}]}),
        ("type", {"images": [{"type": "ftp", "location": "x"}]}),
        ("weight_unit", {"weight": 1, "weight_unit": "STONE"}),
        ("composite", {"composite": [{"product_id": "x"}], "variants": [{"sku": "1"}]}),
        ("product_id", {"composite": [{"product_id": "x", "quantity": 1}]}),
        ("tax_id", {"all_outlets_tax": {"tax_id": "x"}}),
        ("variant_definitions", {"variants": [{"sku": "1"}]}),
        ("variants", {"variants": False}),
        ("weight", {"weight": "1_0"}),
        ("weight", {"weight": "\u0663"}),
    ],
)
def test_what_breaks_a_rule_creates_nothing(store: Store, field: str, more: Any) -> None:
    assert store.refused("POST", "/products", {"name": "New"} | more) == field


def test_a_product_hangs_on_leaves_only(store: Store) -> None:
    branch = store.first("product_categories", leaf_category=False)["id"]
    for name in ("product_category_id", "product_type_id"):
        assert store.refused("POST", "/products", {"name": "New", name: branch}) == name


def variants(store: Store, count: int, attributes: int = 1) -> list[dict[str, Any]]:
    ids = store.table("variant_attributes").ids()
    ids = [*ids, store.put("variant_attributes", {"id": store.new_id(), "name": "Fit"})["id"]]
    named = ids[:attributes]
    return [
        {"variant_definitions": [{"attribute_id": one, "value": str(number)} for one in named]}
        for number in range(count)
    ]


def test_a_family_has_two_hundred_variants_at_most(store: Store) -> None:
    body = {"name": "Many", "variants": variants(store, 201)}
    assert store.refused("POST", "/products", body) == "variants"
    body["variants"] = variants(store, 200)
    assert len(store.call("POST", "/products", body)[1]["data"]) == 200


def test_variants_have_up_to_three_attributes_the_same_ones_and_no_two_alike(store: Store) -> None:
    one, other = variants(store, 1), variants(store, 1, 2)
    for bad in (variants(store, 2, 4), [*one, *other], [*one, *one]):
        body = {"name": "Bad", "variants": bad}
        assert store.refused("POST", "/products", body) == "variant_definitions"
    body = {"name": "Good", "variants": variants(store, 2, 3)}
    assert store.call("POST", "/products", body)[0] == 200


def test_two_variants_of_one_call_cannot_share_a_sku(store: Store) -> None:
    body = {"name": "Two", "variants": [one | {"sku": "SAME"} for one in variants(store, 2)]}
    assert store.refused("POST", "/products", body) == "sku"


def test_2_1_adds_one_variant_to_a_family(store: Store) -> None:
    made = family(store, "S", "M")
    size = made[0]["variant_options"][0]["id"]
    body = {"variant_definitions": [{"attribute_id": size, "value": "XL"}], "sku": "SW-XL"}
    body["family_id"] = made[1]["id"]
    status, added = store.call("POST", "/products", body, "2.1")
    assert (status, len(added["data"])) == (200, 1)
    row = store.product(added["data"][0])
    assert row["variant_name"] == "Swanndri / XL"
    assert row["variant_parent_id"] == made[0]["id"]
    assert row["price_including_tax"] == 115
    assert store.product(made[0]["id"])["variant_count"] == 3
    assert store.refused("POST", "/products", body | {"sku": "2"}, "2.1") == "variant_definitions"


# Products are changed


@pytest.mark.parametrize("version", ["2026-07", "2026-01", "2.1"])
def test_common_changes_the_family_and_details_the_product(store: Store, version: str) -> None:
    made = family(store, "S", "M")
    body = {"common": {"name": "Bush Shirt"}, "details": {"price_including_tax": 230}}
    answer = store.call("PUT", f"/products/{made[1]['id']}", body, version)
    assert answer == (200, {"data": {"id": made[1]["id"]}})
    after = [store.product(one["id"]) for one in made]
    assert [one["variant_name"] for one in after] == ["Bush Shirt / S", "Bush Shirt / M"]
    assert [one["price_excluding_tax"] for one in after] == [100, 200]
    assert len(store.get("/products?name=Bush Shirt")["data"]) == 2


def test_2_0_has_no_put_for_products() -> None:
    assert not isinstance(TREES.find("2.0", ["products", "x"], "PUT"), Found)


def test_what_an_update_omits_stays_and_nothing_changes_nothing(store: Store) -> None:
    row = store.create(price_including_tax=5, description="d", sku="K")
    path = f"/products/{row['id']}"
    assert store.call("PUT", path, {})[0] == 200
    assert store.product(row["id"]) == row
    assert store.call("PUT", path, {"details": {"is_active": False}})[0] == 200
    after = store.product(row["id"])
    changed = {name for name in row if row[name] != after[name]}
    assert changed - {"updated_at"} == {"active", "is_active", "version"}


def test_empty_ids_and_minus_one_clear(store: Store) -> None:
    row = next(one for one in store.table("products").all() if one["supplier_id"])
    supplier = {"supplier_id": row["supplier_id"], "price": -1, "code": ""}
    common = {"brand_id": "", "product_category_id": "", "tag_ids": []}
    details = {"loyalty_amount": -1, "product_suppliers": [supplier]}
    body = {"common": common, "details": details}
    assert store.call("PUT", f"/products/{row['id']}", body)[0] == 200
    after = store.product(row["id"])
    assert after["brand"] == after["type"] == after["product_category"] == {}
    assert (after["tag_ids"], after["loyalty_amount"]) == ([], None)
    link = after["product_suppliers"][0]
    assert (link["price"], link["code"], after["supplier_code"]) == (None, None, None)


def test_the_first_code_of_an_update_becomes_the_sku(store: Store) -> None:
    row = store.create(sku="OLD")
    codes = [{"type": "CUSTOM", "code": "NEW"}, {"code": "OLD"}]
    store.call("PUT", f"/products/{row['id']}", {"details": {"product_codes": codes}})
    assert store.product(row["id"])["sku"] == "NEW"
    assert store.get("/products?sku=OLD")["data"] == []
    assert store.get("/products?sku=NEW")["data"][0]["id"] == row["id"]


def test_an_update_moves_stock_and_reorder_figures(store: Store) -> None:
    row, outlet = store.create(), store.first("outlets")["id"]
    for given_, wanted in (
        ({"current_amount": 7, "reorder_point": 3}, (7, 3)),
        ({"reorder_point": -1}, (7, None)),
    ):
        store.told.clear()
        details = {"inventory": [{"outlet_id": outlet} | given_]}
        assert store.call("PUT", f"/products/{row['id']}", {"details": details})[0] == 200
        record = store.table("inventory").get(stock.record_id(row["id"], outlet)) or {}
        assert (record["current_inventory_level"], record["reorder_point"]) == wanted
        assert {event_type for event_type, _ in store.told} == {
            "product.update",
            "inventory.update",
        }


def test_suppliers_of_a_variant_are_some_of_its_familys(store: Store) -> None:
    made = family(store, "S", "M")
    ids = store.table("suppliers").ids()
    path = f"/products/{made[1]['id']}"
    links = [{"supplier_id": one, "code": one[:3]} for one in ids[:2]]
    assert store.call("PUT", path, {"common": {"product_suppliers": links}})[0] == 200
    assert store.product(made[0]["id"])["supplier_id"] == ids[0]
    assert store.call("PUT", path, {"details": {"product_suppliers": links[1:]}})[0] == 200
    assert store.product(made[1]["id"])["supplier_id"] == ids[1]
    body = {"details": {"product_suppliers": [{"supplier_id": ids[4]}]}}
    assert store.refused("PUT", path, body) == "product_suppliers"


def test_attributes_are_reordered_for_the_family_and_valued_for_the_variant(store: Store) -> None:
    body: dict[str, Any] = {"name": "Two", "variants": variants(store, 2, 2)}
    ids = store.call("POST", "/products", body)[1]["data"]
    colour, size = (one["id"] for one in store.product(ids[0])["variant_options"])
    common = {"variant_attributes": [{"attribute_id": size}, {"attribute_id": colour}]}
    values = [{"attribute_id": size, "attribute_value": "Huge"}]
    body = {"common": common, "details": {"variant_attribute_values": values}}
    assert store.call("PUT", f"/products/{ids[1]}", body)[0] == 200
    assert store.product(ids[1])["variant_name"] == "Two / Huge / 1"
    values[0]["attribute_value"] = "0"
    values.append({"attribute_id": colour, "attribute_value": "0"})
    body = {"details": {"variant_attribute_values": values}}
    assert store.refused("PUT", f"/products/{ids[1]}", body) == "variant_definitions"


def test_packaging_ties_a_product_to_another(store: Store) -> None:
    case, can = store.create(name="Case")["id"], store.create(name="Can")["id"]
    tie = {"source_product_id": case, "destination_product_id": can, "amount": 24}
    assert store.call("PUT", f"/products/{can}", {"details": {"packaging": [tie]}})[0] == 200
    made_from = store.product(can)["packaging"]["made_from"]
    assert made_from == [{"product_id": case, "amount": 24}]


def test_tracking_can_be_switched_on_and_opens_records(store: Store) -> None:
    row, outlet = store.first("products", sku="vend-discount"), store.first("outlets")["id"]
    body = {"common": {"track_inventory": True}}
    assert store.call("PUT", f"/products/{row['id']}", body)[0] == 200
    assert stock.record_id(row["id"], outlet) in store.table("inventory")


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("common", {"common": []}),
        ("details", {"details": "x"}),
        ("name", {"common": {"name": "Overnight Kit"}}),
        ("product_codes", {"details": {"product_codes": []}}),
        ("sku", {"details": {"product_codes": [{"code": "vend-discount"}]}}),
        ("attribute_id", {"details": {"variant_attribute_values": [{"attribute_id": "x"}]}}),
        ("variant_attributes", {"common": {"variant_attributes": []}}),
        ("outlet_id", {"details": {"inventory": [{"outlet_id": "x"}]}}),
        ("product_category_id", {"common": {"product_category_id": "x"}}),
    ],
)
def test_an_update_that_breaks_a_rule_changes_nothing(store: Store, field: str, body: Any) -> None:
    row = store.create()
    assert store.refused("PUT", f"/products/{row['id']}", body) == field


def test_an_unknown_or_deleted_product_cannot_be_updated(store: Store) -> None:
    row = store.create()
    store.call("DELETE", f"/products/{row['id']}")
    for product_id in (row["id"], "nothing"):
        assert store.call("PUT", f"/products/{product_id}", {"common": {"name": "x"}})[0] == 404


# Images


def test_an_image_moves_to_a_place_and_those_behind_it_shift(store: Store) -> None:
    row = store.create(images=[{"type": "url", "location": f"https://x/{n}"} for n in range(3)])
    first, second, third = (one["id"] for one in row["images"])
    status, answer = store.call("PUT", f"/product_images/{third}", {"position": 1})
    assert (status, answer["data"]["position"]) == (200, 1)
    assert set(answer["data"]) == {"id", "product_id", "position", "status", "version"}
    after = store.product(row["id"])
    assert [one["id"] for one in after["images"]] == [third, first, second]
    assert third in after["image_url"]
    assert store.get(f"/product_images/{second}")["data"]["position"] == 3
    assert store.told[-1] == ("product.update", row["id"])


def test_a_place_behind_the_last_is_the_last_and_there_is_none_before_the_first(
    store: Store,
) -> None:
    row = store.create(images=[{"type": "s3", "location": str(n)} for n in range(2)])
    path = f"/product_images/{row['images'][0]['id']}"
    for bad in (0, -1, 1.5, "x", None, True):
        assert store.refused("PUT", path, {"position": bad}) == "position"
    assert store.call("PUT", path, {"position": 9})[1]["data"]["position"] == 2
    assert store.call("PUT", "/product_images/none", {"position": 1})[0] == 404


def test_images_of_a_sku_stand_on_their_own_shelf(store: Store) -> None:
    kinds = ("sku-image", "product-image")
    row = store.create(images=[{"type": one, "location": "x"} for one in kinds])
    assert [len(row[one]) for one in ("images", "skuImages")] == [1, 1]
    path = f"/product_images/{row['skuImages'][0]['id']}"
    assert store.call("PUT", path, {"position": 1})[0] == 200


# Whatever is sent

FEW = 25
SHARED = Store(FEW)
OUTLET = SHARED.first("outlets")["id"]
PRODUCT = SHARED.first("products", is_composite=False, has_variants=True)
ANOTHER = SHARED.first("products", variant_options=[], has_inventory=True)["id"]
ATTRIBUTES = [one["id"] for one in PRODUCT["variant_options"]]
PARTS = [{"product_id": PRODUCT["id"], "quantity": 1}]
LINKS = [{"supplier_id": PRODUCT["supplier_id"], "price": 1, "code": "c"}]
OWN = {
    "product_codes": [{"type": "EAN", "code": "94"}],
    "price_including_tax": 5,
    "loyalty_amount": 1,
    "inventory": [{"outlet_id": OUTLET, "current_amount": 1, "reorder_point": 1}],
    "product_suppliers": LINKS,
    "all_outlets_tax": {"tax_id": SHARED.first("taxes")["id"]},
    "outlet_taxes": [{"outlet_id": OUTLET, "tax_id": SHARED.first("taxes")["id"]}],
    "weight": 1,
    "weight_unit": "KG",
}
DETAILS = OWN | {
    "is_active": True,
    "variant_attribute_values": [{"attribute_id": ATTRIBUTES[0], "attribute_value": "v"}],
    "packaging": [
        {"source_product_id": PRODUCT["id"], "destination_product_id": ANOTHER, "amount": 1}
    ],
}
COMMON = {
    "name": "n",
    "description": "d",
    "brand_id": SHARED.first("brands")["id"],
    "product_category_id": SHARED.first("product_categories", leaf_category=True)["id"],
    "tag_ids": SHARED.table("tags").ids(),
    "product_suppliers": LINKS,
    "track_inventory": True,
    "variant_attributes": [{"attribute_id": one} for one in reversed(ATTRIBUTES)],
}
MORE = {
    "sku": "s",
    "supplier_id": PRODUCT["supplier_id"],
    "attributes": [{"key": "k", "value": "v"}],
    "images": [{"type": "url", "location": "x", "index": 1}],
}
NEW = OWN | COMMON | MORE
VARIANT = {
    "sku": "v",
    "variant_definitions": [{"attribute_id": one, "value": "v"} for one in ATTRIBUTES],
}
BODIES: dict[tuple[str, str, str], dict[str, Any]] = {
    ("POST", "/suppliers", "2026-07"): {"name": "s", "contact": {"email": "e"}},
    ("PUT", f"/suppliers/{PRODUCT['supplier_id']}", "2026-07"): {"name": "s", "contact": {}},
    ("POST", "/product_categories/bulk", "2026-07"): {
        "categories": [
            {"name": "n", "payload_id": "p", "payload_parent_category_id": "p2"},
            {
                "name": "n",
                "payload_id": "p2",
                "parent_category_id": SHARED.first("product_categories")["id"],
            },
            {"id": SHARED.first("product_categories", name="Camp")["id"], "name": "Camping"},
        ]
    },
    ("PUT", f"/product_images/{SHARED.first('product_images')['id']}", "2026-07"): {"position": 1},
    ("POST", "/products", "2026-07"): NEW | {"variants": [VARIANT | OWN]},
    ("POST", "/products", "2.0"): NEW | {"composite": PARTS},
    ("POST", "/products", "2.1"): NEW | VARIANT | {"family_id": PRODUCT["id"]},
    ("PUT", f"/products/{PRODUCT['id']}", "2026-07"): {"common": COMMON, "details": DETAILS},
    ("PUT", f"/products/{ANOTHER}", "2.1"): {"details": {"composite_components": PARTS}},
}
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**40, -1, 0, 1e-300, 1e300, "", "1e999999", "NaN", "-0", "x" * 300, "🜁"])
    | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "id", "code"]) | st.text(max_size=4), inner)
    ),
    max_leaves=5,
)


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below: list[Any] = []
    if isinstance(value, dict):
        below = list(value.items())
    if isinstance(value, list):
        below = list(enumerate(value))
    return [place, *(one for key, inner in below for one in places(inner, (*place, key)))]


def bent(body: Any, place: tuple[Any, ...], odd: Any) -> Any:
    if not place:
        return odd
    whole = copy.deepcopy(body)
    inner = whole
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = odd
    return whole


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([(to, place) for to in BODIES for place in places(BODIES[to])]), ODD)
def test_a_body_with_anything_in_any_place_is_answered_or_refused(
    where: tuple[tuple[str, str, str], tuple[Any, ...]], odd: Any
) -> None:
    (method, to, version), place = where
    body = bent(BODIES[method, to, version], place, odd)
    assert 200 <= Store(FEW).call(method, to, body, version)[0] < 500


@pytest.mark.parametrize("to", BODIES)
def test_the_bodies_to_be_bent_are_good_ones(to: tuple[str, str, str]) -> None:
    assert Store(FEW).call(to[0], to[1], BODIES[to], to[2])[0] == 200


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["/product_categories", *LISTS]),
    st.dictionaries(
        st.sampled_from(
            (
                *("after", "before", "page_size", "deleted", "sku", "name", "parent", "include"),
                *("order", "direction", "customer_group_id", "currency", "outlet_id", "includes[]"),
            )
        ),
        st.text(max_size=5) | st.integers().map(str),
    ),
)
def test_any_query_of_a_list_is_answered_or_refused(path: str, query: dict[str, str]) -> None:
    assert SHARED.call("GET", f"{path}?{urlencode(query)}")[0] in {200, 400}
