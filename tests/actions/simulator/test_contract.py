"""The simulator's every action against the vendor's contract, row by row, over HTTP."""

import json
from collections.abc import Iterable
from typing import Final

import msgspec
import pytest

from tests.actions.simulator.conftest import Browser, Got
from tests.actions.simulator.contract import CONSIGNMENT_SCOPES, CONTRACT, Row
from tests.actions.simulator.contract_calls import NOWHERE, braces, call, filled, found, of, one

SCOPES: Final = {scope for row in CONTRACT for scope in row.scopes.split()} | set(
    CONSIGNMENT_SCOPES.values()
)
SURPRISE: Final = {"surprise": 1}


def personal(store: Browser, scopes: Iterable[str]) -> str:
    return store.simulator.personal_token("kowhai", *sorted(scopes))


def test_there_are_57_actions_and_each_is_there_once() -> None:
    assert len(CONTRACT) == 57
    assert len({row.name for row in CONTRACT}) == len({row.call for row in CONTRACT}) == 57


def test_the_scopes_are_the_vendors_minimum_for_all_actions() -> None:
    both = "customers inventory products promotions sales suppliers"
    read = "consignments gift_cards outlets payment_types registers retailer store_credits taxes"
    kinds = ("stock_order", "stock_transfer", "inventory_count")
    minimum = {f"{name}:{right}" for name in both.split() for right in ("read", "write")}
    minimum |= {f"{name}:read" for name in (*read.split(), "users")}
    minimum |= {f"consignments:write:{kind}" for kind in kinds}
    assert minimum | {"products:read:price_books", "webhooks"} == SCOPES


@of(CONTRACT)
async def test_exactly_its_scopes_give_its_status_and_envelope(kowhai: Browser, row: Row) -> None:
    ids = await found(kowhai, row)
    got = await call(kowhai, row, ids, token=personal(kowhai, row.scopes.split()))
    assert got.status == row.status, got.body
    msgspec.json.decode(got.body or b"{}", type=row.envelope)


@of(CONTRACT)
async def test_without_one_of_its_scopes_it_is_refused(kowhai: Browser, row: Row) -> None:
    ids = await found(kowhai, row)
    for scope in row.scopes.split():
        got = await call(kowhai, row, ids, token=personal(kowhai, SCOPES - {scope}))
        assert got.status == 403
        assert said(got) == ("" if row.silent else "permission denied")


@of(CONTRACT)
async def test_without_a_token_it_is_refused(kowhai: Browser, row: Row) -> None:
    method, path = filled(row.call, dict.fromkeys(braces(row), NOWHERE)).split()
    url = f"{kowhai.url}/api/2026-07{path}"
    for headers in ({}, {"Authorization": "Bearer unknown"}):
        async with kowhai.session.request(method, url, headers=headers) as answer:
            got = Got(answer.status, answer.headers, await answer.read())
        assert got.status == 401
        assert said(got) == ("" if row.silent else "Access token is not valid")


def said(got: Got) -> str:
    return str(got.json["error"]) if got.body else ""


@pytest.mark.parametrize("kind", CONSIGNMENT_SCOPES)
async def test_a_consignment_is_written_with_the_scope_of_its_type(
    kowhai: Browser, kind: str
) -> None:
    enough = personal(kowhai, {CONSIGNMENT_SCOPES[kind]})
    others = personal(kowhai, SCOPES - {CONSIGNMENT_SCOPES[kind]})
    body = {"name": "Kiwi", "type": kind, "outlet_id": await one(kowhai, "outlet_id")}
    assert (await kowhai.call("POST", "/consignments", json=body, token=others)).status == 403
    got = await kowhai.call("POST", "/consignments", json=body, token=enough)
    assert got.status == 201, got.body
    path = f"/consignments/{got.json['data']['id']}"
    assert (await kowhai.call("PUT", path, json=body, token=others)).status == 403
    assert (await kowhai.call("PUT", path, json=body, token=enough)).status == 200


@of(row for row in CONTRACT if braces(row.call))
async def test_an_id_that_is_unknown_is_not_found(kowhai: Browser, row: Row) -> None:
    gone = "999999" if "promotion_id" in row.call else NOWHERE
    ids = await found(kowhai, row) | dict.fromkeys(braces(row.call), gone)
    got = await call(kowhai, row, ids)
    assert got.status == 404, got.body


async def test_the_same_webhook_twice_is_a_conflict(kowhai: Browser) -> None:
    hook = {"active": True, "type": "sale.update", "url": "http://localhost:9/x"}
    assert (await kowhai.call("POST", "/webhooks", json=hook)).status == 201
    got = await kowhai.call("POST", "/webhooks", json=hook)
    assert got.status == 409
    assert said(got)


@of(row for row in CONTRACT if row.unknown)
async def test_an_unknown_member_is_refused_where_the_vendor_says_so(
    kowhai: Browser, row: Row
) -> None:
    ids = await found(kowhai, row)
    body = json.loads(filled(json.dumps(row.body), ids))
    inside = {name: [rows[0] | SURPRISE] for name, rows in body.items() if isinstance(rows, list)}
    for odd in (body | SURPRISE, body | inside) if inside else (body | SURPRISE,):
        got = await call(kowhai, row, ids, json=odd)
        assert got.status == row.unknown, got.body
        assert not (row.silent and got.body)


@pytest.mark.parametrize("wrapped", [False, True], ids=["flat", "in data"])
@of(row for row in CONTRACT if row.name in {"Create A Consignment", "Create A New Customer"})
async def test_a_body_is_taken_flat_and_in_data(
    kowhai: Browser, row: Row, *, wrapped: bool
) -> None:
    ids = await found(kowhai, row)
    body = json.loads(filled(json.dumps(row.body), ids))
    got = await call(kowhai, row, ids, json={"data": body} if wrapped else body)
    assert got.status == row.status, got.body
