"""One event → one job for each subscriber that wants it."""

import time

import structlog

from workers.deliveries import body_of, read
from workers.discovery import Plugins
from workers.inbox import Inbox, now_ms

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


async def dispatch(inbox: Inbox, plugins: Plugins, event_id: str) -> None:
    """Decode a delivery once, decide whether it counts, and enqueue its subscribers.

    A second run changes nothing.

    Raises:
        DatabaseAway, CannotOpen: nothing was done; run it again later.
    """
    began = time.perf_counter()
    delivery = await inbox.load(event_id)
    if delivery is None:
        log.warning("event.gone", event_id=event_id)
        return
    reading = read(delivery.declared, body_of(event_id, delivery, inbox.vault))
    wanting = [one.name for one in plugins.wanting(reading.event_type)]
    state = await inbox.dispatch(event_id, delivery, reading, wanting)
    log.info(
        "event.dispatched",
        state=state,
        event_id=event_id,
        event_type=reading.event_type.name,
        retailer=delivery.retailer,
        subscribers=len(wanting) if state == "dispatched" else 0,
        took=round(time.perf_counter() - began, 6),
        since_received=(now_ms() - delivery.received_at) / 1000,
    )
