"""Section `client`: the client beside bare aiohttp, and what a long list takes in memory.

`python -m tests.benchmarks.calling calls|items PORT` measures in a process of its own.
"""

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec
import structlog
import uvloop
from msgspec import Struct

from actions.answers import Data
from actions.client import Client
from actions.grants import Grant, Pair
from actions.lenient import decoder
from actions.resources.product_rows import Product
from actions.resources.products import GetProduct, ListProducts
from actions.secret import Secret
from actions.sending import open_session
from actions.tokens import Tokens
from tests.benchmarks.answering import ITEMS
from tests.benchmarks.figures import Figure, ratio
from tests.benchmarks.processes import Wrong, await_ready, free_port, running, started

_ROUNDS = 41
_SECONDS = 0.2
_CALLERS = 16
_PAGE = 1000
_TOKEN = "opens-nothing"


class Calls(Struct):
    """Calls in a second of this process' CPU time, in each round.

    It is the client that takes the time here, and the server's share of the cores disturbs less.
    """

    bare: list[float]
    ours: list[float]


class Items(Struct):
    """What walking the long list took."""

    items: int
    requests: int
    megabytes: float


class _Known(Tokens):
    """A token that is good for ever, without Redis: the call alone is measured."""

    def __init__(self) -> None:
        pair = Pair(access=Secret(_TOKEN))
        self._grant = Grant(retailer="kowhai", pair=pair, generation=1, state="linked")

    async def get(self, retailer: str) -> Grant:
        del retailer
        return self._grant


def calling() -> list[Figure]:
    """Measure both against a server that answers at once."""
    port = free_port()
    with running(("tests.benchmarks.answering", str(port))):
        await_ready(port)
        calls = msgspec.json.decode(_measured("calls", port), type=Calls)
        items = msgspec.json.decode(_measured("items", port), type=Items)
    wanted = -(-ITEMS // _PAGE) + 1
    if (items.items, items.requests) != (ITEMS, wanted):
        raise Wrong(f"{items.items} items in {items.requests} requests, not {wanted}")
    return [
        Figure("client.call, in a second of CPU time", sorted(calls.ours)[_ROUNDS // 2], "/s"),
        ratio("client.call / bare aiohttp", calls.ours, calls.bare, 0.85),
        Figure(f"memory of items over {ITEMS:,} products", items.megabytes, "MB", most=120),
        Figure("requests for them", items.requests),
    ]


def _measured(what: str, port: int) -> bytes:
    with started(("tests.benchmarks.calling", what, str(port)), {}, subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.read()
    if not told:
        raise Wrong(f"the client broke off at {what}, as said above")
    return told


async def _calls(port: int) -> Calls:
    async with open_session() as session, aiohttp.ClientSession() as anyones:
        client = Client(_Known(), session, origin=_origin(port))
        url = f"http://127.0.0.1:{port}/kowhai/api/2026-07/products/7"
        headers = {"Authorization": f"Bearer {_TOKEN}"}
        read = decoder(Data[Product])

        async def bare() -> object:
            async with anyones.get(url, headers=headers) as answer:
                return read.decode(await answer.read()).data

        async def ours() -> object:
            return await client.call(GetProduct("7"), "kowhai")

        found = Calls([], [])
        for _ in range(_ROUNDS):
            found.bare.append(await _rate(bare))
            found.ours.append(await _rate(ours))
        return found


async def _rate(call: Callable[[], Awaitable[object]]) -> float:
    count, began, spent = 0, time.perf_counter(), time.process_time()

    async def caller() -> None:
        nonlocal count
        while time.perf_counter() - began < _SECONDS:
            await call()
            count += 1

    await asyncio.gather(*(caller() for _ in range(_CALLERS)))
    return count / (time.process_time() - spent)


async def _items(port: int) -> Items:
    requests = 0

    async def counted(*_: object) -> None:
        nonlocal requests
        requests += 1

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(counted)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        client = Client(_Known(), session, origin=_origin(port))
        items = 0
        async for _ in client.items(ListProducts(page_size=_PAGE), "kowhai"):
            items += 1
    return Items(items, requests, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _origin(port: int) -> str:
    return f"http://127.0.0.1:{port}/{{domain_prefix}}"


if __name__ == "__main__":
    level = structlog.make_filtering_bound_logger(20)
    structlog.configure(wrapper_class=level, cache_logger_on_first_use=True)  # as in our processes
    work = {"calls": _calls, "items": _items}[sys.argv[1]]
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(work(int(sys.argv[2])))))
