"""Lists in slices: every item once, bounded in number and size."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from actions.action import Page
from actions.catalog import CATALOG
from actions.errors import BadAction
from actions.resources.webhooks import ListWebhooks
from ingress.mcp.paging import LIMIT, MOST_ITEMS, sliced
from ingress.mcp.results import MOST_BYTES, fitted, fitting
from tests.ingress.mcp.conftest import Call, here
from tests.stores import Store


async def walked(call: Call, tool: str, **given: Any) -> list[list[str]]:
    """The ids of every slice of a list."""
    slices: list[list[str]] = []
    go_on: dict[str, Any] = {}
    while True:
        result = await call(tool, **given, **go_on)
        assert not result.is_error, result.text
        slices.append([row["id"] for row in result.structure["data"]])
        assert len(slices) < 60
        if result.structure["next"] is None:
            return slices
        go_on = {"next": result.structure["next"]}


@pytest.mark.parametrize(
    ("tool", "table"),
    [
        ("list_products", "products"),
        ("list_outlets", "outlets"),
        ("list_taxes", "taxes"),
        ("list_inventory", "inventory"),
        ("list_gift_cards", "gift_cards"),
        ("list_product_categories", "product_categories"),
        ("list_store_credits", "store_credits"),
        ("list_promotions", "promotions"),
        ("list_users", "users"),
    ],
)
async def test_every_item_comes_once_however_long_the_slices(
    call: Call, store: Store, tool: str, table: str
) -> None:
    assert store.rows(table)
    (whole, *nothing) = await walked(call, tool, limit=MOST_ITEMS)
    assert nothing in ([], [[]])
    for limit in (1, 2):
        slices = await walked(call, tool, limit=limit)
        found = [one for ids in slices for one in ids]
        assert sorted(found) == sorted(whole)
        assert all(len(ids) <= limit for ids in slices)


async def test_a_slice_costs_one_request_and_no_more_than_asked_for(
    call: Call, store: Store
) -> None:
    result = await call("list_products", limit=3)
    assert len(result.structure["data"]) == 3
    assert result.structure["left_out"] == 0
    assert len(store.seen) == 1


async def test_what_was_got_and_is_not_shown_is_counted(call: Call, store: Store) -> None:
    names = {row["name"] for row in store.rows("products")}
    assert len(names) > 1
    whole = await call("list_store_credits")
    total = len(whole.structure["data"])
    assert total > 1
    first = await call("list_store_credits", limit=1)
    assert first.structure["left_out"] == total - 1
    assert f"{total - 1} more were got and are left out here" in first.text


async def test_going_on_takes_the_same_parameters_or_none(call: Call) -> None:
    first = await call("list_products", limit=1, deleted=True)
    go_on = {"next": first.structure["next"], "limit": 1}
    alone = await call("list_products", **go_on)
    again = await call("list_products", **go_on, deleted=True)
    assert alone.structure["data"] == again.structure["data"] != first.structure["data"]
    other = await call("list_products", **go_on, deleted=False)
    assert "give it alone, or beside the same parameters" in other.text
    foreign = await call("list_brands", **go_on)
    assert "it comes from ListProducts" in foreign.text


async def test_a_list_goes_on_in_stackones_style_too(call: Call, store: Store) -> None:
    by = here(style="flat_prefixed")
    first = await call("list_products", by, query_page_size=1)
    go_on = first.structure["next"]
    second = await call("list_products", by, query_next=go_on, query_page_size=1)
    assert len(first.structure["data"]) == len(second.structure["data"]) == 1
    assert first.structure["data"] != second.structure["data"]
    assert len(store.seen) == 2
    wrong = await call("list_products", by, page_size=1)
    assert "has no 'page_size'" in wrong.text


@pytest.mark.parametrize("cursor", ["x", "", "ä", 7, ["a"], "A" * 9000, "lKxMaXN0UHJvZHVjdHM"])
async def test_what_is_no_cursor_is_refused(call: Call, store: Store, cursor: Any) -> None:
    result = await call("list_products", next=cursor)
    assert result.is_error
    assert result.text.startswith("next: ")
    assert store.seen == []


@pytest.mark.parametrize("limit", [0, -1, "9", 1.5, True, None])
def test_what_is_no_limit_is_refused(limit: Any) -> None:
    with pytest.raises(BadAction, match="limit: Expected a number of 1 to 200"):
        sliced(CATALOG["ListBrands"], {"limit": limit})  # type: ignore[arg-type]


def test_a_slice_is_50_items_and_200_at_most() -> None:
    brands: Any = CATALOG["ListBrands"]
    assert sliced(brands, {}).limit == LIMIT == 50
    assert sliced(brands, {"limit": 9999}).limit == MOST_ITEMS == 200
    assert sliced(brands, {"page_size": 7}).limit == 7  # in StackOne's style
    action: Any = sliced(brands, {"limit": 7}).action
    assert action.page_size == 7


def test_in_an_order_without_a_next_page_the_list_just_ends() -> None:
    books: Any = CATALOG["ListPriceBooks"]
    wanted = sliced(books, {"order": "name"})
    assert wanted.next(Page([object()]), 1, 0) is None


class Row(Struct):
    id: str
    name: str = ""
    note: str = ""


@given(st.lists(st.integers(0, 60_000), max_size=12))
def test_rows_fit_into_the_most_there_may_be(lengths: list[int]) -> None:
    rows = [Row(str(place), "x" * length) for place, length in enumerate(lengths)]
    part = fitting(rows, 200)
    assert len(part.json) <= MOST_BYTES + len(rows) + 2
    assert part.shown + part.left_out == len(rows)
    assert part.shown > 0 or not rows


def test_of_a_row_that_is_too_long_the_longest_members_are_left_out_and_named() -> None:
    row = Row("7", "koru", "x" * (MOST_BYTES + 1))
    for part in (fitting([row, row], 200), fitted(row)):
        assert part.members == ("note",)
        assert b"koru" in part.json
        assert len(part.json) < MOST_BYTES
    assert fitting([row, row], 200).left_out == 1


async def test_a_list_that_does_not_fit_says_how_to_get_the_rest(call: Call, store: Store) -> None:
    by = here(allow_writes=True)
    for place in range(3):
        long = "x" * (MOST_BYTES * 2 // 3)
        made = await call("create_product", by, name=f"Long {place}", description=long)
        assert not made.is_error
    first = await call("list_products")
    assert len(first.text) < MOST_BYTES * 1.1
    assert first.structure["left_out"] > 0
    assert f"{first.structure['left_out']} more were got and are left out here" in first.text
    slices = await walked(call, "list_products")
    assert len(slices) > 3
    found = [one for ids in slices for one in ids]
    assert len(found) == len(set(found)) == len(store.rows("products"))


def test_a_list_without_pages_stands_as_it_is() -> None:
    wanted = sliced(ListWebhooks, {})
    assert wanted.next(Page([]), 0, 0) is None
