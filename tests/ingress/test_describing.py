"""What is said of an action, its parameters and its result, by every way in."""

import json

import pytest

from actions.catalog import CATALOG
from actions.resources.brands import ListBrands
from actions.resources.customers import DeleteCustomer
from actions.resources.price_books import ListPriceBookProducts
from actions.resources.products import CreateProduct
from ingress.describing import described, result_schema, schema


@pytest.mark.parametrize("name", CATALOG)
def test_an_action_has_a_schema_of_its_result_that_refers_to_nothing_else(name: str) -> None:
    found = result_schema(CATALOG[name])
    parts = found.pop("$defs", {})
    text = json.dumps([found, parts])
    named = {piece.split('"')[0] for piece in text.split('"#/$defs/')[1:]}
    assert named <= parts.keys()
    assert '"format": "decimal"' not in json.dumps([found, parts, schema(CATALOG[name])])


def test_a_paged_list_answers_pages_and_a_deletion_nothing() -> None:
    page = result_schema(ListBrands)
    assert page["$defs"][page["$ref"].removeprefix("#/$defs/")]["required"] == ["data"]
    assert result_schema(DeleteCustomer) == {"type": "null"}


def test_prices_and_counts_are_numbers_both_ways() -> None:
    assert schema(CreateProduct)["properties"]["loyalty_amount"]["type"] == "number"
    price = result_schema(ListPriceBookProducts)["$defs"]["PriceBookProduct"]["properties"]
    assert {"type": "number"} in price["price"]["anyOf"]


def test_what_is_known_of_an_action_says_what_it_needs_and_does() -> None:
    found = described(CATALOG["CreateBrand"])
    assert (found["reads"], found["repeatable"], found["paged"]) == (False, False, False)
    assert found["scopes"] == ("products:write",)
    assert found["parameters"]["required"] == ["name"]


def test_what_the_source_says_of_a_field_stands_in_its_schema() -> None:
    found = schema(CATALOG["ListSales"])["properties"]
    assert found["after"] == {
        "type": "integer",
        "description": "Only what has a higher version.",
    }
    created = schema(CATALOG["CreateSale"])
    assert (
        created["properties"]["invoice_number"]["description"] == "null takes the next free number."
    )
    line = created["$defs"]["SaleLineInput"]["properties"]["id"]
    assert line["description"] == "Of a line that is there already."
