"""The inbox: each delivery from its arrival until every subscriber is done with it."""

import base64
import hashlib
import time
from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from actions.connections import WEBHOOK_KEYS, Address
from actions.database import Database, Script
from actions.vault import Vault
from workers import keys
from workers.deliveries import Delivery, keep
from workers.queue import DELIVER, DISPATCH, job

State: TypeAlias = Literal["stored", "dispatched", "handled", "failed", "stale", "misdirected"]

REPEAT_SECONDS = 72 * 3600
"""How long a delivery's digest is remembered: the vendor retries for 48 h (vendor: Webhooks)."""
GATE_SECONDS = 72 * 3600
"""How long the highest order of an entity is remembered, for the same reason."""
_DIGEST_BYTES = 16
FORM = "application/x-www-form-urlencoded"
"""What Lightspeed sends (vendor: Webhooks); it is not kept, for there are many."""


class Arrival(Struct, frozen=True):
    """A delivery on its way into the inbox."""

    address: Address
    event_id: str
    declared: str
    received_at: int
    content_type: str
    body: bytes
    """The raw body, as it was signed."""


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What became of one subscriber's last run."""

    state: Literal["queued", "retrying", "done", "failed"]
    job_id: str = ""
    attempt: int = 0
    """Which run that was, counted from 1."""
    failures: int = 0
    """Runs that have spent an attempt; waits have not."""
    absences: int = 0
    """How often no worker was found that has the subscriber."""
    at: int = 0
    """When that run ended, in ms since 1970."""
    took: float = 0
    """How long it ran, in seconds."""
    error: str = ""
    """The exception's class and line."""
    message: str = ""
    """What the exception said, sealed and in base64: it may name a shopper."""


_SCRIPTS = "workers.scripts"
_STORE = Script.load(_SCRIPTS, "clock", "wake", "store")
_REPLAY = Script.load(_SCRIPTS, "clock", "later", "wake", "settle", "replay")
_SETS = (keys.OPEN, keys.FAILED, keys.HANDLED)


class Inbox:
    """Deliveries in Redis: put, sealed, replayed. Every method is one round trip."""

    def __init__(self, database: Database, vault: Vault, seconds: int) -> None:
        """Keep handled deliveries for `seconds`; unhandled ones stay until they are."""
        self.database = database
        self.vault = vault
        self.seconds = seconds

    async def put(self, arrivals: Sequence[Arrival], counts: dict[str, int]) -> list[str]:
        """Store deliveries and enqueue their dispatch; add to the counts of what was refused.

        Returns, one for each: the event's id, the id of the event that it repeats, or nothing
        when its URL belongs to that connection no longer.
        """
        args: list[bytes | str | int] = [REPEAT_SECONDS, msgspec.msgpack.encode(counts)]
        for one in arrivals:
            args += self._row(one)
        answers = await self.database.run(
            _STORE, (WEBHOOK_KEYS, keys.OPEN, keys.EVENTS_QUEUE, keys.COUNTS), args
        )
        return [answer.decode() for answer in answers]

    def _row(self, one: Arrival) -> tuple[bytes | str, ...]:
        """Return what `store.lua` is told of an arrival; the body is sealed here."""
        address = one.address
        delivery = Delivery(
            address.retailer,
            one.declared,
            one.received_at,
            not address.unsigned,
            "" if one.content_type == FORM else one.content_type,
            self.vault.seal(one.body, one.event_id),
        )
        same = hashlib.sha256(address.digest + one.body).digest()[:_DIGEST_BYTES]
        dispatch = job(DISPATCH, one.event_id)
        return address.digest, address.owner, same, one.event_id, keep(delivery), dispatch

    async def load(self, event_id: str) -> bytes | None:
        """Return a delivery as it is kept, or None when the inbox has it no longer."""
        data: bytes | None = await self.database.do("GET", keys.delivery(event_id))
        return data

    def sealed(self, event_id: str, subscriber: str, message: str) -> str:
        """Seal what an exception said."""
        bound_to = f"{event_id}:{subscriber}"
        return base64.b64encode(self.vault.seal(message.encode(), bound_to)).decode()

    def message(self, event_id: str, subscriber: str, outcome: Outcome) -> str:
        """Return what the exception of a run said.

        Raises:
            CannotOpen: it was sealed with a key that is not in `BACKROOM_KEYS`.
        """
        if not outcome.message:
            return ""
        sealed = base64.b64decode(outcome.message)
        return self.vault.open(sealed, f"{event_id}:{subscriber}").decode()

    async def replay(self, event_id: str, subscribers: Sequence[str]) -> list[str]:
        """Run subscribers again; those that are about to run anyway are left alone.

        Returns the subscribers that were enqueued.
        """
        args = [event_id, *jobs(event_id, subscribers)]
        again = await self.database.run(_REPLAY, (*_SETS, keys.EVENTS_QUEUE), args)
        return [name.decode() for name in again]


def jobs(event_id: str, subscribers: Sequence[str]) -> list[str | bytes]:
    """Return each subscriber and the job that runs it, in turn."""
    pairs = ((name, job(DELIVER, event_id, name)) for name in subscribers)
    return [part for pair in pairs for part in pair]


def now_ms() -> int:
    """Return this machine's time in ms since 1970, for people to read."""
    return time.time_ns() // 1_000_000
