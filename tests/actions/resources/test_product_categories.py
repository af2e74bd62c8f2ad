from typing import Any

import pytest

from actions.action import Page, PageInfo
from actions.lenient import decode
from actions.resources.product_categories import (
    CategoryStep,
    CategoryToSave,
    ListProductCategories,
    ProductCategory,
    SaveProductCategories,
)

ROWS = [{"id": "c1"}]
INFO = {"has_next": True, "last_seen": "c1"}
LAID_OUT = {"data": ROWS, "page_info": INFO}


@pytest.mark.parametrize(
    ("plain", "laid_out"),
    [
        ({"data": {"categories": ROWS}, "page_info": INFO}, LAID_OUT),
        ({"data": {"page_info": INFO, "data": {"categories": ROWS}}}, LAID_OUT),
        ({"data": {"categories": ROWS, "page_info": INFO}}, LAID_OUT),
        ({"data": {"categories": None}, "page_info": None}, {"data": [], "page_info": {}}),
        ({"data": ROWS}, {"data": ROWS}),
        ({"error": "no"}, {"error": "no"}),
        ([], []),
    ],
)
def test_a_list_of_categories_is_laid_out_like_other_pages(plain: Any, laid_out: Any) -> None:
    assert ListProductCategories.unwrap(plain) == laid_out


def page(*, has_next: bool, last_seen: str | None = "c2") -> Page[ProductCategory]:
    rows = [ProductCategory(id="c1"), ProductCategory(id="c2")]
    return Page(rows, page_info=PageInfo(has_next, last_seen))


def test_a_list_of_categories_goes_on_after_the_one_seen_last() -> None:
    roots = ListProductCategories(parent="none", page_size=2)
    assert roots.request().path == "/product_categories?parent=none&page_size=2"
    following = roots.following(page(has_next=True))
    assert following == ListProductCategories(parent="none", after="c2", page_size=2)
    assert roots.following(page(has_next=True, last_seen=None)) == following


def test_a_list_of_categories_ends_where_the_vendor_says_so_or_stands_still() -> None:
    assert ListProductCategories().following(page(has_next=False)) is None
    assert ListProductCategories(after="c2").following(page(has_next=True)) is None
    assert ListProductCategories().following(Page([])) is None


def test_a_root_category_is_read() -> None:
    root = decode(
        b'{"id":"c1","name":7,"root_category_id":"c1","parent_category_id":null,'
        b'"leaf_category":false,"category_path":[{"id":"c1","name":"7"}]}',
        ProductCategory,
    )
    assert root == ProductCategory(
        id="c1",
        name="7",
        root_category_id="c1",
        leaf_category=False,
        category_path=[CategoryStep(id="c1", name="7")],
    )


def test_a_hierarchy_goes_on_the_wire_with_its_temporary_names() -> None:
    hierarchy = SaveProductCategories(
        [
            CategoryToSave(name="Clothes", payload_id="new"),
            CategoryToSave(name="Shirts", payload_parent_category_id="new"),
            CategoryToSave(id="c3", name="Hats", parent_category_id="c1"),
        ]
    )
    hierarchy.check()
    sent = hierarchy.request()
    assert (sent.verb, sent.path) == ("POST", "/product_categories/bulk")
    assert sent.body == (
        b'{"categories":[{"name":"Clothes","payload_id":"new"},'
        b'{"name":"Shirts","payload_parent_category_id":"new"},'
        b'{"id":"c3","name":"Hats","parent_category_id":"c1"}]}'
    )


def test_a_parent_that_is_not_in_the_call_is_refused() -> None:
    orphan = SaveProductCategories([CategoryToSave(payload_parent_category_id="gone")])
    with pytest.raises(ValueError, match=r"categories\[0\].*but is 'gone'"):
        orphan.check()
