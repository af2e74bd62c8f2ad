import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace
from structlog.testing import capture_logs

from actions.connections import WEBHOOK_KEYS, Connection, Connections, key_digest
from actions.database import Database
from ingress.app import create_app
from ingress.signatures import HEADER, sign
from tests.conftest import CLIENT_SECRET, FORM, Ingress, Work, path, signed, unique
from workers import keys, listing
from workers.deliveries import body_of
from workers.inbox import Inbox
from workers.listing import Entry, Wanted, newest
from workers.settings import Settings

CAP = 4096
UNKNOWN = "No connection has this webhook key.\n"


@pytest.fixture
async def tui(connections: Connections) -> Connection:
    """A retailer whose hooks were added by hand, so that nothing is signed."""
    return await connections.link("tui", unsigned=True)


@pytest.fixture
async def small(settings: Settings, database: Database) -> AsyncIterator[Ingress]:
    """An ingress that takes `CAP` bytes at most."""
    app = await create_app(replace(settings, webhook_max_bytes=CAP), database)
    async with TestClient(TestServer(app)) as client:
        yield client


async def entries(database: Database) -> list[Entry]:
    return await newest(database, Wanted(), 100)


async def enqueued(database: Database) -> list[bytes]:
    found: list[bytes] = await database.do("ZRANGE", keys.EVENTS_QUEUE, 0, -1)
    return found


async def counted(database: Database, expected: dict[str, int]) -> None:
    """Wait until exactly these counts are in Redis."""
    async with asyncio.timeout(5):
        while (await listing.sizes(database))[1] != expected:  # noqa: ASYNC110 - Redis tells no one
            await asyncio.sleep(0.01)


