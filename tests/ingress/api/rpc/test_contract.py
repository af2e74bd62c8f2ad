"""`/openapi.json`: a valid document of every route, and answers that keep to it."""

import asyncio
import json
import re
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from aiohttp import web

from actions.catalog import CATALOG
from ingress.api.naming import snake
from tests.conftest import Ingress
from tests.ingress.api.rpc.conftest import Api, OpenApi
from tests.ingress.api.rpc.tester import examined
from tests.stores import Store

OUTSIDE = {
    "/webhooks/{key}",
    "/webhooks/{key}/{event_type}",
    "/connect",
    "/connect/{token}",
    "/oauth/callback",
    "/mcp",
}
"""The vendor's, a browser's and a protocol of its own."""
FEW = ("ListBrands", "FindGiftCard", "CreateBrand", "DeleteWebhook")
"""Whose every limit is tried, one from each kind of request; the others are sent at random."""


@pytest.fixture
async def document(api: Api) -> dict[str, Any]:
    told = await api.ask("GET", "/openapi.json")
    assert told.status == 200
    found: dict[str, Any] = told.body
    return found


async def test_the_document_is_valid(document: dict[str, Any]) -> None:
    found = schemathesis.openapi.from_dict(document)
    found.validate()
    assert document["openapi"] == "3.1.0"
    jsonschema_rs.meta.validate({"$schema": DIALECT, "$defs": document["components"]["schemas"]})
    refs = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert refs <= document["components"]["schemas"].keys()


DIALECT = "https://json-schema.org/draft/2020-12/schema"


async def test_it_has_the_parameters_the_result_and_the_call_of_every_action(
    document: dict[str, Any],
) -> None:
    parts = document["components"]["schemas"]
    mapping = parts["Call"]["discriminator"]["mapping"]
    for name, kind in CATALOG.items():
        assert parts[name]["properties"].keys() == {
            field.encode_name for field in kind.operation.parameters
        }
        assert {f"{name}Result", f"{name}Call"} <= parts.keys()
        assert mapping[name] == mapping[snake(kind)] == f"#/components/schemas/{name}Call"
        call = parts[f"{name}Call"]["properties"]
        placed = [*call["path"].get("properties", ()), *call["query"].get("properties", ())]
        placed += call["body"].get("properties", ())
        assert sorted({*placed} - {"next"}) == sorted(parts[name]["properties"])


async def test_it_has_every_route_of_the_application(
    running: Ingress, document: dict[str, Any]
) -> None:
    app = running.app
    assert app is not None
    routes = {
        (route.method.lower(), re.sub(r":[^{}]+", "", route.resource.canonical))
        for route in app.router.routes()
        if route.resource and route.method != "HEAD"
    }
    told = {(verb, path) for path, one in document["paths"].items() for verb in one}
    assert {one for one in routes if one[1] not in OUTSIDE} == told
    assert all(isinstance(route.resource, web.Resource) for route in app.router.routes())


@pytest.mark.parametrize("phase", ["fuzzing", "coverage"])
async def test_no_answer_is_outside_the_contract_whatever_is_asked(
    open_api: OpenApi, store: Store, document: dict[str, Any], phase: str
) -> None:
    api = await open_api("tester", a_minute=1_000_000)
    calls = document["components"]["schemas"]["Call"]
    if phase == "coverage":
        few = {f"#/components/schemas/{name}Call" for name in FEW}
        calls["oneOf"] = [one for one in calls["oneOf"] if one["$ref"] in few]
        calls.pop("discriminator")
    url = str(api.client.make_url("")).rstrip("/")
    headers = api.key | {"x-account-id": api.retailer}
    findings = await asyncio.to_thread(lambda: list(examined(url, headers, document, phase)))
    against = [one for one in findings if not one.is_a_rule]
    assert not against, msgspec.json.format(msgspec.json.encode(against[:5], enc_hook=str)).decode()
    assert len(store.seen) > 25
