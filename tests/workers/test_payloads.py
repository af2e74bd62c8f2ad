import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from actions.lenient import decode
from workers import payloads
from workers.payloads import (
    ConsignmentReceive,
    ConsignmentSend,
    Contact,
    CustomerUpdate,
    InventoryUpdate,
    Payload,
    ProductUpdate,
    RegisterClosureCreate,
    SaleCustomer,
    SaleLine,
    SaleTotals,
    SaleUpdate,
    SaleUser,
)
from workers.samples import sample

STRUCTS: dict[str, type[Payload]] = {
    "product.update": ProductUpdate,
    "inventory.update": InventoryUpdate,
    "sale.update": SaleUpdate,
    "customer.update": CustomerUpdate,
    "consignment.send": ConsignmentSend,
    "consignment.receive": ConsignmentReceive,
    "register_closure.create": RegisterClosureCreate,
}
NOON = datetime(2026, 9, 14, 12, 0, tzinfo=UTC)
Path = tuple[str | int, ...]

each = pytest.mark.parametrize("event_type", STRUCTS)


def read(event_type: str, sent: dict[str, Any]) -> Payload:
    return decode(json.dumps(sent), STRUCTS[event_type])


def nodes(sent: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of a payload with its path, from the leaves up to the payload itself."""
    if isinstance(sent, dict):
        for key, value in sent.items():
            yield from nodes(value, (*path, key))
    elif isinstance(sent, list):
        for index, value in enumerate(sent):
            yield from nodes(value, (*path, index))
    yield path, sent


def at(path: Path, found: Any) -> Any:
    for step in path:
        found = getattr(found, str(step)) if isinstance(found, msgspec.Struct) else found[step]
    return found


def is_same(sent: Any, found: Any) -> bool:
    match found:
        case datetime():
            time = datetime.fromisoformat(sent)
            return found == (time if time.tzinfo else time.replace(tzinfo=UTC))
        case Decimal():
            return found == Decimal(str(sent))
        case str():
            return found == str(sent)
        case _:
            return type(found) is type(sent) and found == sent


@each
def test_nothing_of_a_sample_is_lost(event_type: str) -> None:
    sent = sample(event_type)
    found = read(event_type, sent)
    for path, value in nodes(sent):
        if not isinstance(value, dict | list):
            assert is_same(value, at(path, found)), path
        elif isinstance(value, list):
            assert len(value) == len(at(path, found)), path


@each
def test_one_odd_field_costs_only_itself(event_type: str) -> None:
    sent = sample(event_type)
    whole = read(event_type, sent)
    for odd in sent.keys() - {"id"}:
        found = read(event_type, sent | {odd: [["odd"]]})
        for kept in sent.keys() - {odd}:
            assert getattr(found, kept) == getattr(whole, kept), (odd, kept)


ODD = [None, [], {}, "", "odd", "NaN", True, -1, 1.5, 10**30, [None], {"id": None}, "0000-00-00"]


def turned(value: Any, odd: Any) -> Any:
    """A number for a string, a string for a number, otherwise the odd value."""
    if odd == "turned" and isinstance(value, str):
        return len(value)
    return str(value) if odd == "turned" else odd


@each
@given(data=st.data())
def test_whatever_is_odd_the_payload_decodes_to_the_declared_types(
    event_type: str, data: st.DataObject
) -> None:
    sent = deepcopy(sample(event_type))
    paths = [path for path, _ in nodes(sent) if path not in {(), ("id",)}]
    # Leaves come first, so a path is always still there when its turn comes.
    for index in sorted(data.draw(st.sets(st.integers(0, len(paths) - 1)))):
        *parents, last = paths[index]
        inside = at(tuple(parents), sent)
        inside[last] = turned(inside[last], data.draw(st.sampled_from([*ODD, "turned"])))
    found = read(event_type, sent)
    assert found.id == sent["id"]
    assert decode(msgspec.json.encode(found), STRUCTS[event_type]) == found


@each
def test_an_id_alone_is_enough(event_type: str) -> None:
    assert read(event_type, {"id": 7}) == STRUCTS[event_type]("7")


@each
def test_a_payload_of_nulls_is_a_payload_of_defaults(event_type: str) -> None:
    nulls: dict[str, Any] = dict.fromkeys(sample(event_type))
    assert read(event_type, nulls | {"id": "7"}) == STRUCTS[event_type]("7")


@each
def test_unknown_keys_are_passed_over(event_type: str) -> None:
    sent = sample(event_type)
    assert read(event_type, sent | {"new_in_2027": {"a": 1}}) == read(event_type, sent)


def test_a_sale_takes_id_and_status_by_place() -> None:
    assert SaleUpdate("7", "CLOSED") == SaleUpdate(id="7", status="CLOSED")


def test_lists_are_not_shared_between_payloads() -> None:
    SaleUpdate("7").register_sale_products.append(SaleLine())
    assert SaleUpdate("8").register_sale_products == []


def test_newer_versions_order_later() -> None:
    versions = [0, 9, 10, 54_811_930_274, 10**20 - 1]
    for struct in (ProductUpdate, InventoryUpdate, SaleUpdate):
        orders = [struct("7", version=version).order() or "" for version in versions]
        assert orders == sorted(set(orders))
        assert len({len(order) for order in orders}) == 1


def test_sales_of_one_version_order_by_time() -> None:
    times = [None, NOON, NOON + timedelta(milliseconds=1), NOON + timedelta(days=4000)]
    orders = [SaleUpdate("7", version=5, updated_at=time).order() or "" for time in times]
    assert orders == sorted(set(orders))
    assert SaleUpdate("7", version=6).order() > max(orders)  # type: ignore[operator]


def test_the_order_of_a_sale_is_version_then_milliseconds() -> None:
    sale = SaleUpdate("7", version=54_811_930_274, updated_at=NOON)
    assert sale.order() == "00000000054811930274" + "001789387200000"


def test_customers_order_by_time() -> None:
    times = [NOON - timedelta(days=30_000), NOON, NOON + timedelta(seconds=1)]
    orders = [CustomerUpdate("7", updated_at=time).order() or "" for time in times]
    assert orders == sorted(set(orders))
    assert {len(order) for order in orders} == {15}


@pytest.mark.parametrize("version", [None, -1, 10**20])
def test_an_impossible_version_tells_no_order(version: int | None) -> None:
    assert SaleUpdate("7", version=version, updated_at=NOON).order() is None
    assert ProductUpdate("7", version=version).order() is None


def test_nothing_orders_consignments_closures_and_undated_customers() -> None:
    unordered = (ConsignmentSend, ConsignmentReceive, RegisterClosureCreate, CustomerUpdate)
    assert [struct("7").order() for struct in unordered] == [None] * 4


def test_only_customers_pass_ties() -> None:
    assert [struct for struct in STRUCTS.values() if struct.ties_pass] == [CustomerUpdate]


PERSONAL = {"first_name": "Mere", "last_name": "Collins", "email": "m@example.org", "note": "Mere"}


def shown(value: object) -> str:
    """All the ways a value may land in a log."""
    console = Console(file=StringIO(), width=200)
    console.print(value)
    return f"{value}{value!r}{[value]}{console.file.getvalue()}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("event_type", ["sale.update", "customer.update"])
def test_a_payload_shows_its_class_and_id_only(event_type: str) -> None:
    found = read(event_type, sample(event_type))
    assert repr(found) == f"{type(found).__name__}(id={found.id!r})"
    assert "Mere" not in shown(found)
    assert "555" not in shown(found)


@pytest.mark.parametrize("struct", [SaleCustomer, SaleUser, SaleLine, Contact, CustomerUpdate])
def test_a_person_shows_no_personal_data(struct: type[msgspec.Struct]) -> None:
    person = decode(json.dumps({"id": "7", **PERSONAL}), struct)
    assert person != decode('{"id": "7"}', struct)
    assert "Mere" not in shown(person)
    assert "example" not in shown(person)


def test_what_is_not_personal_shows_in_full() -> None:
    assert "total_price=Decimal('5')" in repr(SaleTotals(total_price=Decimal(5)))


def test_every_struct_is_reexported_and_says_what_it_is() -> None:
    for name in payloads.__all__:
        assert getattr(payloads, name).__doc__
