"""A plugin of two subscribers that write each of their runs into a ledger."""

import asyncio
import random

from msgspec import Struct

from tests.faults.ledger import note
from workers.events import SALE_UPDATE, Event, SaleUpdate
from workers.plugins import Context, Plugin

SUBSCRIBERS = ("post", "tell")


class Settings(Struct):
    ledger: str
    longest: float = 0.3
    """Seconds that a run takes at most."""


plugin = Plugin("till", Settings)


@plugin.on(SALE_UPDATE)
async def post(event: Event[SaleUpdate], ctx: Context[Settings]) -> None:
    await _work(event, ctx, "post")


@plugin.on(SALE_UPDATE)
async def tell(event: Event[SaleUpdate], ctx: Context[Settings]) -> None:
    await _work(event, ctx, "tell")


async def _work(event: Event[SaleUpdate], ctx: Context[Settings], name: str) -> None:
    note(ctx.settings.ledger, event.id, name, ctx.attempt, "begin")
    await asyncio.sleep(random.uniform(0, ctx.settings.longest))  # noqa: S311 - no secret
    note(ctx.settings.ledger, event.id, name, ctx.attempt, "end")
