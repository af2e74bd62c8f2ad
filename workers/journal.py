"""A sample plugin: one line for each event in a file, with what matters of it and no names.

Run it with `PLUGINS=workers.journal JOURNAL_PATH=journal.jsonl`. A second run of an event writes
its line again; whoever reads the journal tells them apart by `event_id`.
"""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from workers.events import (
    CONSIGNMENT_RECEIVE,
    CONSIGNMENT_SEND,
    CUSTOMER_UPDATE,
    INVENTORY_UPDATE,
    PING,
    PRODUCT_UPDATE,
    REGISTER_CLOSURE_CREATE,
    SALE_UPDATE,
    ConsignmentReceive,
    ConsignmentSend,
    CustomerUpdate,
    Event,
    InventoryUpdate,
    Ping,
    ProductUpdate,
    RegisterClosureCreate,
    SaleUpdate,
)
from workers.plugins import Context, Plugin


class Settings(Struct, frozen=True):
    """Environment variables, prefixed `JOURNAL_`."""

    path: str


plugin = Plugin("journal", Settings)


@plugin.lifespan
async def file(settings: Settings) -> AsyncGenerator[BinaryIO, None]:
    """Open the journal; lines from several workers do not mix, as each is one append."""
    with Path(settings.path).open("ab", buffering=0) as opened:  # noqa: ASYNC230 - once, at start
        yield opened


@plugin.on(PRODUCT_UPDATE)
async def note_product(event: Event[ProductUpdate], ctx: Context[Settings]) -> None:
    """Note a product's SKU and whether it is gone."""
    deleted = event.payload.deleted_at is not None
    _note(event, ctx, sku=event.payload.sku, deleted=deleted)


@plugin.on(INVENTORY_UPDATE)
async def note_inventory(event: Event[InventoryUpdate], ctx: Context[Settings]) -> None:
    """Note how much is left of which product."""
    _note(event, ctx, product=event.payload.product_id, count=event.payload.count)


@plugin.on(SALE_UPDATE)
async def note_sale(event: Event[SaleUpdate], ctx: Context[Settings]) -> None:
    """Note a sale's status and total before tax."""
    totals = event.payload.totals
    _note(event, ctx, status=event.payload.status, total=totals and totals.total_price)


@plugin.on(CUSTOMER_UPDATE)
async def note_customer(event: Event[CustomerUpdate], ctx: Context[Settings]) -> None:
    """Note that a customer changed, and nothing of who it is."""
    _note(event, ctx, deleted=event.payload.deleted_at is not None)


@plugin.on(CONSIGNMENT_SEND)
async def note_sent(event: Event[ConsignmentSend], ctx: Context[Settings]) -> None:
    """Note a line that was sent."""
    _note(event, ctx, product=event.payload.product_id, count=event.payload.count)


@plugin.on(CONSIGNMENT_RECEIVE)
async def note_received(event: Event[ConsignmentReceive], ctx: Context[Settings]) -> None:
    """Note a line that was received."""
    _note(event, ctx, product=event.payload.product_id, received=event.payload.received)


@plugin.on(REGISTER_CLOSURE_CREATE)
async def note_closure(event: Event[RegisterClosureCreate], ctx: Context[Settings]) -> None:
    """Note the takings of a register."""
    totals = event.payload.totals
    _note(event, ctx, payments=totals and totals.payments)


@plugin.on(PING)
async def note_ping(event: Event[Ping], ctx: Context[Settings]) -> None:
    """Note why a delivery was none of the seven."""
    _note(event, ctx, reason=event.payload.reason)


def _note(event: Event[Any], ctx: Context[Settings], **what: Any) -> None:
    line = {"event_id": event.id, "type": event.type.name, "retailer": event.retailer, **what}
    ctx.opened(file).write(msgspec.json.encode(line) + b"\n")
