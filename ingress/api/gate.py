"""Who comes in: every call of the API brings a key, and every error leaves as problem details."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import structlog
from aiohttp import hdrs, web
from msgspec import Struct

from actions.connections import BadDomainPrefix, domain_prefix
from actions.database import Database
from actions.errors import BackroomError
from ingress.api.keys import ApiKey, ApiKeys, NotAdmitted
from ingress.api.problems import Problem, answered

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

ACCOUNT: Final = "x-account-id"
"""The header that names a retailer: its domain prefix."""
_BODY_SECONDS: Final = 10.0


class Caller(Struct, frozen=True):
    """Who calls, and for which retailer; None where the call names none."""

    key: ApiKey
    retailer: str | None = None

    def store(self) -> str:
        """Return the retailer whose store is meant.

        Raises:
            Problem: none is named, and the key is not for exactly one.
        """
        if self.retailer is not None:
            return self.retailer
        if len(self.key.retailers) == 1:
            return self.key.retailers[0]
        raise Problem(400, f"Whose store? Name its retailer in the header {ACCOUNT}.")


Handler: TypeAlias = Callable[[web.Request, Caller], Awaitable[web.StreamResponse]]
Guarded: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def absent(retailer: str) -> Problem:
    """Return what is said of a retailer that is not linked, and of one that is not the key's."""
    return Problem(404, f"No retailer {retailer[:63]!r} is linked here for this key.")


class Gate:
    """Lets calls in by their key."""

    def __init__(self, database: Database) -> None:
        self._keys = ApiKeys(database)

    def guarded(self, handler: Handler) -> Guarded:
        """Return a handler that is called only with a key, and whose errors are told in words."""

        async def called(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request, await self.admitted(request))
            except BackroomError as error:
                return answered(error)
            except web.HTTPException as error:
                return answered(Problem(error.status, error.reason))
            except Exception:
                log.exception("api.failed", path=request.path)
                return answered(Problem(500, "This is a mistake of ours; its log has the cause."))

        return called

    async def admitted(self, request: web.Request) -> Caller:
        """Return who calls.

        Raises:
            NotAdmitted, TooMany: nobody who may.
            Problem: the retailer is not the key's.
        """
        key = await self._keys.admit(_given(request))
        named = request.headers.get(ACCOUNT)
        return Caller(key) if named is None else calling(key, named)


def calling(key: ApiKey, named: str) -> Caller:
    """Return who calls, for the retailer that is named.

    Raises:
        Problem: the retailer is not the key's.
    """
    try:
        retailer = domain_prefix(named)
    except BadDomainPrefix:
        raise absent(named) from None
    if not key.reaches(retailer):
        raise absent(named)
    return Caller(key, retailer)


async def body_of(request: web.Request, most: int) -> bytes:
    """Return a call's body.

    Raises:
        Problem: it is too long, too slow, or packed.
    """
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity") != "identity":
        raise Problem(415, "Send the body unpacked: no Content-Encoding is taken here.")
    parts = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.content.iter_any():
                parts += part
                if len(parts) > most:
                    raise Problem(413, f"A body may hold {most:,} bytes at most.")
    except TimeoutError:
        raise Problem(408, f"The body did not arrive within {_BODY_SECONDS:g} s.") from None
    except ConnectionError:  # no mistake of ours: the client left before its body was here
        raise Problem(400, "The body did not arrive whole.") from None
    return bytes(parts)


def _given(request: web.Request) -> str:
    """Return the key that a call brings: as a Bearer token, or as the user of Basic."""
    kind, _, rest = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() != "basic":
        raise NotAdmitted("This needs an API key: as a Bearer token, or as the user of Basic.")
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        raise NotAdmitted("The Authorization header cannot be read.") from None
