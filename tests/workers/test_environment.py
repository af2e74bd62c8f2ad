from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from actions.errors import WrongSetting
from actions.secret import Secret
from workers.environment import load, variable, wrong

HIDDEN = "hunter2"


class Colour(Enum):
    RED = "red"


def one(wanted: Any) -> type[Struct]:
    """A Struct whose only field is a `value` of that type."""
    return msgspec.defstruct("One", [("value", wanted)])


def value(wanted: Any, text: str) -> Any:
    loaded: Any = load(one(wanted), {"VALUE": text})
    return loaded.value


GOOD: list[tuple[Any, str, object]] = [
    (str, " a b ", "a b"),
    (int, "7", 7),
    (float, "0.5", 0.5),
    (bool, "true", True),
    (bool, "0", False),
    (Decimal, "0.10", Decimal("0.10")),
    (timedelta, "PT5S", timedelta(seconds=5)),
    (Literal["a", "b"], "b", "b"),
    (Colour, "red", Colour.RED),
    (int | None, "7", 7),
    (list[str], "a, b,,c,", ["a", "b", "c"]),
    (list[str], "alone", ["alone"]),
    (tuple[int, ...], "1,2", (1, 2)),
    (set[str], "a,a", {"a"}),
    (list[int] | None, "1, 2", [1, 2]),
    (Annotated[list[str], Meta(description="Tags.")], "a,b", ["a", "b"]),
    (Annotated[str, Meta(description="With commas.")], "a,b", "a,b"),
]


@pytest.mark.parametrize("row", range(len(GOOD)))
def test_a_value_is_read_by_the_type_of_its_field(row: int) -> None:
    wanted, text, expected = GOOD[row]
    assert value(wanted, text) == expected


@pytest.mark.parametrize("wanted", [Secret, Secret | None])
def test_a_secret_is_read_and_not_shown(wanted: Any) -> None:
    loaded: Any = load(one(wanted), {"VALUE": HIDDEN})
    assert loaded.value.reveal() == HIDDEN
    assert HIDDEN not in repr(loaded)


def test_secrets_may_be_several() -> None:
    assert [secret.reveal() for secret in value(tuple[Secret, ...], "a,b")] == ["a", "b"]


BAD: list[Any] = [
    int,
    float,
    bool,
    Decimal,
    timedelta,
    list[int],
    tuple[int, int],
    dict[str, str],
    Literal["a", "b"],
    Colour,
    Annotated[str, Meta(pattern="^x")],
    Annotated[str, Meta(max_length=2)],
    Annotated[list[str], Meta(min_length=2)],
    complex,
]


@pytest.mark.parametrize("wanted", BAD, ids=str)
def test_a_wrong_value_names_its_variable_and_is_not_shown(wanted: Any) -> None:
    with pytest.raises(WrongSetting) as raised:
        value(wanted, HIDDEN)
    assert str(raised.value).startswith("VALUE ")
    assert HIDDEN not in str(raised.value)
    assert raised.value.exit_code == 2
    assert raised.value.__suppress_context__


class Range(Struct):
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"{self.low} is more than {self.high}")


def test_what_a_struct_refuses_as_a_whole_is_a_wrong_setting_too() -> None:
    with pytest.raises(WrongSetting, match="SHOP_"):
        load(Range, {"SHOP_LOW": "2", "SHOP_HIGH": "1"}, "SHOP_")


@pytest.mark.parametrize("environ", [{}, {"SHOP_LOW": ""}, {"SHOP_LOW": " \t"}, {"LOW": "1"}])
def test_a_variable_that_lacks_is_named_with_what_needs_it(environ: dict[str, str]) -> None:
    with pytest.raises(WrongSetting) as raised:
        load(Range, environ, "SHOP_")
    assert str(raised.value) == f"SHOP_LOW is not set: {__name__}.Range needs it."


def test_all_that_is_wrong_can_be_asked_for_at_once() -> None:
    assert wrong(Range, {"SHOP_LOW": "1", "SHOP_HIGH": "2"}, "SHOP_") == {}
    found = wrong(Range, {"SHOP_HIGH": HIDDEN}, "SHOP_")
    assert list(found) == ["SHOP_LOW", "SHOP_HIGH"]
    assert str(found["SHOP_LOW"]) == f"SHOP_LOW is not set: {__name__}.Range needs it."
    assert str(found["SHOP_HIGH"]).startswith("SHOP_HIGH is wrong: ")
    assert HIDDEN not in str(found)
    assert list(wrong(Range, {"SHOP_LOW": "2", "SHOP_HIGH": "1"}, "SHOP_")) == ["SHOP_…"]


class Lenient(Struct):
    low: int = 1
    tags: list[str] = msgspec.field(default_factory=list)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(Lenient, {"LOW": "", "TAGS": " "}) == Lenient(1, [])


def test_what_the_struct_does_not_have_is_passed_over() -> None:
    assert load(Lenient, {"HIGH": "7", "low": "8"}) == Lenient()


def test_a_variable_is_the_fields_name_in_capitals_after_the_prefix() -> None:
    names = [variable(field, "SHOP_") for field in msgspec.structs.fields(Range)]
    assert names == ["SHOP_LOW", "SHOP_HIGH"]
