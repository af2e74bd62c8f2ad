"""`GET /openapi.json`: the contract, made once from what the routes tell of themselves."""

import asyncio
from functools import cached_property
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from actions.catalog import CATALOG
from ingress.api import call_schemas, problems
from ingress.api.asking import asked
from ingress.api.gate import Caller, Gate
from ingress.declaring import Declared, Given, Schema
from ingress.describing import schemas

_TEMPLATE: Final = "#/components/schemas/{name}"
_GUARDED: Final = (400, 401, 404, 429, 500, 503)
"""What the gate alone may answer."""
_PROBLEM: Final = {
    "type": "object",
    "description": "What went wrong, and what to do about it (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "`urn:backroom:…` says which error it is."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "errors": {
            "type": "object",
            "description": "What is wrong with which field, where Lightspeed says so.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "retry_after": {"type": "number", "description": "Seconds until it is worth another try."},
    },
}
_HEADERS: Final[dict[int, dict[str, str]]] = {
    401: {hdrs.WWW_AUTHENTICATE: "How to bring a key."},
    429: {hdrs.RETRY_AFTER: "Seconds until there is room."},
    503: {hdrs.RETRY_AFTER: "Seconds until it is worth another try."},
}
_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The API key."},
    "basic": {"type": "http", "scheme": "basic", "description": "The API key as the user."},
}
_ABOUT: Final = """\
Lightspeed Retail X-Series through Backroom. `POST /actions/rpc` runs an action now, in the form of
StackOne's API.

A parameter stands in `path`, `query` or `body`, wherever, and once; in `path` and `query` text is
read as the number or the yes and no that it means. A list answers a page, and `next`: give it back
as `query.next` until it is null. Every error is problem details. Where `Retry-After` stands,
nothing was changed, and the same call may be made then. Keys come from `backroom keys create`.
"""


class Contract:
    """The document, and the route that shows it."""

    def __init__(self, base_url: str, declared: tuple[Declared, ...]) -> None:
        self._base_url = base_url
        self._declared = declared

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return the route."""
        return [web.get(DECLARED.path, gate.guarded(self.show))]

    async def show(self, request: web.Request, _: Caller) -> web.Response:
        """Answer the document."""
        asked(request, ())
        # In a thread: to make it the first time takes as long as a hundred deliveries.
        body = await asyncio.to_thread(lambda: self._encoded)
        return web.Response(
            body=body, content_type="application/json", headers={hdrs.CACHE_CONTROL: "no-store"}
        )

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document."""
        told, parts = self._schemas()
        paths: dict[str, Any] = {}
        for one in self._declared:
            paths.setdefault(one.path, {})[one.verb] = _operation(one, told)
        return {
            "openapi": "3.1.0",
            "info": {"title": "Backroom", "version": version("backroom"), "description": _ABOUT},
            "servers": [{"url": self._base_url}],
            "security": [{"bearer": []}, {"basic": []}],
            "paths": paths,
            "components": {"schemas": parts, "securitySchemes": _SECURITY},
        }

    @cached_property
    def _encoded(self) -> bytes:
        return msgspec.json.encode(self.document)

    def _schemas(self) -> tuple[dict[int, Any], dict[str, Any]]:
        """Return the schema of each type that a route names, by id, and all components."""
        named = [kind for one in self._declared for kind in _named(one) if not _is_plain(kind)]
        results = [
            list[kind.operation.row] if kind.operation.is_paged else kind.operation.result  # type: ignore[name-defined]
            for kind in CATALOG.values()
        ]
        tops, parts = schemas([*named, *CATALOG.values(), *results], _TEMPLATE)
        for name in CATALOG:
            parts[name]["additionalProperties"] = False
        answers = dict(zip(CATALOG, tops[-len(results) :], strict=True))
        call, variants = call_schemas.calls(parts, _TEMPLATE)
        parts |= {f"{name}Result": top for name, top in answers.items()}
        parts |= variants | {"Call": call, "Problem": _PROBLEM}
        return {id(kind): top for kind, top in zip(named, tops, strict=False)}, parts


def _named(one: Declared) -> list[Schema]:
    return [one.takes, *(given.schema for given in one.gives.values())]


def _is_plain(kind: Schema) -> bool:
    return kind is None or isinstance(kind, dict)


def _operation(one: Declared, told: dict[int, Any]) -> dict[str, Any]:
    fails = sorted({*one.fails, *(() if one.is_open else _GUARDED)} - one.gives.keys())
    found: dict[str, Any] = {
        "operationId": f"{one.verb}_{one.path.strip('/').translate(_IN_ID) or 'page'}",
        "tags": [one.group],
        "summary": one.title,
        "description": one.said,
        "parameters": [
            {
                "name": asks.name,
                "in": asks.place,
                "required": asks.place == "path",
                "description": asks.said,
                "schema": asks.schema,
            }
            for asks in one.asks
        ],
        "responses": {str(status): _given(given, told) for status, given in one.gives.items()}
        | {str(status): _failed(status) for status in fails},
    }
    if one.takes is not None:
        content = {"application/json": {"schema": _schema(one.takes, told)}}
        found["requestBody"] = {"required": True, "content": content}
    return found | ({"security": []} if one.is_open else {})


_IN_ID: Final = str.maketrans({"/": "_", ".": "_", "{": None, "}": None})


def _schema(kind: Schema, told: dict[int, Any]) -> Any:
    return kind if _is_plain(kind) else told[id(kind)]


def _given(given: Given, told: dict[int, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"description": given.said}
    if given.schema is not None:
        found["content"] = {given.media: {"schema": _schema(given.schema, told)}}
    return found | _headers(given.headers)


def _failed(status: int) -> dict[str, Any]:
    problem = {"$ref": _TEMPLATE.format(name="Problem")}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {problems.TYPE: {"schema": problem}},
    } | _headers(_HEADERS.get(status, {}))


def _headers(said: dict[str, str]) -> dict[str, Any]:
    if not said:
        return {}
    text = {"type": "string"}
    return {"headers": {name: {"description": one, "schema": text} for name, one in said.items()}}


DECLARED: Final = Declared(
    verb="get",
    path="/openapi.json",
    group="contract",
    title="This document",
    gives={200: Given("The contract, OpenAPI 3.1.", {"type": "object"})},
)
