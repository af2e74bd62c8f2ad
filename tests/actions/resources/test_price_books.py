from datetime import UTC, datetime
from decimal import Decimal

import pytest

from actions.action import Page
from actions.errors import BadAction
from actions.lenient import decode
from actions.resources.outlets import Outlet
from actions.resources.price_books import (
    CustomerGroup,
    GetPriceBook,
    ListPriceBookProducts,
    ListPriceBooks,
    PriceBook,
    PriceBookProduct,
)


def page(*versions: int) -> Page[PriceBook]:
    return Page([PriceBook(id=f"b-{one}", version=one) for one in versions])


def test_price_books_without_a_version_envelope_are_walked_by_their_rows() -> None:
    assert ListPriceBooks().following(page(3, 7, 5)) == ListPriceBooks(after=7)
    ascending = ListPriceBooks(order="version", direction="ASC")
    assert ascending.following(page(3)) is not None
    prices = Page([PriceBookProduct(id="p-1", version=4)])
    assert ListPriceBookProducts().following(prices) == ListPriceBookProducts(after=4)


@pytest.mark.parametrize(
    "listing", [ListPriceBooks(order="name"), ListPriceBooks(direction="DESC")]
)
def test_price_books_in_an_order_of_their_own_have_no_next_page(listing: ListPriceBooks) -> None:
    with pytest.raises(BadAction, match=r"^ListPriceBooks: order and direction: only a list that"):
        listing.following(page(3, 7))
    assert listing.following(page()) is None


def test_price_books_are_sorted_and_filtered_in_the_query() -> None:
    listing = ListPriceBooks(order="name", direction="DESC", customer_group_id="g-1")
    assert listing.request().path == "/price_books?order=name&direction=DESC&customer_group_id=g-1"


def test_price_books_need_three_scopes() -> None:
    assert set(GetPriceBook("b-1").needs()) == {
        "products:read:price_books",
        "customers:read",
        "outlets:read",
    }


def test_a_price_book_holds_its_groups_and_outlets() -> None:
    book = decode(
        b'{"id":"b-1","name":"Staff","type":"GENERAL","customer_groups":[{"id":"g-1",'
        b'"name":"Staff","group_id":"g-1","retailer_id":"r-1","deleted_at":null,"version":"2"}],'
        b'"customer_group_ids":["g-1"],"outlets":[{"id":"o-1","name":"Main"}],'
        b'"restrict_to_platform_key":0,"restrict_to_platform_label":"All Platforms",'
        b'"valid_from":"2017-05-24T01:53:25+00:00","valid_to":null,"created_at":null,'
        b'"updated_at":null,"deleted_at":null,"version":4300000000}',
        PriceBook,
    )
    assert book == PriceBook(
        id="b-1",
        name="Staff",
        type="GENERAL",
        customer_groups=[
            CustomerGroup(id="g-1", name="Staff", group_id="g-1", retailer_id="r-1", version=2)
        ],
        customer_group_ids=["g-1"],
        outlets=[Outlet(id="o-1", name="Main")],
        restrict_to_platform_key="0",
        restrict_to_platform_label="All Platforms",
        valid_from=datetime(2017, 5, 24, 1, 53, 25, tzinfo=UTC),
        version=4_300_000_000,
    )


def test_a_price_keeps_every_decimal() -> None:
    price = decode(
        b'{"id":"p-1","product_id":"x-1","price_book_id":"b-1","price":"9.12345","tax_id":"t-1",'
        b'"default_display_price":10.50000,"retail_tax":1.37655,"loyalty_value":null,'
        b'"min_units":"2","max_units":null,"adjustment":-1.5,"adjustment_type":"PERCENT",'
        b'"discount":null,"rounding":"none","created_at":"2017-05-24T01:53:25+00:00",'
        b'"updated_at":null,"deleted_at":null,"version":9}',
        PriceBookProduct,
    )
    assert price.price == Decimal("9.12345")
    assert str(price.default_display_price) == "10.50000"
    assert price.retail_tax == Decimal("1.37655")
    assert price.min_units == 2
    assert price.loyalty_value is None
    assert price.adjustment == Decimal("-1.5")
    assert price.version == 9
