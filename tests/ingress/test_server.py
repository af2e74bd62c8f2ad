import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from msgspec import Struct
from msgspec.structs import replace

from actions.connections import Connection, Connections
from actions.database import Database
from actions.errors import WrongSetting
from ingress.api.keys import ApiKeys
from ingress.app import create_app
from ingress.signatures import HEADER, sign
from tests.conftest import CLIENT_SECRET, path, unique
from tests.ingress.api.conftest import api_key
from workers.listing import sizes
from workers.settings import Settings

Environ = dict[str, str]
Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Web(Struct):
    """A running `backroom web`, every line it has printed, and connections to it."""

    process: Process
    port: int
    lines: list[str]
    reading: asyncio.Task[None]
    opened: list[Opened] = []

    async def open(self, data: bytes = b"") -> Opened:
        opened = await asyncio.open_connection("127.0.0.1", self.port)
        self.opened.append(opened)
        opened[1].write(data)
        await opened[1].drain()
        return opened

    async def send(self, data: bytes) -> bytes:
        """Send bytes, and return what comes back until the connection is closed."""
        return await answered(await self.open(data))

    async def ended(self) -> int:
        """Wait for the process' exit code, once every line is read."""
        async with asyncio.timeout(15):
            await self.reading
            return await self.process.wait()

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def close(self) -> None:
        for _, writer in self.opened:
            writer.close()
        await asyncio.gather(*(one.wait_closed() for _, one in self.opened), return_exceptions=True)
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()
        assert self.process.stderr
        assert await self.process.stderr.read() == b""


@asynccontextmanager
async def serving(environ: Environ) -> AsyncIterator[Web]:
    process = await start(environ | {"PORT": "0"})
    output = process.stdout
    assert output
    async with asyncio.timeout(15):
        ready = json.loads(await output.readline())
    assert (ready["event"], ready["pid"]) == ("web.ready", process.pid)
    lines: list[str] = []

    async def read() -> None:
        lines.extend([line.decode() async for line in output])

    port = int(ready["url"].rpartition(":")[2])
    web = Web(process, port, lines, asyncio.create_task(read()))
    try:
        yield web
    finally:
        await web.close()


async def start(environ: Environ) -> Process:
    command = (sys.executable, "-m", "ingress", "web")
    both = {name: value for name, value in os.environ.items() if name.isupper()} | environ
    return await asyncio.create_subprocess_exec(*command, env=both, stdout=PIPE, stderr=PIPE)


async def answered(opened: Opened) -> bytes:
    reader, writer = opened
    answer = b""
    async with asyncio.timeout(15):
        with suppress(ConnectionResetError):  # what was sent beyond the answer was not read
            while some := await reader.read(1 << 16):
                answer += some
    writer.close()
    return answer


