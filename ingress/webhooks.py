"""The way in for deliveries: read, verify, store, acknowledge. Nothing is decoded here."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Sequence

import msgspec
import structlog
from aiohttp import hdrs, web

from actions.connections import Address, address
from actions.database import Database
from actions.errors import DatabaseAway
from actions.vault import Vault
from ingress.intake import Busy, Intake
from ingress.signatures import HEADER, Flaw, flaw
from workers.deliveries import Delivery, keep
from workers.inbox import Arrival, now_ms
from workers.queue import DISPATCH, job

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

ANSWER_SECONDS = 1.8
"""Time for Redis to take a delivery; the vendor waits 5 s in all (vendor: Webhooks)."""
READ_SECONDS = 10.0
RETRY_AFTER = "30"
_LONGEST_TYPE = 64
_LONGEST_CONTENT_TYPE = 128

_FLAWS: dict[Flaw, str] = {
    "missing": "The X-Signature header is missing.",
    "malformed": "The X-Signature header is malformed: signature=…,algorithm=HMAC-SHA256.",
    "algorithm": "The signature's algorithm must be HMAC-SHA256.",
    "wrong": "The signature does not fit the body.",
}


class Refused(Exception):
    """A delivery that is not taken: the status, the reason to count, and a sentence."""

    def __init__(self, status: int, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason
        self.sentence = sentence


class Door:
    """What the webhook route needs, and the addresses that it has seen."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        vault: Vault,
        client_secrets: Sequence[bytes],
        most_bytes: int,
    ) -> None:
        self.intake = intake
        self._database = database
        self._vault = vault
        self._secrets = tuple(client_secrets)
        self._most_bytes = most_bytes
        self._known: dict[str, Address] = {}

    async def receive(self, request: web.Request) -> web.Response:
        """Take one delivery: `POST /webhooks/{key}` or `POST /webhooks/{key}/{event_type}`."""
        began = time.perf_counter()
        declared = request.match_info.get("event_type", "")[:_LONGEST_TYPE]
        facts: dict[str, object] = {"event_type": declared}
        try:
            response = await self._taken(request, declared, facts)
        except Refused as refused:
            self.intake.count(f"refused {refused.reason}")
            facts["reason"] = refused.reason
            response = _refusal(refused)
        log.info(
            str(facts.pop("outcome", "delivery.refused")),
            status=response.status,
            took=round(time.perf_counter() - began, 6),
            **facts,
        )
        return response

    async def _taken(
        self, request: web.Request, declared: str, facts: dict[str, object]
    ) -> web.Response:
        _check_request(request, self._most_bytes)
        key = request.match_info["key"]
        deadline = _now() + ANSWER_SECONDS
        known = await self._address(key, deadline)
        left = deadline - _now()
        body = await self._body(request)
        deadline = _now() + left  # the sender's own time is not Redis'
        event_id = f"{now_ms():012x}{secrets.token_hex(6)}"
        content_type = request.headers.get(hdrs.CONTENT_TYPE, "")[:_LONGEST_CONTENT_TYPE]
        while True:
            facts["retailer"] = known.retailer
            signed = self._verified(request, body, known)
            delivery = Delivery(
                known.retailer,
                declared,
                now_ms(),
                signed,
                content_type,
                self._vault.seal(body, event_id),
            )
            stored = await self._stored(known, event_id, body, delivery, deadline)
            if stored:
                break
            # The key was revoked or marked anew since we learnt of it.
            self._known.pop(key, None)
            known = await self._address(key, deadline)
        repeat = stored != event_id
        facts |= {
            "outcome": "delivery.repeated" if repeat else "delivery.stored",
            "event_id": stored,
            "bytes": len(body),
        }
        return _acknowledged(stored, repeat=repeat)

    async def _address(self, key: str, deadline: float) -> Address:
        known = self._known.get(key)
        if known is None:
            try:
                async with asyncio.timeout_at(deadline):
                    known = await address(self._database, key)
            except (DatabaseAway, TimeoutError) as error:
                raise _away() from error
            if known is None:
                raise Refused(404, "unknown key", "No connection has this webhook key.")
            self._known[key] = known
        return known

    async def _body(self, request: web.Request) -> bytes:
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise _too_large(self._most_bytes) from error
        except TimeoutError as error:
            raise Refused(408, "slow body", "The body did not arrive in time.") from error

    def _verified(self, request: web.Request, body: bytes, known: Address) -> bool:
        """Say whether the delivery is signed; one that must be and is not is refused."""
        if known.unsigned:
            return False
        if not self._secrets:
            raise Refused(
                503, "no client secret", "This ingress has no client secret to verify with."
            )
        found = flaw(request.headers.getall(HEADER, ()), body, self._secrets)
        if found:
            raise Refused(401, f"signature {found}", _FLAWS[found])
        return True

    async def _stored(
        self, known: Address, event_id: str, body: bytes, delivery: Delivery, deadline: float
    ) -> str:
        arrival = Arrival(
            known.digest,
            known.owner,
            hashlib.blake2b(body, digest_size=16, key=known.digest).digest(),
            event_id,
            keep(delivery),
            job(DISPATCH, event_id),
        )
        try:
            async with asyncio.timeout_at(deadline):
                return await self.intake.put(arrival)
        except (DatabaseAway, TimeoutError, Busy) as error:
            raise _away() from error


def _now() -> float:
    return asyncio.get_running_loop().time()


def _check_request(request: web.Request, most_bytes: int) -> None:
    """Refuse what needs no look at the body."""
    if request.method != hdrs.METH_POST:
        raise Refused(405, "method", "Webhooks are delivered by POST.")
    if hdrs.CONTENT_ENCODING in request.headers:
        raise Refused(415, "content encoding", "Send the body without a Content-Encoding.")
    if (request.content_length or 0) > most_bytes:
        raise _too_large(most_bytes)


def _too_large(most_bytes: int) -> Refused:
    return Refused(413, "too large", f"A delivery may hold {most_bytes} bytes at most.")


def _away() -> Refused:
    return Refused(503, "redis away", "The delivery could not be stored: send it again.")


def _refusal(refused: Refused) -> web.Response:
    response = web.Response(status=refused.status, text=refused.sentence + "\n")
    if refused.status == web.HTTPServiceUnavailable.status_code:
        response.headers[hdrs.RETRY_AFTER] = RETRY_AFTER
    elif refused.status == web.HTTPMethodNotAllowed.status_code:
        response.headers[hdrs.ALLOW] = hdrs.METH_POST
    if refused.status in {408, 413}:
        response.force_close()  # what is left of the body is not worth reading
    return response


def _acknowledged(event_id: str, *, repeat: bool) -> web.Response:
    body = msgspec.json.encode({"event_id": event_id, "repeat": repeat})
    return web.Response(body=body, content_type="application/json")
