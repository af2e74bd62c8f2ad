"""A delivery as it was kept, and what it turns out to be: decoded once, typed or a ping."""

from binascii import a2b_qp
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct, structs

from actions.lenient import PLAIN, Unusable, decode, may_be_too_large, plain
from actions.vault import Vault
from workers.events import EVENT_TYPES, PING, WEBHOOK_TYPES, Event, EventType, Ping
from workers.payloads import Payload

_MOST_FIELDS = 50
"""Form fields that are read; the vendor sends five."""
_HEAD = frozenset({"id", "version", "updated_at"})


def _head(payload: type[Payload]) -> type[Struct]:
    """Return a Struct of those fields of a payload that a dispatch needs."""
    fields = [one for one in structs.fields(payload) if one.name in _HEAD]
    wanted: list[Any] = [
        (one.name, one.type) if one.required else (one.name, one.type, None) for one in fields
    ]
    return msgspec.defstruct(f"{payload.__name__}Head", [*wanted, ("retailer_id", Any, None)])


_HEADS = {name: _head(EVENT_TYPES[name].payload) for name in WEBHOOK_TYPES}
_TO_QP = bytes.maketrans(b"+%", b" =")


class Delivery(Struct, array_like=True, frozen=True):
    """One request from Lightspeed, as it stands in Redis."""

    retailer: str
    declared: str
    """The event type in the URL, or nothing for a hook that was added by hand."""
    received_at: int
    """When the ingress had read it, in ms since 1970."""
    signed: bool
    content_type: str
    """Empty where it is a form's, as Lightspeed's are."""
    body: bytes
    """The raw body, sealed: it names shoppers."""


class Claims(Struct, frozen=True):
    """What a delivery says of its own origin."""

    domain_prefix: str | None = None
    retailer_ids: frozenset[str] = frozenset()


class Reading(Struct, dict=True):
    """A delivery, understood as far as its dispatch needs; its payload is read when asked for."""

    event_type: EventType[Any]
    text: str | bytes
    claims: Claims
    head: Any = None
    """What tells this payload from others of its kind: its id and what it is ordered by."""
    ping: Ping | None = None

    @cached_property
    def payload(self) -> Any:
        """The payload, typed."""
        return self.ping or decode(self.text, self.event_type.payload)

    @cached_property
    def raw(self) -> Any:
        """The payload as plain objects with exact numbers; what is no JSON as text."""
        try:
            return PLAIN.decode(self.text)
        except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
            return self.text if isinstance(self.text, str) else self.text.decode(errors="replace")

    @property
    def note(self) -> str:
        """Why it is a ping; nothing for the seven others."""
        return self.ping.reason if self.ping else ""

    @property
    def entity(self) -> str:
        """The id of what the payload is about, or nothing for a ping."""
        return self.head.id if self.head else ""

    @property
    def order(self) -> str | None:
        """Digits that sort as the changes of the entity happened; None when nothing tells."""
        order: str | None = self.event_type.payload.order(self.head) if self.head else None
        return order

    @property
    def ties_pass(self) -> bool:
        """Whether an equal `order` may still be a change, not a redelivery."""
        return bool(self.head and self.event_type.payload.ties_pass)


def keep(delivery: Delivery) -> bytes:
    """Encode a delivery for Redis."""
    return msgspec.msgpack.encode(delivery)


def kept(data: bytes) -> Delivery:
    """Decode what `keep` made."""
    return msgspec.msgpack.decode(data, type=Delivery)


def body_of(event_id: str, delivery: Delivery, vault: Vault) -> bytes:
    """Open a delivery's raw body.

    Raises:
        CannotOpen: it was sealed with a key that is not in `BACKROOM_KEYS`.
    """
    return vault.open(delivery.body, event_id)


def read(declared: str, body: bytes) -> Reading:
    """Say what a body is. Whatever cannot be one of the seven types is a ping; nothing raises."""
    form = form_of(body)
    text = form.get("payload", "")
    said = form.get("type", "")
    name = next((one for one in (said, declared) if one in WEBHOOK_TYPES), None)
    if name is None or not text:
        reason = _why_not(form, declared or said)
        return _ping(declared or said, reason, text or body, form)
    try:
        head: Any = decode(text, _HEADS[name])
        if may_be_too_large(text):
            plain(text)
    except Unusable as unusable:
        return _ping(name, str(unusable), text, form)
    return Reading(EVENT_TYPES[name], text, _claims(form, head.retailer_id), head)


def event(event_id: str, delivery: Delivery, reading: Reading) -> Event[Any]:
    """Make the event that subscribers are given."""
    return Event(
        id=event_id,
        type=reading.event_type,
        retailer=delivery.retailer,
        received_at=moment(delivery.received_at),
        read=lambda: reading.payload,
        read_raw=lambda: reading.raw,
    )


def moment(ms: int) -> datetime:
    """Read ms since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def form_of(body: bytes) -> dict[str, str]:
    """Decode the form once. A field that comes twice could be either, so neither is believed."""
    parts = [part for part in body.split(b"&") if part]
    if len(parts) > _MOST_FIELDS:
        return {}
    form: dict[str, str] = {}
    twice = set()
    try:
        for part in parts:
            name, _, value = part.partition(b"=")
            field = _unquoted(name)
            if field in form:
                twice.add(field)
            form[field] = _unquoted(value)
    except ValueError:
        return {}
    for field in twice:
        del form[field]
    return form


def _unquoted(text: bytes) -> str:
    """Decode what a form holds.

    Percents are decoded as quoted-printable, which is the same but for its sign and done in C: a
    sale holds hundreds, and the standard library takes longer over them than all else together.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    if b"%" not in text and b"+" not in text:
        return text.decode()
    quick = a2b_qp(text.translate(_TO_QP))
    is_whole = len(quick) == len(text) - 2 * text.count(b"%")  # each percent was an escape
    if is_whole and not (b"=" in text or b"\r" in text or b"\n" in text):
        return quick.decode()
    return unquote_plus(text.decode(), errors="strict")


def _claims(form: dict[str, str], of_payload: object = None) -> Claims:
    said = (form.get("retailer_id"), of_payload)
    ids = frozenset(one for one in said if one and isinstance(one, str))
    return Claims(form.get("domain_prefix", "").strip().lower() or None, ids)


def _why_not(form: dict[str, str], declared: str) -> str:
    if not form:
        return "The body is no form."
    if not form.get("payload"):
        return "The form has no payload."
    return "The type is unknown." if declared else "No type is given."


def _ping(declared: str, reason: str, text: str | bytes, form: dict[str, str]) -> Reading:
    return Reading(PING, text, _claims(form), ping=Ping(declared or None, reason))
