"""A plugin of subscribers that do what they can to spoil a worker, and one that works beside them.

All want customers; the good one alone wants sales.
"""

import asyncio
import os
import resource
import sys
import time
from collections.abc import AsyncGenerator
from typing import Any

from msgspec import Struct

from tests.faults.ledger import note
from workers.events import CUSTOMER_UPDATE, SALE_UPDATE, CustomerUpdate, Event, SaleUpdate
from workers.plugins import Context, Plugin

_MEMORY_BYTES = 2 << 30
"""That a worker may take: beyond that an allocation fails."""
_PIECE_BYTES = 64 << 20
_FOR_EVER = 3600.0
EXIT_KILLED = 9


class Settings(Struct):
    ledger: str


plugin = Plugin("unruly", Settings)
Customer = Event[CustomerUpdate]
Ctx = Context[Settings]


@plugin.lifespan
async def little_memory(settings: Settings) -> AsyncGenerator[None, None]:
    del settings
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, most))
    yield


@plugin.on(SALE_UPDATE)
async def good(event: Event[SaleUpdate], ctx: Ctx) -> None:
    await _work(event, ctx, "good")


@plugin.on(CUSTOMER_UPDATE)
async def good_too(event: Customer, ctx: Ctx) -> None:
    await _work(event, ctx, "good_too")


async def _work(event: Event[Any], ctx: Ctx, name: str) -> None:
    note(ctx.settings.ledger, event.id, name, ctx.attempt, "begin")
    await asyncio.sleep(0.05)
    note(ctx.settings.ledger, event.id, name, ctx.attempt, "end")


@plugin.on(CUSTOMER_UPDATE, attempts=2, backoff=0)
async def raises(event: Customer, ctx: Ctx) -> None:
    _begin(event, ctx, "raises")
    raise ValueError("no good")


@plugin.on(CUSTOMER_UPDATE, attempts=2, backoff=0)
async def quits(event: Customer, ctx: Ctx) -> None:
    _begin(event, ctx, "quits")
    sys.exit("enough")


@plugin.on(CUSTOMER_UPDATE)
async def returns_rubbish(event: Customer, ctx: Ctx) -> Any:
    _begin(event, ctx, "returns_rubbish")
    return {object(): [b"\xff", float("nan"), ctx]}


@plugin.on(CUSTOMER_UPDATE, attempts=2, backoff=0, timeout=0.2)
async def hangs(event: Customer, ctx: Ctx) -> None:
    _begin(event, ctx, "hangs")
    await asyncio.Event().wait()


@plugin.on(CUSTOMER_UPDATE, timeout=30)
async def occupies(event: Customer, ctx: Ctx) -> None:
    """It blocks the event loop within its own time, and beyond that of the one that hangs."""
    _begin(event, ctx, "occupies")
    time.sleep(7)  # noqa: ASYNC251 - this is what is tested


@plugin.on(CUSTOMER_UPDATE, timeout=0.1)
async def blocks_beyond(event: Customer, ctx: Ctx) -> None:
    _begin(event, ctx, "blocks_beyond")
    time.sleep(_FOR_EVER)  # noqa: ASYNC251 - this is what is tested


@plugin.on(CUSTOMER_UPDATE, timeout=0.1)
async def spins(event: Customer, ctx: Ctx) -> None:
    _begin(event, ctx, "spins")
    while True:
        pass


@plugin.on(CUSTOMER_UPDATE)
async def exits(event: Customer, ctx: Ctx) -> None:
    """As a crash in C does, or the kernel where memory has run out."""
    _begin(event, ctx, "exits")
    os._exit(EXIT_KILLED)


@plugin.on(CUSTOMER_UPDATE, attempts=2, backoff=0)
async def devours(event: Customer, ctx: Ctx) -> None:
    _begin(event, ctx, "devours")
    pieces = []
    while True:
        pieces.append(bytes(_PIECE_BYTES))


def _begin(event: Customer, ctx: Ctx, name: str) -> None:
    note(ctx.settings.ledger, event.id, name, ctx.attempt, "begin")
