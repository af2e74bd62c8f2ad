from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.lenient import Id, Number, Text, Unusable, UtcTime, decode

NOON = datetime(2026, 9, 14, 12, 0, 30, tzinfo=UTC)


class Line(msgspec.Struct):
    price: Number | None = None
    name: Text | None = None


class Order(msgspec.Struct):
    id: Id
    total: Number | None = None
    note: Text | None = None
    placed_at: UtcTime | None = None
    version: int | None = None
    paid: bool | None = None
    first: Line | None = None
    lines: list[Line] = msgspec.field(default_factory=list)
    by_name: dict[str, Line] = msgspec.field(default_factory=dict)


def read(fields: str) -> Order:
    return decode('{"id":"7",' + fields + "}", Order)


def salvage(fields: str) -> Order:
    """Read with one bad field beside, so that the slow path is taken."""
    return read(fields + ',"paid":"perhaps"')


Read = Callable[[str], Order]
both = pytest.mark.parametrize("path", [read, salvage])


@pytest.mark.parametrize(
    "spelt",
    [
        "2026-09-14 12:00:30",
        "2026-09-14T12:00:30Z",
        "2026-09-14T12:00:30+00:00",
        "2026-09-15T00:00:30+12:00",
        "2026-09-14T12:00:30.000Z",
    ],
)
@both
def test_every_spelling_of_a_time_becomes_the_same_utc_time(path: Read, spelt: str) -> None:
    placed_at = path(f'"placed_at":"{spelt}"').placed_at
    assert placed_at == NOON
    assert type(placed_at) is datetime
    assert placed_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "bad",
    ['"0000-00-00 00:00:00"', '""', '"soon"', "1789387230", "{}", '"0001-01-01T00:00:00+14:00"'],
)
@both
def test_a_bad_time_becomes_none(path: Read, bad: str) -> None:
    assert path(f'"placed_at":{bad}').placed_at is None


@pytest.mark.parametrize("spelt", ["18.10", '"18.10"', "1.810e1"])
@both
def test_money_is_exact_whether_number_or_string(path: Read, spelt: str) -> None:
    assert path(f'"total":{spelt}').total == Decimal("18.10")


@both
def test_money_does_not_pass_through_a_float(path: Read) -> None:
    order = path('"total":0.1000000000000000055511151231,"lines":[{"price":433.91304}]')
    assert str(order.total) == "0.1000000000000000055511151231"
    assert str(order.lines[0].price) == "433.91304"
    assert type(order.total) is Decimal


@pytest.mark.parametrize(
    "bad",
    [
        '"NaN"',
        '"sNaN"',
        '"-Infinity"',
        '"\\u004eaN"',
        '"1e999999999"',
        "1e400",
        "1e-400",
        '""',
        '"ten"',
        "true",
        "[]",
        "{}",
        '"1e99999999999999999999"',
    ],
)
@both
def test_a_bad_number_becomes_none(path: Read, bad: str) -> None:
    assert path(f'"total":{bad},"note":"kept"') == Order("7", note="kept")


@pytest.mark.parametrize("number", ["0", "12", "12.50", "-3"])
@both
def test_a_number_becomes_the_text_it_was_sent_as(path: Read, number: str) -> None:
    note = path(f'"note":{number}').note
    assert note == number
    assert type(note) is str


@pytest.mark.parametrize("spelt", ["5", '"5"', "5.0", '"5.0"'])
@both
def test_a_string_becomes_the_whole_number_it_spells(path: Read, spelt: str) -> None:
    assert path(f'"version":{spelt}').version == 5


@pytest.mark.parametrize("bad", ["null", '""', "5", "true", "{}"])
@both
def test_what_is_no_list_becomes_an_empty_list(path: Read, bad: str) -> None:
    assert path(f'"lines":{bad}').lines == []


