"""Nobody sees another's things: random calls of every route, by keys of every kind.

A route joins by itself; it needs a key, or it stands among `OPEN`.
"""

import asyncio
import random
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer
from msgspec import Struct, structs

from actions.connections import Connections, address
from actions.database import Database
from actions.resources.brands import CreateBrand, GetBrand, ListBrands
from actions.vault import Vault
from ingress.api.keys import ApiKeys
from ingress.app import create_app
from tests.conftest import FORM, Ingress
from tests.ingress.api.conftest import api_key, basic, bearer
from tests.stores import Store, open_store
from workers.environment import load
from workers.inbox import Arrival, Inbox, now_ms
from workers.lightspeed import lightspeed
from workers.new_jobs import NewJob
from workers.settings import Settings
from workers.worker import build_actions

TUPLES = 10_000
LANES = 16
OURS, THEIRS = "kowhai", "torea"
OPEN = {"/webhooks/{key}/{event_type}", "/webhooks/{key}", "/health", "/ready"} | {
    "/connect",
    "/connect/{token}",
    "/oauth/callback",
}
"""They answer without a key, and tell nobody anything of a retailer."""
LONG = {"/", "/actions", "/metrics", "/mcp", "/openapi.json"}
"""They answer much, and nearly the same to everybody: they are called seldom."""
KEYS: dict[str, dict[str, Any]] = {
    OURS: {"retailers": (OURS,)},
    THEIRS: {"retailers": (THEIRS,)},
    "reading": {"retailers": (OURS,), "read_only": True},
    "lists": {"retailers": (THEIRS,), "actions": ("List*",)},
    "another": {"retailers": ("rimu",)},
    "revoked": {},
}
SEES = {OURS: {OURS}, THEIRS: {THEIRS}, "reading": {OURS}, "lists": {THEIRS}}
"""Whose things each key may see; the others see nobody's."""
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD")
WHO = ("nobody", "wrong", "revoked", *(2 * [*SEES, "another"]))
ACTIONS = (*(3 * ("ListBrands", "GetBrand", "CreateBrand", "lightspeed_list_brands")), "Nothing")
RETAILERS = (OURS, THEIRS, OURS, THEIRS, "rimu", "no-such", "evil.test/x")
STRANGE = ("0123", "0" * 24, f"{'0' * 24}:journal.note")
NOTHING = "0" * 23 + "1"
"""The id of nothing."""
DATE = re.compile(r"\r\nDate: [^\r]+")
LENGTH = re.compile(r"\r\nContent-Length: \d+")
"""An id's own length shows in it."""


class Seeds(Struct, frozen=True):
    """What is there of a retailer, and by what it is known in an answer."""

    retailer: str
    canary: str
    ids: list[str]


class Call(Struct, frozen=True):
    """One tuple: who calls what, and what of whose."""

    key: str
    method: str
    route: str
    path: str
    thing: str
    """The id, retailer or action that is named; it may come back in the answer."""
    headers: dict[str, str]
    body: Any


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(retailers=(OURS, THEIRS), registers=500) as store:
        yield store


@pytest.fixture
def settings(environ: dict[str, str], store: Store) -> Settings:
    return load(Settings, environ | store.environ)


@pytest.fixture
async def ingress(settings: Settings, database: Database) -> AsyncIterator[Ingress]:
    async with TestClient(TestServer(await create_app(settings, database))) as client:
        yield client


@pytest.fixture
async def headers(database: Database) -> dict[str, dict[str, str]]:
    """What each key is brought by."""
    keys, found = ApiKeys(database), {"nobody": {}, "wrong": bearer("bk_" + "A" * 43)}
    for name, more in KEYS.items():
        text = (await keys.create(api_key(name, a_minute=10**9, **more))).reveal()
        found[name] = bearer(text) if len(name) % 2 else basic(text)
    await keys.revoke("revoked")
    return found


