"""One call on the wire, over all its tries: what may do harm twice is sent once."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import aiohttp
import structlog
from aiohttp import hdrs
from aiohttp.connector import Connection
from msgspec import Struct
from yarl import URL

from actions.action import Action, Request
from actions.answers import limited, refusal, wait
from actions.errors import (
    ConnectionFailed,
    LightspeedError,
    OutcomeUnknown,
    ServerError,
    Unauthorized,
)
from actions.grants import Grant
from actions.leave import Leave
from actions.permit import Permit
from actions.tokens import Tokens

_SECONDS: Final = 30.0
_CONNECT_SECONDS: Final = 5.0
_CONNECTIONS: Final = 100
_PAUSES: Final = (0.25, 0.75, 2.0)
"""Seconds between tries, and up to half as much again."""
_OK: Final = int(HTTPStatus.OK)  # numbers: to look a member up at every call costs 3 % of it
_REDIRECT: Final = int(HTTPStatus.MULTIPLE_CHOICES)
_UNAUTHORIZED: Final = int(HTTPStatus.UNAUTHORIZED)
_TOO_MANY: Final = int(HTTPStatus.TOO_MANY_REQUESTS)
_OUTAGE: Final = int(HTTPStatus.INTERNAL_SERVER_ERROR)


class Answer(Struct, frozen=True):
    """What came back, read whole."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Sending(Struct, frozen=True):
    """One call under way."""

    action: Action[Any]
    retailer: str
    request: Request
    url: URL
    log: structlog.typing.FilteringBoundLogger
    leave: Leave
    """Where permits come from."""

    @property
    def name(self) -> str:
        """The action's name."""
        return self.action.operation.name

    async def answered(
        self,
        session: aiohttp.ClientSession,
        tokens: Tokens,
        grant: Grant,
        permit: Permit | None = None,
    ) -> bytes:
        """Send until there is a 2xx; return its body. A permit that is given is used up.

        Raises:
            LightspeedError: one of its kinds.
            NeedsRelink, TokensUnanswered, TokensLater: 401, and there is no newer token.
        """
        lost = renewed = False
        pauses = iter(_PAUSES)
        while True:
            permit = permit or await self.leave.take(self.name)
            tried, permit = await self._tried(session, grant, permit), None
            if isinstance(tried, LightspeedError):
                pause = next(pauses, None)
                if pause is None or isinstance(tried, OutcomeUnknown):
                    raise tried
                lost = lost or not (isinstance(tried, ConnectionFailed) and tried.unsent)
                await asyncio.sleep(pause * (1 + random.random() / 2))  # noqa: S311 - no secret
            elif tried.status == _TOO_MANY and self.leave.is_metered:
                continue  # nothing was done: the next permit comes when the gate opens, or never
            elif tried.status != _UNAUTHORIZED:
                return self._heeded(tried, lost=lost)
            elif renewed:
                said = f"the token is not accepted: run `backroom connect {self.retailer}` again."
                raise Unauthorized(self.name, self.retailer, said)
            else:
                grant, renewed = await tokens.after_refusal(grant), True

    async def _tried(
        self, session: aiohttp.ClientSession, grant: Grant, permit: Permit
    ) -> Answer | LightspeedError:
        """Send once; return an answer to heed, or what went wrong."""
        began = time.perf_counter()
        try:
            answer = await self._sent(session, grant)
        except aiohttp.ClientConnectorError as error:
            permit.failed()
            os_error = error.os_error
            return self._unreached(os_error.strerror or type(os_error).__name__)
        except aiohttp.ConnectionTimeoutError:
            permit.failed()
            return self._unreached("it took too long")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            permit.failed()
            return self._broken_off(error)
        except BaseException:
            permit.abandoned()
            raise
        if self.log.is_enabled_for(logging.DEBUG):
            self._note(answer, time.perf_counter() - began)
        if answer.status >= _OUTAGE:
            permit.failed()
            return self._outage(answer.status)
        if answer.status == _TOO_MANY:
            permit.refused(answer.headers, wait(answer.headers))
        else:
            permit.answered(answer.headers)
        return answer

    async def _sent(self, session: aiohttp.ClientSession, grant: Grant) -> Answer:
        headers = {hdrs.AUTHORIZATION: f"Bearer {grant.pair.access.reveal()}"}
        if self.request.body is not None:
            headers[hdrs.CONTENT_TYPE] = "application/json"
        response = await session.request(
            self.request.verb,
            self.url,
            data=self.request.body,
            headers=headers,
            allow_redirects=False,
        )
        return Answer(response.status, await response.read(), response.headers)

    def _note(self, answer: Answer, took: float) -> None:
        self.log.debug(
            "action.called",
            action=self.name,
            retailer=self.retailer,
            status=answer.status,
            took=round(took, 6),
            request_id=answer.headers.get("X-Request-Id", ""),
        )

    def _heeded(self, answer: Answer, *, lost: bool) -> bytes:
        """Return the body of a 2xx. The status alone decides."""
        if _OK <= answer.status < _REDIRECT:
            return answer.body
        if answer.status == _TOO_MANY:
            raise limited(self.action, self.retailer, wait(answer.headers))
        if lost and self.request.verb == "DELETE" and answer.status == HTTPStatus.NOT_FOUND:
            return b""  # an earlier try had done it
        raise refusal(self.action, self.retailer, answer.status, answer.body)

    def _unreached(self, why: str) -> LightspeedError:
        said = f"{self.url.raw_host} cannot be reached ({why}); nothing was sent. Try again later."
        return ConnectionFailed(self.name, self.retailer, said, unsent=True)

    def _broken_off(self, error: Exception) -> LightspeedError:
        if self.action.operation.repeatable:
            said = f"{self.url.raw_host} gave no answer ({type(error).__name__}). Try again later."
            return ConnectionFailed(self.name, self.retailer, said)
        return self._unknown(f"the connection broke ({type(error).__name__})")

    def _outage(self, status: int) -> LightspeedError:
        operation = self.action.operation
        is_undone = status == HTTPStatus.SERVICE_UNAVAILABLE and not operation.is_exact
        if operation.repeatable or is_undone:
            said = f"Lightspeed answered {status}. Try again later."
            return ServerError(self.name, self.retailer, said)
        return self._unknown(f"Lightspeed answered {status}")

    def _unknown(self, what: str) -> OutcomeUnknown:
        said = f"{what}, so it may have been done or not: look before you send it again."
        return OutcomeUnknown(self.name, self.retailer, said)


class _Once(aiohttp.ClientResponse):
    """An answer whose request leaves once. By itself aiohttp sends GET, PUT and DELETE again."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Await the answer; pass on as lost what aiohttp would answer with a second request."""
        try:
            return await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise aiohttp.ClientConnectionError(type(error).__name__) from error


@asynccontextmanager
async def open_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open the connections of a process: bounded, with time limits, saying who we are."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
        timeout=aiohttp.ClientTimeout(total=_SECONDS, sock_connect=_CONNECT_SECONDS),
        headers={hdrs.USER_AGENT: f"Backroom/{version('backroom')}"},  # vendor: User Agent
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=_Once,
    ) as session:
        yield session
