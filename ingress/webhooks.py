"""The way in for deliveries: read, verify, store, acknowledge. Nothing is decoded here."""

import asyncio
import base64
import itertools
import os
import time
from collections.abc import Iterator, Sequence

import msgspec
import structlog
from aiohttp import hdrs, web

from actions.connections import Address, address
from actions.database import Database
from actions.errors import DatabaseAway
from ingress.intake import Busy, Intake
from ingress.metrics.tally import Tally
from ingress.refusals import FLAWS, Refused, answer, away, too_large
from ingress.signatures import HEADER, Flaw, flaw
from workers.inbox import Arrival, now_ms

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

ANSWER_SECONDS = 1.8
"""Time for Redis to take a delivery; the vendor waits 5 s in all (vendor: Webhooks)."""
READ_SECONDS = 10.0
_LONGEST_TYPE = 64
_ID_CHARACTERS = 20
_LONGEST_CONTENT_TYPE = 128


class Door:
    """What the webhook route needs, and the addresses that it has seen."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        client_secrets: Sequence[bytes],
        most_bytes: int,
    ) -> None:
        self.intake = intake
        self.tally = Tally()
        self._loop = asyncio.get_running_loop()  # to ask for it costs a system call
        self._database = database
        self._secrets = tuple(client_secrets)
        self._most_bytes = most_bytes
        self._ids = _ids()
        self._known: dict[str, Address] = {}
        self._log = log.bind()  # bound once: a proxy would be made anew for every line
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._leaving = False

    async def drain(self) -> None:
        """Wait until what is in flight is answered; each answer is its connection's last."""
        self._leaving = True
        while self._in_flight:
            self._idle.clear()
            await self._idle.wait()

    async def receive(self, request: web.Request) -> web.Response:
        """Take one delivery: `POST /webhooks/{key}` or `POST /webhooks/{key}/{event_type}`."""
        self._in_flight += 1
        try:
            response = await self._answered(request)
        finally:
            self._in_flight -= 1
            self._idle.set()
        if self._leaving:
            response.force_close()
        return response

    async def _answered(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        facts: dict[str, object] = {"event_type": _declared(request)}
        try:
            response = await self._taken(request, facts)
        except Refused as refused:
            self.intake.count(f"refused {refused.reason}")
            facts["reason"] = refused.reason
            response = answer(refused)
        took = time.perf_counter() - began
        self.tally.answered(response.status, took)
        self._log.info(
            str(facts.pop("outcome", "delivery.refused")),
            status=response.status,
            took=round(took, 6),
            **facts,
        )
        return response

    async def _taken(self, request: web.Request, facts: dict[str, object]) -> web.Response:
        _check_request(request, self._most_bytes)
        key = request.match_info["key"]
        began = self._loop.time()
        known = self._known.get(key) or await self._address(key, began + ANSWER_SECONDS)
        left = began + ANSWER_SECONDS - self._loop.time()
        facts["retailer"] = known.retailer
        body = await self._body(request)
        declared = str(facts["event_type"])
        arrival = Arrival(known, next(self._ids), declared, now_ms(), _kind(request), body)
        # The sender's own time is not Redis'.
        stored = await self._verified_and_stored(request, arrival, self._loop.time() + left)
        repeat = stored != arrival.event_id
        facts["outcome"] = "delivery.repeated" if repeat else "delivery.stored"
        facts["event_id"] = stored
        facts["bytes"] = len(body)
        return _acknowledged(stored, repeat=repeat)

    async def _verified_and_stored(
        self, request: web.Request, arrival: Arrival, deadline: float
    ) -> str:
        """Store what is signed, by what is known of the address and then by what Redis says."""
        stored = ""
        found = self._flaw(request, arrival)
        if not found:
            stored = await self._stored(arrival, deadline)
        while not stored:  # it may be revoked by now, or unsigned
            address = await self._address(request.match_info["key"], deadline)
            arrival = msgspec.structs.replace(arrival, address=address)
            if found := self._flaw(request, arrival):
                raise Refused(401, f"signature {found}", FLAWS[found])
            stored = await self._stored(arrival, deadline)
        return stored

    async def _address(self, key: str, deadline: float) -> Address:
        """Ask Redis whose key it is, and know it from now on."""
        try:
            async with asyncio.timeout_at(deadline):
                known = await address(self._database, key)
        except (DatabaseAway, TimeoutError) as error:
            raise away() from error
        if known is None:
            self._known.pop(key, None)
            raise Refused(404, "unknown key", "No connection has this webhook key.")
        self._known[key] = known
        return known

    async def _body(self, request: web.Request) -> bytes:
        try:
            if request.content.is_eof():
                return await request.read()  # it is here already and needs no clock
            async with asyncio.timeout(READ_SECONDS):
                return await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise too_large(self._most_bytes) from error
        except ConnectionError as error:
            raise Refused(400, "cut off", "The body did not arrive whole.") from error
        except TimeoutError as error:
            raise Refused(408, "slow body", "The body did not arrive in time.") from error

    def _flaw(self, request: web.Request, arrival: Arrival) -> Flaw | None:
        """Say what is wrong with the signature of a delivery that must have one."""
        if arrival.address.unsigned:
            return None
        if not self._secrets:
            raise Refused(
                503, "no client secret", "This ingress has no client secret to verify with."
            )
        return flaw(request.headers.getall(HEADER, ()), arrival.body, self._secrets)

    async def _stored(self, arrival: Arrival, deadline: float) -> str:
        try:
            return await self.intake.put(arrival, deadline)
        except (DatabaseAway, TimeoutError, Busy) as error:
            raise away() from error


def _ids() -> Iterator[str]:
    """Make event ids: they sort by time, and no 65,536 of a process in one ms are alike.

    Each stands in Redis six times, so it is written in 20 characters: base 32 sorts as bytes do.
    """
    process = os.urandom(4)
    for count in itertools.count():
        row = now_ms().to_bytes(6) + (count & 0xFFFF).to_bytes(2) + process
        yield base64.b32hexencode(row).decode()[:_ID_CHARACTERS].lower()


def _kind(request: web.Request) -> str:
    return _clean(request.headers.get(hdrs.CONTENT_TYPE, ""), _LONGEST_CONTENT_TYPE)


def _declared(request: web.Request) -> str:
    return _clean(request.match_info.get("event_type", ""), _LONGEST_TYPE)


def _clean(text: str, longest: int) -> str:
    """Cut a sender's text, and make it text that can be written down."""
    return text[:longest].encode(errors="backslashreplace").decode()


def _check_request(request: web.Request, most_bytes: int) -> None:
    """Refuse what needs no look at the body."""
    if request.method != hdrs.METH_POST:
        raise Refused(405, "method", "Webhooks are delivered by POST.")
    if hdrs.CONTENT_ENCODING in request.headers:
        raise Refused(415, "content encoding", "Send the body without a Content-Encoding.")
    if (request.content_length or 0) > most_bytes:
        raise too_large(most_bytes)


def _acknowledged(event_id: str, *, repeat: bool) -> web.Response:
    body = f'{{"event_id":"{event_id}","repeat":{"true" if repeat else "false"}}}'
    return web.Response(body=body.encode(), content_type="application/json")