@pytest.fixture
async def seeds(
    settings: Settings, database: Database, vault: Vault, inbox: Inbox, store: Store
) -> list[Seeds]:
    """Give each retailer jobs that wait, are done and have failed, and events, all marked."""
    found = []
    async with lightspeed(settings, database, vault) as reach:
        for retailer in (OURS, THEIRS):
            canary = f"canary{secrets.token_hex(6)}"
            await reach.grants.keep(retailer, store.pair(retailer))
            connection = await Connections(database, vault).link(retailer, unsigned=False)
            marked: list[Any] = [
                CreateBrand(name=canary),
                GetBrand(canary),
                ListBrands(page_size=200),
            ]
            new = [NewJob(action=one, retailer=retailer) for one in marked]
            ids = await reach.jobs.enqueue_many(new[:1])
            await work(settings, reach)
            ids += await reach.jobs.enqueue_many(new[1:])
            await work(settings, reach)
            ids += await reach.jobs.enqueue_many(new)
            known = await address(database, connection.webhook_key.reveal())
            assert known
            event_id = f"{now_ms():012x}{secrets.token_hex(6)}"
            body = f"payload=%7B%22id%22%3A%22{canary}%22%7D&type=sale.update".encode()
            arrival = Arrival(known, event_id, "sale.update", now_ms(), FORM, body)
            await inbox.put([arrival], {})
            found.append(Seeds(retailer, canary, [*ids, event_id, f"{event_id}:journal.note"]))
    return found


async def work(settings: Settings, reach: Any) -> None:
    worker = build_actions(settings, reach, burst=True)
    await worker.async_run()
    await worker.close()


def guarded(app: Any) -> list[tuple[str, str]]:
    """Method and path of every route that is not among the open ones."""
    found = {
        (route.method, resource.canonical)
        for resource in app.router.resources()
        for route in resource
        if resource.canonical not in OPEN and route.method != "HEAD"
    }
    return sorted((("GET" if method == "*" else method), path) for method, path in found)


def calls(app: Any, seeds: list[Seeds], chance: random.Random) -> Iterator[Call]:
    """Make up calls for ever."""
    routes = guarded(app)
    weights = [1 if path in LONG else 20 for _, path in routes]
    while True:
        ((method, route),) = chance.choices(routes, weights)
        if chance.random() < 0.03:
            method = chance.choice(METHODS)
        thing = chance.choice((*chance.choice(seeds).ids, *STRANGE))
        retailer, action = chance.choice(RETAILERS), chance.choice(ACTIONS)
        path = re.sub(r"{(name|action)[^}]*}", action, route)
        path = re.sub(r"{[^}]*}", thing, path)
        headers: dict[str, str] = {}
        if chance.random() < 0.3:
            headers["x-account-id"] = retailer
        body = None
        if method == "POST":
            body = made_body(chance, action, "" if chance.random() < 0.5 else retailer)
            if chance.random() < 0.3:
                headers["Idempotency-Key"] = f"word {chance.randrange(5)}"
        elif route == path and chance.random() < 0.3:
            path += f"?retailer={retailer}"
        yield Call(chance.choice(WHO), method, route, path, thing, headers, body)


def made_body(chance: random.Random, action: str, retailer: str) -> Any:
    parameters = {"GetBrand": {"brand_id": "b"}, "CreateBrand": {"name": "x"}}.get(action, {})
    job = {"action": action, "parameters": parameters}
    job |= {"retailer": retailer} if retailer else {}
    rpc: dict[str, Any] = {"action": action, "body": parameters}
    rpc |= {"headers": {"x-account-id": retailer}} if retailer else {}
    return chance.choice((job, {"jobs": [job] * 2}, rpc, {}, None))


