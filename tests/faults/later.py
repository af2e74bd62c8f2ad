"""A plugin that asks for a second run, and one of whose runs outlasts a lease."""

import asyncio

from msgspec import Struct

from tests.faults.ledger import note
from workers.claims import LEASE_SECONDS
from workers.events import PRODUCT_UPDATE, SALE_UPDATE, Event, ProductUpdate, SaleUpdate
from workers.plugins import Context, Plugin, Retry

AFTER = 2.0
"""Seconds after which `again` asks to be run again."""
LONG = LEASE_SECONDS + 1.0
"""Seconds that `last` takes."""


class Settings(Struct):
    ledger: str


plugin = Plugin("later", Settings)


@plugin.on(SALE_UPDATE)
async def again(event: Event[SaleUpdate], ctx: Context[Settings]) -> None:
    note(ctx.settings.ledger, event.id, "again", ctx.attempt, "begin")
    await asyncio.sleep(0.1)  # the other worker gets its share
    note(ctx.settings.ledger, event.id, "again", ctx.attempt, "end")
    if ctx.attempt == 1:
        raise Retry(after=AFTER)


@plugin.on(PRODUCT_UPDATE)
async def last(event: Event[ProductUpdate], ctx: Context[Settings]) -> None:
    note(ctx.settings.ledger, event.id, "last", ctx.attempt, "begin")
    await asyncio.sleep(LONG)
    note(ctx.settings.ledger, event.id, "last", ctx.attempt, "end")