async def chunks(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def canaries_on_disk(folder: str, canaries: list[str]) -> list[str]:
    kept = b"".join(file.read_bytes() for file in Path(folder).rglob("*") if file.is_file())
    assert b"backroom:delivery:" in kept
    return [canary for canary in canaries if canary.encode() in kept]


async def test_a_new_delivery_is_acknowledged_and_kept(
    ingress: Ingress, kowhai: Connection, database: Database
) -> None:
    body = unique()
    response = await ingress.post(path(kowhai, "sale.update"), data=body, headers=signed(body))
    assert response.status == 200
    answer = await response.json()
    (entry,) = await entries(database)
    assert entry.event_id == answer["event_id"]
    assert (entry.retailer, entry.type, entry.state) == ("kowhai", "sale.update", "stored")
    assert (entry.signed, answer["repeat"]) == (True, False)
    assert await enqueued(database) == [entry.event_id.encode()]
    await counted(database, {"stored": 1})


async def test_a_repeat_within_72_hours_is_acknowledged_counted_and_not_enqueued(
    ingress: Ingress, kowhai: Connection, database: Database
) -> None:
    body = unique()
    headers = signed(body)
    posts = [await ingress.post(path(kowhai), data=body, headers=headers) for _ in range(3)]
    answers = [await post.json() for post in posts if post.status == 200]
    assert [answer["repeat"] for answer in answers] == [False, True, True]
    assert len({answer["event_id"] for answer in answers}) == 1
    assert len(await enqueued(database)) == 1
    assert [entry.repeats for entry in await entries(database)] == [2]
    await counted(database, {"stored": 1, "repeated": 2})
    (seen,) = await database.do("KEYS", "backroom:seen:*")
    assert 71 * 3600 < await database.do("TTL", seen) <= 72 * 3600


async def test_the_same_bytes_at_once_are_stored_once(
    ingress: Ingress, kowhai: Connection, database: Database
) -> None:
    body = unique()
    posts = (ingress.post(path(kowhai), data=body, headers=signed(body)) for _ in range(20))
    answers = [await post.json() for post in await asyncio.gather(*posts)]
    assert [answer["repeat"] for answer in answers].count(False) == 1
    assert len({answer["event_id"] for answer in answers}) == len(await enqueued(database)) == 1


async def test_the_same_bytes_for_another_retailer_are_no_repeat(
    ingress: Ingress, kowhai: Connection, connections: Connections, database: Database
) -> None:
    torea = await connections.link("torea", unsigned=False)
    body = unique()
    for one in (kowhai, torea):
        answer = await ingress.post(path(one), data=body, headers=signed(body))
        assert not (await answer.json())["repeat"]
    assert {entry.retailer for entry in await entries(database)} == {"kowhai", "torea"}
    assert len(await enqueued(database)) == 2


FIELD = b"payload=%7B%22id%22%3A1%7D"
NO_EVENTS = {
    "unknown type": ("shop.exploded", FIELD, "The type is unknown."),
    "long type": ("x" * 200, FIELD, "The type is unknown."),
    "no type": ("", FIELD, "No type is given."),
    "no payload": ("sale.update", b"type=sale.update", "The form has no payload."),
    "no form": ("sale.update", b"\xff\xfe\0", "The body is no form."),
    "empty": ("sale.update", b"", "The body is no form."),
    "no JSON": ("sale.update", b"payload=%7B", "."),
    "no object": ("sale.update", b"payload=7", "."),
    "deep": ("sale.update", b"payload=" + b"[" * 50_000, "."),
}


@pytest.mark.parametrize("sent", NO_EVENTS.values(), ids=NO_EVENTS)
async def test_what_is_no_event_is_acknowledged_and_readable_as_a_ping(
    ingress: Ingress, kowhai: Connection, inbox: Inbox, work: Work, sent: tuple[str, bytes, str]
) -> None:
    declared, body, note = sent
    response = await ingress.post(path(kowhai, declared), data=body, headers=signed(body))
    assert response.status == 200
    event_id = (await response.json())["event_id"]
    before, delivery = await listing.one(inbox.database, event_id)
    assert before.type == declared[:64]
    assert body_of(event_id, delivery, inbox.vault) == body
    await work()
    entry, _ = await listing.one(inbox.database, event_id)
    assert (entry.type, entry.state) == ("ping", "handled")
    assert note in entry.note


async def test_an_unsigned_connection_needs_no_signature(
    ingress: Ingress, tui: Connection, database: Database
) -> None:
    for headers in ({"Content-Type": FORM}, {HEADER: "nonsense"}, {}):
        answer = await ingress.post(path(tui, "sale.update"), data=unique(), headers=headers)
        assert answer.status == 200
    assert [entry.signed for entry in await entries(database)] == [False] * 3


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_another_method_is_refused(
    ingress: Ingress, kowhai: Connection, database: Database, method: str
) -> None:
    answer = await ingress.request(method, path(kowhai), data=b"x", headers=signed(b"x"))
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert await entries(database) == []


@pytest.mark.parametrize("odd", ["x", "kowhai", "%FF%00", "%ED%A0%80", "*", "x" * 4000])
async def test_an_unknown_key_is_refused(ingress: Ingress, database: Database, odd: str) -> None:
    for tail in ("", "/sale.update"):
        answer = await ingress.post(f"/webhooks/{odd}{tail}", data=b"x", headers=signed(b"x"))
        assert (answer.status, await answer.text()) == (404, UNKNOWN)
    assert await entries(database) == []


async def test_a_body_of_just_the_cap_is_taken_and_one_byte_more_is_not(
    small: Ingress, tui: Connection, database: Database
) -> None:
    for size, status in ((CAP + 1, 413), (CAP, 200)):
        for data in (b"x" * size, chunks(b"x" * size, 1000)):
            assert (await small.post(path(tui), data=data)).status == status
    assert len(await entries(database)) == 1
    await counted(database, {"refused too large": 2, "stored": 1, "repeated": 1})


async def test_every_refusal_is_counted_by_its_reason(
    ingress: Ingress, kowhai: Connection, database: Database
) -> None:
    where = path(kowhai)
    await ingress.get(where)
    await ingress.post("/webhooks/x")
    await ingress.post(where, data=b"x", headers={"Content-Encoding": "gzip"})
    for value in ("x", "signature=0,algorithm=none", sign(b"x", b"y"), sign(b"x", b"z")):
        await ingress.post(where, data=b"x", headers={HEADER: value})
    await ingress.post(where, data=b"x")
    once = ["method", "unknown key", "content encoding"]
    once += [f"signature {flaw}" for flaw in ("missing", "malformed", "algorithm")]
    await counted(
        database, {f"refused {name}": 1 for name in once} | {"refused signature wrong": 2}
    )


async def test_no_payload_token_or_webhook_key_stands_in_redis_or_in_a_log(
    ingress: Ingress, connections: Connections, database: Database
) -> None:
    one = await connections.link("torea", unsigned=False)
    body = b"payload=canary-payload"
    with capture_logs() as logs:
        assert (await ingress.post(path(one), data=body, headers=signed(body))).status == 200
        assert (await ingress.post(path(one), data=body)).status == 401
    canaries = ["canary-token", "canary-payload", one.webhook_key.reveal(), CLIENT_SECRET]
    assert not [canary for canary in canaries if canary in repr(logs)]
    _, folder = await database.do("CONFIG", "GET", "dir")
    assert canaries_on_disk(folder.decode(), canaries) == []


@pytest.mark.parametrize("unsigned", [True, False])
async def test_a_connection_marked_anew_is_seen_at_once(
    ingress: Ingress, connections: Connections, *, unsigned: bool
) -> None:
    before = await connections.link("torea", unsigned=not unsigned)
    body = unique()
    assert (await ingress.post(path(before), data=body, headers=signed(body))).status == 200
    await connections.link("torea", unsigned=unsigned)
    answer = await ingress.post(path(before, "sale.update"), data=unique())
    assert answer.status == (200 if unsigned else 401)


async def test_deliveries_at_once_all_see_that_a_connection_was_marked_anew(
    ingress: Ingress, connections: Connections, database: Database
) -> None:
    before = await connections.link("torea", unsigned=True)
    assert (await ingress.post(path(before), data=unique())).status == 200
    await connections.link("torea", unsigned=False)
    await database.do("CLIENT", "PAUSE", "300", "WRITE")  # so that all of them wait together
    bodies = [unique() for _ in range(20)]
    posts = (ingress.post(path(before), data=body, headers=signed(body)) for body in bodies)
    assert {post.status for post in await asyncio.gather(*posts)} == {200}
    assert [entry.signed for entry in await entries(database)] == [True] * 20 + [False]


async def test_an_address_taken_out_of_redis_is_unknown_at_once(
    ingress: Ingress, kowhai: Connection, database: Database
) -> None:
    for status, kept in ((200, 1), (404, 1)):
        body = unique()
        answer = await ingress.post(path(kowhai), data=body, headers=signed(body))
        assert (answer.status, len(await entries(database))) == (status, kept)
        await database.do("HDEL", WEBHOOK_KEYS, key_digest(kowhai.webhook_key.reveal()))
