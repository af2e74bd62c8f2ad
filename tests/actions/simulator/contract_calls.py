"""Calling an action as its row of the contract has it, with ids found over HTTP."""

import json
import re
from collections.abc import Iterable
from itertools import count
from typing import Any, Final

import pytest

from tests.actions.simulator.conftest import Browser, Got
from tests.actions.simulator.contract import CONTRACT, Row

NOWHERE: Final = "00000000-0000-0000-0000-000000000000"
CREATED: Final = {
    row.call.removeprefix("POST "): row
    for row in CONTRACT
    if row.call.startswith("POST") and row.paging == "none"
}
"""The action that makes what a list at the same path has."""
_BRACES: Final = re.compile(r"{(\w+)}")
_PLACES: Final = {
    "id": "/price_books",
    "number": "/gift_cards",
    "customerId": "/store_credits",
    "tax_id": "/taxes",
    "webhookId": "/webhooks",
}
_MEMBERS: Final = {"number": "number", "customerId": "customer_id"}
_NEW: Final = count(1)


def of(rows: Iterable[Row]) -> pytest.MarkDecorator:
    """Run a test for each of these rows."""
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in rows])


def braces(value: str | Row) -> list[str]:
    """Return the names that stand in braces."""
    text = value if isinstance(value, str) else value.call + json.dumps(value.body)
    return _BRACES.findall(text)


def filled(text: str, ids: dict[str, str]) -> str:
    """Return a text with ids instead of the names in braces."""
    return _BRACES.sub(lambda name: ids[name[1]], text)


async def call(store: Browser, row: Row, ids: dict[str, str] | None = None, **more: Any) -> Got:
    """Call an action with the least; its ids are looked for unless they are given."""
    ids = await found(store, row) if ids is None else ids
    method, path = filled(row.call, ids).split()
    if row.body is not None:
        more = {"json": json.loads(filled(json.dumps(row.body), ids))} | more
    return await store.call(method, path, **more)


async def found(store: Browser, row: Row) -> dict[str, str]:
    """Return an id for each name in braces."""
    return {name: await one(store, name) for name in braces(row)}


async def one(store: Browser, name: str) -> str:
    """Return the id of something made for it, or else of the first that is there."""
    if name == "new":
        return f"new-{next(_NEW)}"
    if name == "product_image_id":
        products = listed(await store.call("GET", "/products"))
        return next(str(image["id"]) for row in products for image in row["images"])
    place = _PLACES.get(name, f"/{name.removesuffix('_id')}s")
    if place in CREATED:
        return await made(store, CREATED[place])
    return str(listed(await store.call("GET", place))[0][_MEMBERS.get(name, "id")])


async def made(store: Browser, row: Row) -> str:
    """Create something; return its id, which is not always in the same place."""
    got = await call(store, row)
    assert got.status == row.status, got.body
    answer = got.json.get("data", got.json)
    first = answer[0] if isinstance(answer, list) else answer
    return str(first["id"] if isinstance(first, dict) else first)


def listed(got: Got) -> list[Any]:
    """Return the rows of a list, whatever is around them."""
    assert got.status == 200, got.body
    rows = got.json["data"] if isinstance(got.json, dict) else got.json
    return list(rows["categories"] if isinstance(rows, dict) else rows)