@pytest.mark.parametrize("bad", ["null", "[]", '""', "[1]"])
@both
def test_what_is_no_map_becomes_an_empty_map(path: Read, bad: str) -> None:
    assert path(f'"by_name":{bad}').by_name == {}


def test_a_bad_element_leaves_the_rest_of_the_list() -> None:
    lines = read('"lines":[{"price":"1.50"},null,"x",{"price":"x","name":"b"}]').lines
    assert lines == [Line(Decimal("1.50")), Line(name="b")]


def test_a_bad_entry_leaves_the_rest_of_the_map() -> None:
    by_name = read('"by_name":{"a":{"price":2},"b":7,"c":{"price":[]}}').by_name
    assert by_name == {"a": Line(Decimal(2)), "c": Line()}


def test_a_bad_part_of_a_nested_object_leaves_its_rest() -> None:
    assert read('"first":{"price":"x","name":5}').first == Line(name="5")


@both
def test_unknown_keys_are_passed_over(path: Read) -> None:
    assert path('"colour":{"deep":[1,2]},"note":"n"') == Order("7", note="n")


def test_missing_keys_take_their_defaults() -> None:
    assert decode(b'{"id":7}', Order) == Order("7")


@pytest.mark.parametrize("bad", ['""', '"  "', "null", "true", "{}", "[]"])
def test_an_unusable_id_makes_the_payload_unusable(bad: str) -> None:
    with pytest.raises(Unusable, match="no usable id"):
        decode(f'{{"id":{bad}}}', Order)


def test_a_missing_id_makes_the_payload_unusable() -> None:
    with pytest.raises(Unusable, match="no usable id"):
        decode("{}", Order)


@pytest.mark.parametrize("payload", [b"[]", b"null", b"5", b'"secret"', b"true"])
def test_what_is_no_object_is_unusable(payload: bytes) -> None:
    with pytest.raises(Unusable, match="not a JSON object"):
        decode(payload, Order)


DEEP = '{"id":"7","note":' + "[" * 200_000 + "]" * 200_000 + "}"
LONG = '{"id":"7","version":' + "1" * 100_000 + "}"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not JSON"),
        (b"secret", "not JSON"),
        (b'{"id":"secret"', "not JSON"),
        (b'{"id":"secret\xff"}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ('{"id":"secret\ud800"}', "not JSON"),
        (b'{"id":"secret","total":NaN}', "not JSON"),
        (b'{"id":"secret","total":-Infinity}', "not JSON"),
        (DEEP, "nested too deeply"),
        (DEEP.encode(), "nested too deeply"),
        ("[" * 200_000, "nested too deeply"),
        (LONG, "too large"),
        ('{"id":' + "1" * 100_000 + "}", "too large"),
        ('{"id":"secret","lines":0,"total":1e99999999999999999999}', "too large"),
    ],
    ids=range(14),
)
def test_hostile_input_is_unusable_and_the_reason_does_not_quote_it(
    payload: bytes | str, reason: str
) -> None:
    with pytest.raises(Unusable) as caught:
        decode(payload, Order)
    assert reason in caught.value.reason
    assert "secret" not in caught.value.reason
    assert "111" not in caught.value.reason
    assert caught.value.__context__ is None


@given(st.binary() | st.text())
def test_whatever_is_sent_it_decodes_or_is_unusable(payload: bytes | str) -> None:
    try:
        decode(payload, Order)
    except Unusable as unusable:
        assert unusable.reason.endswith(".")  # noqa: PT017  # both outcomes are right


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001
    st.integers(-840, 840),
)
def test_an_offset_is_taken_into_account(clock: datetime, minutes: int) -> None:
    time = clock.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert read(f'"placed_at":"{time.isoformat()}"').placed_at == time


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=5))
def test_any_amount_survives_as_number_and_as_string(amount: Decimal) -> None:
    order = read(f'"total":{amount:f},"lines":[{{"price":"{amount:f}"}}]')
    assert order.total == order.lines[0].price == amount