class Line:
    """One connection to a server in this process: a client of aiohttp's costs as much as it."""

    def __init__(self, ingress: Ingress) -> None:
        self._address = (ingress.host, ingress.port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, headers: dict[str, str], body: Any
    ) -> tuple[int, str]:
        """Return the status, and the head and the body as one text."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        content = b"" if body is None else msgspec.json.encode(body)
        told = {**headers, "Host": "test", "Content-Length": str(len(content))}
        told |= {"Content-Type": "application/json"} if content else {}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        first = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"(?i)\r\ncontent-length: (\d+)", first)
        content = await reader.readexactly(int(found[1]) if found and method != "HEAD" else 0)
        while "chunked" in first and (size := int(await reader.readline(), 16)):
            content += await reader.readexactly(size + 2)
        if "chunked" in first:
            await reader.readline()
        if "\r\nConnection: close" in first:
            self.close()
        return int(first.split(" ", 2)[1]), DATE.sub("", first) + content.decode()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Watch:
    """Sends calls, and sees that no answer tells what its caller may not know."""

    def __init__(self, headers: dict[str, dict[str, str]], seeds: list[Seeds]) -> None:
        self._headers = headers
        self._seeds = seeds
        self._absent: dict[str, str] = {}
        self.seen: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    async def answer(self, line: Line, call: Call) -> tuple[int, str]:
        headers = self._headers[call.key] | call.headers
        return await line.ask(call.method, call.path, headers, call.body)

    async def judge(self, line: Line, call: Call) -> None:
        status, text = await self.answer(line, call)
        self.statuses[status] += 1
        assert status < 500, (call, text)
        if call.key in {"nobody", "wrong", "revoked"}:
            assert status in {401, 404, 405}, (call, status, text)
        told = text.replace(call.thing, "it")
        for seeds in self._seeds:
            if seeds.retailer in SEES.get(call.key, ()):
                self.seen[call.key] += seeds.canary in text
                continue
            for marker in (seeds.canary, *seeds.ids):
                assert marker not in told, (call, text)
            if call.thing in seeds.ids and "{" in call.route:
                await self._looks_absent(line, call, told)

    async def _looks_absent(self, line: Line, call: Call, told: str) -> None:
        """See that what is another's looks like what never was."""
        path = call.path.replace(call.thing, NOTHING)
        absent = structs.replace(call, path=path, thing=NOTHING)
        if repr(absent) not in self._absent:
            _, text = await self.answer(line, absent)
            self._absent[repr(absent)] = text.replace(NOTHING, "it")
        assert LENGTH.sub("", told) == LENGTH.sub("", self._absent[repr(absent)]), call


async def test_no_route_answers_without_a_key_but_those_that_are_open(
    ingress: Ingress, headers: dict[str, dict[str, str]]
) -> None:
    routes = guarded(ingress.app)
    assert routes
    for method, path in routes:
        for key in ("nobody", "wrong", "revoked"):
            async with ingress.request(
                method, re.sub(r"{[^}]*}", "x", path), headers=headers[key], allow_redirects=False
            ) as answer:
                assert answer.status == 401, f"{method} {path} needs a key, or a place in OPEN"


async def test_no_key_sees_what_is_not_its_own(
    ingress: Ingress, headers: dict[str, dict[str, str]], seeds: list[Seeds]
) -> None:
    made = calls(ingress.app, seeds, random.Random(8))  # noqa: S311 - the same for everybody
    todo = iter([next(made) for _ in range(TUPLES)])
    watch = Watch(headers, seeds)

    async def lane() -> None:
        with closing(Line(ingress)) as line:
            for call in todo:
                await watch.judge(line, call)

    await asyncio.gather(*(lane() for _ in range(LANES)))
    assert sum(watch.statuses.values()) == TUPLES
    assert {200, 202, 401, 404} <= watch.statuses.keys()
    assert all(watch.seen[key] for key in SEES), watch.seen  # its own it sees


@pytest.mark.parametrize("place", ["header", "query", "job", "jobs"])
async def test_another_retailer_looks_like_one_that_is_absent_wherever_it_is_named(
    ingress: Ingress, headers: dict[str, dict[str, str]], seeds: list[Seeds], place: str
) -> None:
    del seeds
    for name in (OURS, "reading", "another"):
        found = set()
        for retailer in (THEIRS, "no-such", "evil.test/x"):
            key = headers[name] | ({"x-account-id": retailer} if place == "header" else {})
            one = {"action": "ListBrands"} | ({} if place == "header" else {"retailer": retailer})
            body = {"jobs": [one]} if place == "jobs" else None if place == "query" else one
            path = f"/jobs?retailer={retailer}" if place == "query" else "/jobs"
            method = "GET" if place == "query" else "POST"
            async with ingress.request(method, path, json=body, headers=key) as answer:
                found.add((answer.status, (await answer.text()).replace(retailer, "it")))
        assert [status for status, _ in found] == [404], (name, found)
