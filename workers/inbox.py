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
from workers.deliveries import Delivery, Reading, entity, keep, kept
from workers.payloads import Payload
from workers.queue import DELIVER, DISPATCH, job

State: TypeAlias = Literal["stored", "dispatched", "handled", "failed", "stale", "misdirected"]

REPEAT_SECONDS = 72 * 3600
"""How long a delivery's digest is remembered: the vendor retries for 48 h (vendor: Webhooks)."""
GATE_SECONDS = 72 * 3600
"""How long the highest order of an entity is remembered, for the same reason."""
_DIGEST_BYTES = 16


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
    at: int = 0
    """When that run ended, in ms since 1970."""
    took: float = 0
    """How long it ran, in seconds."""
    error: str = ""
    """The exception's class and line."""
    message: str = ""
    """What the exception said, sealed and in base64: it may name a shopper."""


class _Ask(Struct):
    """What `dispatch.lua` needs to know."""

    id: str
    type: str
    retailer: str
    newest: str
    order: str
    ties: bool
    gate_seconds: int
    seconds: int
    foreign: bool
    claimed: Sequence[str]
    learn: bool
    note: str


_SCRIPTS = "workers.scripts"
_STORE = Script.load(_SCRIPTS, "wake", "store")
_DISPATCH = Script.load(_SCRIPTS, "wake", "settle", "dispatch")
_BEGIN = Script.load(_SCRIPTS, "begin")
_FINISH = Script.load(_SCRIPTS, "wake", "settle", "finish")
_REPLAY = Script.load(_SCRIPTS, "wake", "settle", "replay")
_SETS = (keys.OPEN, keys.FAILED, keys.HANDLED)


class Inbox:
    """Deliveries in Redis. Every method is one round trip."""

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
            one.content_type,
            self.vault.seal(one.body, one.event_id),
        )
        same = hashlib.sha256(address.digest + one.body).digest()[:_DIGEST_BYTES]
        dispatch = job(DISPATCH, one.event_id)
        return address.digest, address.owner, same, one.event_id, keep(delivery), dispatch

    async def load(self, event_id: str) -> Delivery | None:
        """Return a delivery, or None when the inbox has it no longer."""
        data = await self.database.do("GET", keys.delivery(event_id))
        return None if data is None else kept(data)

    async def dispatch(
        self, event_id: str, delivery: Delivery, reading: Reading, subscribers: Sequence[str]
    ) -> str:
        """Decide once what becomes of an event; enqueue a job for each subscriber.

        Returns its state: an earlier one when it was dispatched before, `gone` when it is no
        longer in the inbox.
        """
        payload = reading.payload
        order = payload.order() if isinstance(payload, Payload) else None
        gate = keys.newest(delivery.retailer, reading.event_type.name, entity(payload))
        claims = reading.claims
        home = claims.domain_prefix in {None, delivery.retailer}
        ask = _Ask(
            id=event_id,
            type=reading.event_type.name,
            retailer=delivery.retailer,
            newest=gate if order else "",
            order=order or "",
            ties=isinstance(payload, Payload) and payload.ties_pass,
            gate_seconds=GATE_SECONDS,
            seconds=self.seconds,
            foreign=not home or len(claims.retailer_ids) > 1,
            claimed=sorted(claims.retailer_ids),
            learn=delivery.signed and claims.domain_prefix is not None,
            note=reading.note,
        )
        args = [msgspec.msgpack.encode(ask), *_jobs(event_id, subscribers)]
        names = (*_SETS, keys.EVENTS_QUEUE, keys.COUNTS, keys.RETAILER_IDS)
        state = await self.database.run(_DISPATCH, names, args)
        return str(state.decode())

    async def begin(
        self, event_id: str, subscriber: str, *, loaded: bool = True
    ) -> tuple[Delivery, int] | None:
        """Return a delivery and which run of the subscriber this is, counted from 1.

        Where the subscriber is not `loaded`, waits are counted instead of runs. None when the
        event is no longer in the inbox, or this subscriber is done with it.
        """
        names = (keys.delivery(event_id), keys.event(event_id))
        args = [subscriber, "a:" if loaded else "w:"]
        answer = await self.database.run(_BEGIN, names, args)
        return (kept(answer[0]), answer[1]) if answer else None

    async def not_begun(self, event_id: str, subscriber: str) -> None:
        """Take back the run that `begin` counted: the subscriber was never called."""
        await self.database.do("HINCRBY", keys.event(event_id), f"a:{subscriber}", -1)

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

    async def finish(self, event_id: str, subscriber: str, outcome: Outcome) -> None:
        """Record how a subscriber's run ended; the last one that ends settles the event."""
        encoded = msgspec.msgpack.encode(outcome)
        await self.database.run(_FINISH, _SETS, [event_id, subscriber, encoded, self.seconds])

    async def replay(self, event_id: str, subscribers: Sequence[str]) -> list[str]:
        """Run subscribers again; those that are about to run anyway are left alone.

        Returns the subscribers that were enqueued.
        """
        args = [event_id, *_jobs(event_id, subscribers)]
        again = await self.database.run(_REPLAY, (*_SETS, keys.EVENTS_QUEUE), args)
        return [name.decode() for name in again]


def _jobs(event_id: str, subscribers: Sequence[str]) -> list[str | bytes]:
    pairs = ((name, job(DELIVER, event_id, name)) for name in subscribers)
    return [part for pair in pairs for part in pair]


def now_ms() -> int:
    """Return this machine's time in ms since 1970, for people to read."""
    return time.time_ns() // 1_000_000
