"""Which event types are wanted: workers know their plugins, and note it for those who load none."""

import time
from collections.abc import Iterable
from typing import Final

from actions.database import Database
from workers.discovery import Plugins
from workers.events import WEBHOOK_TYPES

TYPES: Final = "backroom:wanted-types"
"""Hash: event types that workers' plugins subscribe to; when one said so last, since 1970."""
ALL_EVENTS: Final = "backroom:all-events"
"""Set: retailers that are to have a webhook for every type, whatever plugins want."""
STALE_SECONDS: Final = 2.5 * 3600
"""Workers say it every hour: a type that none has said for so long before the last is over."""


async def note(database: Database, plugins: Plugins, now: float | None = None) -> bool:
    """Note what this worker's plugins want; say whether nobody had wanted some of it before.

    A worker without subscribers notes nothing: what others want is not over because of it.
    """
    names = sorted({one.event_type.name for one in plugins.subscribers.values()})
    if not names:
        return False
    moment = time.time() if now is None else now
    pairs: list[str | float] = [word for name in names for word in (name, moment)]
    return bool(await database.do("HSET", TYPES, *pairs))


async def wanted(database: Database, retailer: str) -> tuple[str, ...]:
    """Return the types that a retailer is to have webhooks for.

    All seven where no worker has ever said what it wants, or where the retailer is to have all.
    """
    said: dict[bytes, bytes] = await database.do("HGETALL", TYPES)
    if not said or await database.do("SISMEMBER", ALL_EVENTS, retailer):
        return WEBHOOK_TYPES
    moments = {name.decode(): float(moment) for name, moment in said.items()}
    oldest = max(moments.values()) - STALE_SECONDS
    return tuple(name for name in WEBHOOK_TYPES if name in moments and moments[name] >= oldest)


async def want_all(database: Database, retailers: Iterable[str], *, every: bool) -> None:
    """Let retailers have a webhook for every type, or for those alone that plugins want."""
    if names := list(retailers):
        await database.do("SADD" if every else "SREM", ALL_EVENTS, *names)
