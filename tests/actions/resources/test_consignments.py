from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest

from actions.lenient import decode
from actions.resources.consignments import (
    Consignment,
    CreateConsignment,
    ListConsignments,
    UpdateConsignment,
)


def test_a_consignment_is_written_flat() -> None:
    order = CreateConsignment(
        name="Spring",
        outlet_id="o-1",
        type="SUPPLIER",
        status="OPEN",
        supplier_id="s-1",
        due_at=datetime(2026, 9, 14, 12, tzinfo=UTC),
        reference="PO-7",
        supplier_invoice=None,
    )
    order.check()
    assert order.request().verb == "POST"
    assert order.request().path == "/consignments"
    assert order.request().body == (
        b'{"name":"Spring","outlet_id":"o-1","type":"SUPPLIER","status":"OPEN",'
        b'"supplier_id":"s-1","due_at":"2026-09-14T12:00:00Z","reference":"PO-7",'
        b'"supplier_invoice":null}'
    )


def test_a_consignments_id_goes_into_the_path_alone() -> None:
    change = UpdateConsignment("c-1", name="Spring", outlet_id="o-1", type="RETURN", status="SENT")
    assert change.request().path == "/consignments/c-1"
    assert change.request().body == (
        b'{"name":"Spring","outlet_id":"o-1","type":"RETURN","status":"SENT"}'
    )
    assert not change.operation.repeatable


def test_a_list_of_consignments_filters_in_the_query() -> None:
    listing = ListConsignments(after=5, type="OUTLET", status="SENT", outlet_id="o-1")
    assert listing.request().path == "/consignments?after=5&type=OUTLET&status=SENT&outlet_id=o-1"


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("SUPPLIER", "consignments:write:stock_order"),
        ("RETURN", "consignments:write:stock_order"),
        ("OUTLET", "consignments:write:stock_transfer"),
        ("STOCKTAKE", "consignments:write:inventory_count"),
    ],
)
def test_a_consignment_needs_the_one_scope_of_its_type(kind: str, scope: str) -> None:
    given = {"name": "N", "outlet_id": "o-1", "type": kind}
    assert msgspec.convert(given, CreateConsignment).needs() == (scope,)
    assert scope in CreateConsignment.operation.scopes


@pytest.mark.parametrize("status", ["DISPATCHED", "RECEIVED"])
def test_an_order_cannot_begin_as_already_on_its_way(status: str) -> None:
    given = {"name": "N", "outlet_id": "o-1", "type": "SUPPLIER", "status": status}
    with pytest.raises(ValueError, match=f"^status must not .* but it is {status}"):
        msgspec.convert(given, CreateConsignment).check()
    msgspec.convert({**given, "consignment_id": "c-1"}, UpdateConsignment).check()


def test_only_a_transfer_has_a_source_outlet() -> None:
    CreateConsignment(name="N", outlet_id="o-1", type="OUTLET", source_outlet_id="o-2").check()
    CreateConsignment(name="N", outlet_id="o-1", type="RETURN", source_outlet_id=None).check()
    with pytest.raises(ValueError, match=r"^source_outlet_id must .* type is RETURN"):
        CreateConsignment(name="N", outlet_id="o-1", type="RETURN", source_outlet_id="o-2").check()
    with pytest.raises(ValueError, match=r"^source_outlet_id must .* type is STOCKTAKE"):
        UpdateConsignment(
            "c-1", name="N", outlet_id="o-1", type="STOCKTAKE", source_outlet_id="o-2"
        ).check()


def test_a_time_without_a_zone_is_refused() -> None:
    given = {"name": "N", "outlet_id": "o-1", "type": "OUTLET", "due_at": "2026-09-14T12:00:00"}
    with pytest.raises(msgspec.ValidationError, match="due_at"):
        msgspec.convert(given, CreateConsignment)
    zoned = timezone(timedelta(hours=12))
    order = CreateConsignment(
        name="N", outlet_id="o-1", type="OUTLET", due_at=datetime(2026, 9, 14, tzinfo=zoned)
    )
    assert b'"2026-09-14T00:00:00+12:00"' in (order.request().body or b"")


def test_a_consignments_figures_come_as_text_or_null() -> None:
    read = decode(
        b'{"id":"c-1","name":"Spring","outlet_id":"o-1","type":"STOCKTAKE",'
        b'"status":"STOCKTAKE_SOMETHING_NEW","supplier_id":null,"source_outlet_id":null,'
        b'"due_at":null,"consignment_date":"2017-05-24T01:49:25+00:00","received_at":null,'
        b'"reference":"7","supplier_invoice":null,"total_count_gain":"15.00000",'
        b'"total_count_loss":-2.5,"total_cost_gain":"150.0000000000","total_cost_loss":null,'
        b'"filters":[{"type":"brand"}],"show_inactive":true,"product_count":"3",'
        b'"created_at":"2017-05-24T01:49:25+00:00","updated_at":"2017-05-24T01:49:26+00:00",'
        b'"deleted_at":null,"version":4300000000}',
        Consignment,
    )
    assert read == Consignment(
        id="c-1",
        name="Spring",
        outlet_id="o-1",
        type="STOCKTAKE",
        status="STOCKTAKE_SOMETHING_NEW",
        consignment_date=datetime(2017, 5, 24, 1, 49, 25, tzinfo=UTC),
        reference="7",
        total_count_gain=Decimal("15.00000"),
        total_count_loss=Decimal("-2.5"),
        total_cost_gain=Decimal("150.0000000000"),
        filters=[{"type": "brand"}],
        show_inactive=True,
        product_count=3,
        created_at=datetime(2017, 5, 24, 1, 49, 25, tzinfo=UTC),
        updated_at=datetime(2017, 5, 24, 1, 49, 26, tzinfo=UTC),
        version=4_300_000_000,
    )