def request(connection: Connection, *headers: str, tail: str = "", method: str = "POST") -> bytes:
    lines = [f"{method} {path(connection)}{tail} HTTP/1.1", "Host: x", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode("utf-8", "surrogateescape")


def delivery(connection: Connection, body: bytes, *headers: str) -> bytes:
    signature = f"{HEADER}: {sign(body, CLIENT_SECRET.encode())}"
    return request(connection, signature, f"Content-Length: {len(body)}", *headers) + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


@pytest.fixture
async def web(environ: Environ, kowhai: Connection) -> AsyncIterator[Web]:
    assert kowhai.retailer
    async with serving(environ) as web:
        yield web


async def test_sigterm_answers_what_is_in_flight_and_exits_with_0(
    web: Web, kowhai: Connection, database: Database
) -> None:
    bodies = [unique() for _ in range(20)]
    wholes = [delivery(kowhai, body, "Expect: 100-continue") for body in bodies]
    opened = [await web.open(whole[:-10]) for whole in wholes]
    for reader, _ in opened:
        # The handler has begun and waits for the rest of the body.
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    web.process.send_signal(signal.SIGTERM)
    await refuses_connections(web)
    for (_, writer), whole in zip(opened, wholes, strict=True):
        writer.write(whole[-10:])
    answers = [await answered(one) for one in opened]
    assert {status(answer) for answer in answers} == {200}
    assert await web.ended() == 0
    assert (await sizes(database))[0]["open"] == 20
    assert "web.stopped" in web.lines[-1]


async def refuses_connections(web: Web) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await web.open()
            except ConnectionRefusedError:
                return
            except ConnectionResetError:  # it was still in the queue when that was closed
                continue
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_connections_that_are_kept_alive_do_not_hold_up_the_end(
    web: Web, number: signal.Signals
) -> None:
    reader, _ = await web.open(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    web.process.send_signal(number)
    assert await web.ended() == 0


async def test_what_was_counted_by_the_end_is_in_redis(web: Web, database: Database) -> None:
    answer = await web.send(b"POST /webhooks/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status(answer) == 404
    assert await web.stop() == 0
    assert (await sizes(database))[1] == {"refused unknown key": 1}


WRONG: dict[str, tuple[Environ, int, str]] = {
    "no keys": ({"BACKROOM_KEYS": ""}, 2, "BACKROOM_KEYS is not set"),
    "no secret": ({"LIGHTSPEED_CLIENT_SECRET": " , "}, 2, "LIGHTSPEED_CLIENT_SECRET is not set"),
    "Redis away": ({"REDIS_URL": "redis://:canary@127.0.0.1:1"}, 1, "at 127.0.0.1:1:"),
    "Redis option": ({"REDIS_URL": "redis://:canary@127.0.0.1:1?db=x"}, 2, "REDIS_URL"),
    "host": ({"HOST": "no-such-host.invalid", "PORT": "0"}, 1, "Cannot listen on no-such-host"),
    "host label": ({"HOST": "a..b", "PORT": "0"}, 1, "Cannot listen on a..b"),
}


@pytest.mark.usefixtures("kowhai")
@pytest.mark.parametrize(("wrong", "code", "said"), WRONG.values(), ids=WRONG)
async def test_what_hinders_the_start_is_said_in_one_sentence(
    environ: Environ, wrong: Environ, code: int, said: str
) -> None:
    process = await start(environ | wrong)
    async with asyncio.timeout(15):
        _, errors = await process.communicate()
    text = errors.decode()
    assert text.startswith("backroom: ")
    assert text.count("\n") == 1
    assert said in text
    assert "canary" not in text
    assert process.returncode == code


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.usefixtures("kowhai")
async def test_a_port_that_is_taken_is_said_in_one_sentence(environ: Environ, taken: int) -> None:
    process = await start(environ | {"PORT": str(taken)})
    _, errors = await process.communicate()
    assert errors.startswith(f"backroom: Cannot listen on 127.0.0.1:{taken} ".encode())
    assert errors.count(b"\n") == 1
    assert process.returncode == 1


async def test_without_a_client_secret_only_unsigned_connections_are_served(
    settings: Settings, connections: Connections, database: Database
) -> None:
    bare = replace(settings, lightspeed_client_secret=())
    for retailer, unsigned, starts in ((None, True, False), ("a", True, True), ("b", False, False)):
        if retailer:
            await connections.link(retailer, unsigned=unsigned)
        if starts:
            assert await create_app(bare, database)
        else:
            with pytest.raises(WrongSetting, match="LIGHTSPEED_CLIENT_SECRET is not set"):
                await create_app(bare, database)


async def test_who_listens_to_everybody_needs_a_key(environ: Environ, database: Database) -> None:
    public = environ | {"HOST": "0.0.0.0", "PORT": "0"}  # noqa: S104 - that is what is refused
    process = await start(public)
    async with asyncio.timeout(15):
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert "backroom keys create NAME" in errors.decode()
    await ApiKeys(database).create(api_key("erp"))
    async with serving(public) as web:
        assert await web.stop() == 0
