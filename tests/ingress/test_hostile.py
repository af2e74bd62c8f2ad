import gzip
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from actions.connections import Connection
from actions.database import Database
from tests.conftest import unique
from tests.ingress.test_server import Web, answered, delivery, request, serving, status
from workers.listing import Wanted, newest, sizes

MOST_GROWTH = 32 << 10
"""In KiB; what is sent holds several times as much."""
measured = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="no /proc tells a process' memory here"
)


@pytest.fixture
async def web(environ: dict[str, str], kowhai: Connection) -> AsyncIterator[Web]:
    """A process that has served one delivery."""
    async with serving(environ) as web:
        assert status(await web.send(delivery(kowhai, unique()))) == 200
        yield web


def hostile(one: Connection) -> dict[str, tuple[bytes, set[int]]]:
    chunked = request(one, "Transfer-Encoding: chunked")
    return {
        "bad UTF-8": (delivery(one, b"payload=\xff\xfe"), {200}),
        "NUL and CRLF": (delivery(one, b"payload=\0\r\n\r\nPOST / HTTP/1.1"), {200}),
        "content type beyond UTF-8": (delivery(one, b"a", "Content-Type: \udcff"), {200, 400}),
        "boundary": (delivery(one, b"b", 'Content-Type: multipart/form-data; boundary="'), {200}),
        "type in escapes": (request(one, "Content-Length: 0", tail="/%FF%00%0a%1b"), {401}),
        "type beyond UTF-8": (request(one, "Content-Length: 0", tail="/\udcff"), {400, 401}),
        "odd expectation": (request(one, "Content-Length: 0", "Expect: tea"), {417}),
        "bad chunk": (chunked + b"zz\r\nhello", {400}),
        "bad chunk later": (chunked + b"3\r\nabc\r\nzz\r\nhello", {400}),
        "two lengths": (request(one, "Content-Length: 1", "Content-Length: 2") + b"ab", {400}),
        "length and chunks": (delivery(one, b"c", "Transfer-Encoding: chunked"), {400}),
        "length below 0": (request(one, "Content-Length: -1"), {400}),
        "length of 30 digits": (request(one, "Content-Length: " + "9" * 30), {400}),
        "long line": (request(one, tail="/" + "x" * 20_000), {400}),
        "long header": (request(one, "X-Long: " + "x" * 20_000), {400}),
        "NUL in a header": (request(one, "X-Nul: a\0b"), {400}),
        "made-up method": (request(one, method="BREW"), {400}),
        "no HTTP": (b"\x16\x03\x01\0\xff\r\n\r\n", {400}),
    }


async def test_no_hostile_request_is_an_error_of_ours(web: Web, kowhai: Connection) -> None:
    answers = {
        name: (status(await web.send(data)), expected)
        for name, (data, expected) in hostile(kowhai).items()
    }
    assert not {name: one for name, one in answers.items() if one[0] not in one[1]}
    assert status(await web.send(delivery(kowhai, unique()))) == 200
    assert await web.stop() == 0
    assert not [line for line in web.lines if "Traceback" in line or "UnicodeEncodeError" in line]


async def test_a_sender_that_leaves_midway_is_no_error_of_ours(
    web: Web, kowhai: Connection, database: Database
) -> None:
    whole = delivery(kowhai, unique())
    for begun in (whole[:-10], request(kowhai, "Transfer-Encoding: chunked") + b"5\r\nab"):
        _, writer = await web.open(begun)
        writer.close()
    assert status(await web.send(delivery(kowhai, unique()))) == 200
    assert await web.stop() == 0
    assert not [line for line in web.lines if '"level":"error"' in line]
    assert (await sizes(database))[0]["open"] == 2


async def test_a_content_encoding_is_refused_whatever_the_body_is(
    web: Web, kowhai: Connection, database: Database
) -> None:
    for encoding in ("gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", "x", ""):
        for body in (gzip.compress(bytes(1 << 20)), b"not packed at all"):
            answer = await web.send(delivery(kowhai, body, f"Content-Encoding: {encoding}"))
            assert status(answer) == 415, encoding
    assert (await sizes(database))[0]["open"] == 1


@measured
async def test_a_bomb_is_never_unpacked(web: Web, kowhai: Connection) -> None:
    bomb = delivery(kowhai, gzip.compress(bytes(96 << 20)), "Content-Encoding: gzip")
    before = peak(web)
    assert status(await web.send(bomb)) == 415
    assert peak(web) - before < MOST_GROWTH


@measured
async def test_a_hundred_megabytes_in_chunks_are_not_kept_in_memory(
    web: Web, kowhai: Connection
) -> None:
    before = peak(web)
    _, writer = opened = await web.open(request(kowhai, "Transfer-Encoding: chunked"))
    piece = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    with suppress(ConnectionError):
        for _ in range(1600):
            writer.write(piece)
            await writer.drain()
    answer = await answered(opened)
    assert answer == b"" or status(answer) == 413
    assert peak(web) - before < MOST_GROWTH


def peak(web: Web) -> int:
    """The most memory that the process ever had, in KiB."""
    text = Path(f"/proc/{web.process.pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0])


async def test_a_body_in_tiny_chunks_is_a_delivery_like_any_other(
    web: Web, kowhai: Connection, database: Database
) -> None:
    body = b"payload=" + b"x" * 2000
    tiny = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = delivery(kowhai, body).partition(b"Content-Length")[0]
    assert status(await web.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + tiny)) == 200
    assert len(await newest(database, Wanted(), 10)) == 2


async def test_slow_senders_do_not_stop_honest_ones(web: Web, kowhai: Connection) -> None:
    whole = delivery(kowhai, unique())
    slow = [await web.open(whole[: 20 + number]) for number in range(200)]
    slow += [await web.open(whole[:-20]) for _ in range(200)]
    for _ in range(10):
        for _, writer in slow[200:]:
            writer.write(b"%")
        assert status(await web.send(delivery(kowhai, unique()))) == 200
