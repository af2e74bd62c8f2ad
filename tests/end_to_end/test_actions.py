"""`backroom actions`: what there is to call, for people and for programs. It needs no process."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actions.catalog import CATALOG
from actions.errors import BadAction
from ingress.commands import cli

TYPES = {"string", "integer", "number", "boolean", "array", "object", "null"}


def listed(*words: str) -> Result:
    return CliRunner().invoke(cli, ["actions", *words])


def shown(*words: str) -> str:
    result = listed(*words)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return result.stdout


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown(name, "--json"))
    return found


def check(schema: Any, defs: dict[str, Any]) -> None:
    """Fail where a schema is none: a type that is unknown, a reference to nothing."""
    assert isinstance(schema, dict)
    if "$ref" in schema:
        assert schema["$ref"].removeprefix("#/$defs/") in defs
    kinds = schema.get("type", [])
    assert set([kinds] if isinstance(kinds, str) else kinds) <= TYPES
    assert set(schema.get("required", ())) <= set(schema.get("properties", {}))
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        check(inner, defs)
    if schema.get("items"):
        check(schema["items"], defs)


def test_the_list_has_a_line_for_each_of_the_57_actions() -> None:
    head, *rows = shown().splitlines()
    assert head.split() == ["action", "Lightspeed", "calls", "it", "verb", "path"]
    assert [row.split()[0] for row in rows] == list(CATALOG)
    assert len(rows) == 57
    (brand,) = [row for row in rows if row.startswith("CreateBrand ")]
    assert re.split(r"  +", brand.strip()) == [
        "CreateBrand",
        "Create Brand",
        "writes",
        "POST",
        "/brands",
    ]


def test_an_action_is_shown_with_the_types_and_limits_of_its_parameters() -> None:
    text = shown("ListSales")
    assert text.startswith("ListSales: List Sales\nGET /sales, reads; scopes: sales:read\n\n")
    assert re.search(r"^page_size +integer, ≥ 1, ≤ 10000 *$", text, re.MULTILINE)
    text = shown("CreateSale")
    assert re.search(r"^source +SaleSourceInput +required", text, re.MULTILINE)
    assert re.search(r"^state +closed, parked, pending, voided +required", text, re.MULTILINE)
    assert re.search(r"^invoice_number +string or null", text, re.MULTILINE)
    assert re.search(r"^line_items +list of SaleLineInput", text, re.MULTILINE)
    assert re.search(r"^value +string, at most 32 long, like \S+ +required", text, re.MULTILINE)
    assert "\nSaleLineInput " in text


def test_what_is_deprecated_is_said_to_be_so() -> None:
    assert "the vendor calls it deprecated" in shown("ListProductTypes").splitlines()[0]


@pytest.mark.parametrize("name", CATALOG)
def test_every_action_can_be_shown_and_its_schema_is_one(name: str) -> None:
    fields = [field.encode_name for field in CATALOG[name].operation.parameters]
    lines = shown(name).splitlines()
    assert all(any(line.split()[:1] == [field] for line in lines) for field in fields)
    found = schema_of(name)
    assert found["name"] == name
    assert found["description"]
    parameters = found["parameters"]
    assert parameters["type"] == "object"
    assert sorted(parameters["properties"]) == sorted(fields)
    defs = parameters.get("$defs", {})
    for schema in (parameters, *defs.values()):
        check(schema, defs)


def test_all_of_them_in_json_are_the_same_as_each_by_itself() -> None:
    every = json.loads(shown("--json"))
    assert [one["name"] for one in every] == list(CATALOG)
    assert every[7] == schema_of(every[7]["name"])
    limits = schema_of("ListInventory")["parameters"]["properties"]["size"]
    assert (limits["type"], limits["minimum"], limits["maximum"]) == ("integer", 1, 5000)


@pytest.mark.parametrize("words", [("getbrnd",), ("getbrnd", "--json")])
def test_a_name_that_is_none_brings_the_three_nearest(words: tuple[str, ...]) -> None:
    result = listed(*words)
    assert isinstance(result.exception, BadAction)
    assert result.exception.exit_code == 2
    assert result.stdout == ""
    said = str(result.exception)
    assert said == "There is no action 'getbrnd'; near it are GetBrand, CreateBrand, ListBrands."
