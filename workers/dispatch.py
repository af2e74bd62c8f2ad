"""One event → one job for each subscriber that wants it."""

import time
from collections.abc import Sequence

import msgspec
import structlog
from msgspec import Struct

from workers import keys
from workers.deliveries import Delivery, Reading, kept
from workers.discovery import Plugins
from workers.events import PING, WEBHOOK_TYPES
from workers.inbox import GATE_SECONDS, Inbox, jobs, now_ms
from workers.reader import Reader
from workers.run import Run

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class _Ask(Struct):
    """What `dispatch.lua` needs to know."""

    id: str
    type: str
    retailer: str
    received_at: int
    newest: str
    order: str
    ties: bool
    gate_seconds: int
    seconds: int
    foreign: bool
    claimed: Sequence[str]
    learn: bool
    note: str


async def dispatch(inbox: Inbox, plugins: Plugins, reader: Reader, run: Run) -> None:
    """Decode a delivery once, decide whether it counts, and enqueue its subscribers.

    A second run changes nothing.

    Raises:
        CannotOpen: nothing was done; run it again later.
    """
    began = time.perf_counter()
    event_id = run.args[0]
    data = run.brought[0] if run.brought else None
    if data is None:
        log.warning("event.gone", event_id=event_id)
        return
    delivery = kept(data)
    if run.is_poison:
        await _bury(run, delivery)
        return
    reading = reader.read(event_id, delivery)
    reader.keep(event_id, delivery, reading)
    wanting = [one.name for one in plugins.wanting(reading.event_type)]
    ask = msgspec.msgpack.encode(_ask(event_id, delivery, reading, inbox.seconds))
    became = await run.end(None, "dispatch", ask, *jobs(event_id, wanting))
    if not became:
        return  # another worker has it, or it was dispatched before
    log.info(
        "event.dispatched",
        state=became,
        event_id=event_id,
        event_type=reading.event_type.name,
        retailer=delivery.retailer,
        subscribers=len(wanting) if became == "dispatched" else 0,
        took=round(time.perf_counter() - began, 6),
        since_received=(now_ms() - delivery.received_at) / 1000,
    )


async def _bury(run: Run, delivery: Delivery) -> None:
    """Fail an event that nobody survives to read."""
    event_id, why = run.args[0], f"{run.deaths} workers in turn ended while they dispatched it."
    name = delivery.declared if delivery.declared in WEBHOOK_TYPES else PING.name
    if await run.end(None, "bury", event_id, name, why):
        log.error("event.failed", event_id=event_id, retailer=delivery.retailer, reason=why)


def _ask(event_id: str, delivery: Delivery, reading: Reading, seconds: int) -> _Ask:
    order = reading.order
    gate = keys.newest(delivery.retailer, reading.event_type.name, reading.entity)
    claims = reading.claims
    home = claims.domain_prefix in {None, delivery.retailer}
    return _Ask(
        id=event_id,
        type=reading.event_type.name,
        retailer=delivery.retailer,
        received_at=delivery.received_at,
        newest=gate if order else "",
        order=order or "",
        ties=reading.ties_pass,
        gate_seconds=GATE_SECONDS,
        seconds=seconds,
        foreign=not home or len(claims.retailer_ids) > 1,
        claimed=sorted(claims.retailer_ids),
        learn=delivery.signed and claims.domain_prefix is not None,
        note=reading.note,
    )
