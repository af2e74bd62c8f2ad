"""One request from aiohttp to an ASGI application, and its answer back as it comes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ingress.mcp.bridge import Asgi, Message, Receive, Send, bridged
from tests.conftest import Ingress

OK = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


@asynccontextmanager
async def served(app: Asgi, *, more: str = "") -> AsyncIterator[Ingress]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await bridged(app, request, await request.read(), more=more)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    async with TestClient(TestServer(application)) as client:
        yield client


@asynccontextmanager
async def running(app: Asgi) -> AsyncIterator[int]:
    """Serve as the web process does: it lets a handler go on whose client is gone."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await bridged(app, request, b"")

    application = web.Application()
    application.router.add_get("/", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def test_the_application_is_told_of_the_whole_request() -> None:
    seen: list[Message] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.extend((scope, await receive()))
        await send(OK)
        await send(part(b"", more=False))

    async with served(app, more="ours") as client:
        headers = [("X-Two", "a"), ("X-Two", "b"), ("Content-Type", "application/json")]
        url = client.make_url("/a%20b?x=%C3%A4&x=2")
        async with client.session.post(url, data=b"\x00body", headers=headers) as answer:
            assert answer.status == 200
    scope, asked = seen
    assert (scope["type"], scope["method"], scope["path"]) == ("http", "POST", "/a b")
    assert (scope["raw_path"], scope["query_string"]) == (b"/a%20b", b"x=%C3%A4&x=2")
    assert [value for name, value in scope["headers"] if name == b"x-two"] == [b"a", b"b"]
    assert scope["more"] == "ours"
    assert asked == {"type": "http.request", "body": b"\x00body", "more_body": False}


async def test_the_answer_comes_as_it_is_made() -> None:
    go_on = asyncio.Event()

    async def app(_: Message, __: Receive, send: Send) -> None:
        await send(OK | {"status": 201})
        await send(part(b"one"))
        await go_on.wait()
        await send(part(b"two", more=False))

    async with served(app) as client, client.get("/") as answer:
        assert answer.status == 201
        assert await answer.content.readexactly(3) == b"one"
        go_on.set()
        assert await answer.content.read() == b"two"


async def test_headers_come_back_each_and_a_length_stays_one() -> None:
    async def app(_: Message, __: Receive, send: Send) -> None:
        headers = [(b"x-two", b"a"), (b"x-two", b"b"), (b"content-length", b"2")]
        await send(OK | {"headers": [*headers, (b"connection", b"close")]})
        await send(part(b"ok", more=False))

    async with served(app) as client, client.get("/") as answer:
        assert answer.headers.getall("x-two") == ["a", "b"]
        assert answer.headers["Content-Length"] == "2"
        assert "Connection" not in answer.headers
        assert await answer.read() == b"ok"


@pytest.mark.parametrize("begun", [True, False])
async def test_an_application_that_does_not_end_its_answer_has_it_ended(begun: bool) -> None:  # noqa: FBT001
    async def app(_: Message, __: Receive, send: Send) -> None:
        if begun:
            await send(OK)

    async with served(app) as client, client.get("/") as answer:
        assert answer.status == (200 if begun else 500)
        assert await answer.read() == b""


async def test_an_application_hears_that_its_client_is_gone() -> None:
    heard: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def app(_: Message, receive: Receive, send: Send) -> None:
        await receive()
        await send(OK)
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send(part(b"x" * 65_536))
            await asyncio.sleep(0)
        heard.set_result(gone.result())

    async with running(app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await writer.drain()
        writer.close()
        async with asyncio.timeout(5):
            assert await heard == {"type": "http.disconnect"}


async def test_after_the_answer_nobody_is_left_waiting() -> None:
    after: list[Awaitable[Message]] = []

    async def app(_: Message, receive: Receive, send: Send) -> None:
        await receive()
        after.append(asyncio.ensure_future(receive()))
        await send(OK)
        await send(part(b"ok", more=False))

    async with served(app) as client, client.get("/") as answer:
        assert await answer.read() == b"ok"
        async with asyncio.timeout(5):
            assert await after[0] == {"type": "http.disconnect"}
