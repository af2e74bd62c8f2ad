"""OAuth 2.0 with Lightspeed: the link to consent, the token endpoint (vendor: Authorization)."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlencode

import aiohttp
import msgspec
from msgspec import Struct
from yarl import URL

from actions import waits
from actions.answers import moment_of
from actions.budget import TOKENS, Budget
from actions.connections import domain_prefix
from actions.errors import BackroomError, RateLimited, TryLater
from actions.grants import Pair
from actions.leave import Leave
from actions.permit import Permit
from actions.secret import Secret
from actions.vendor import AUTHORIZE_URL, ORIGIN

_SECONDS: Final = 10.0
"""For one token request; a turn to refresh lasts longer."""
_CONNECT_SECONDS: Final = 5.0
"""Of those to get a connection: in them nothing has been sent."""
_PATIENCE_SECONDS: Final = 2.0
"""To wait for leave to ask: it is part of a turn to refresh."""
_SHOWN: Final = 100
_MINUTE: Final = 60.0
_REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED})
_OURS: Final = frozenset({"invalid_client", "unauthorized_client"})
"""Errors that say something about the application and nothing about a grant (RFC 6749, 5.2)."""


class ApplicationRefused(BackroomError):
    """The application's id or secret is not accepted; what retailers have granted goes on."""

    exit_code = 2


class TokensRefused(BackroomError):
    """The token endpoint says no for good: a spent or revoked token, a code that is over."""


class TokensUnanswered(BackroomError):
    """The token endpoint did not answer, or with 5xx. If `sent`, it may have done it."""

    exit_code = 3

    def __init__(self, said: str, *, sent: bool) -> None:
        super().__init__(said)
        self.sent = sent


class TokensLater(BackroomError):
    """The token endpoint's own limit is reached. Wait for `retry_after` seconds."""

    exit_code = 4

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Lightspeed gives no tokens for {waits.until_anywhere(retry_after)}.")
        self.retry_after = retry_after


class Application(Struct, frozen=True, kw_only=True):
    """The application as registered at the developer portal."""

    client_id: str
    client_secret: Secret
    redirect_uri: str
    scopes: tuple[str, ...]


class _Answer(Struct):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    refresh_token: str = ""
    expires_in: float | None = None
    scope: str = ""


def host(origin: str, retailer: str) -> str:
    """Return a store's address. The client secret travels there, so the name is checked.

    Raises:
        BadDomainPrefix: it is anything but one DNS label.
    """
    return origin.replace("{domain_prefix}", domain_prefix(retailer))


class OAuth:
    """One application's way to tokens."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        application: Application,
        origin: str = ORIGIN,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget
        self.application = application
        self._session = session
        self._origin = origin

    def link(self, state: str, authorize_url: str = AUTHORIZE_URL) -> str:
        """Return where a retailer consents; it comes back with a code and this `state`."""
        asked = {
            "response_type": "code",
            "client_id": self.application.client_id,
            "redirect_uri": self.application.redirect_uri,
            "state": state,
            "scope": " ".join(self.application.scopes),
        }
        return f"{authorize_url}?{urlencode(asked)}"

    async def exchange(self, retailer: str, code: str) -> Pair:
        """Turn a consent code, which is 10 minutes old at most and works once, into tokens.

        Raises:
            BadDomainPrefix, ApplicationRefused, TokensRefused, TokensUnanswered, TokensLater: no
                tokens.
        """
        uri = self.application.redirect_uri
        return await self._asked(
            retailer, grant_type="authorization_code", code=code, redirect_uri=uri
        )

    async def refresh(self, retailer: str, refresh_token: Secret) -> Pair:
        """Turn a refresh token into a new pair; the old pair ends at once, both of it.

        Raises:
            ApplicationRefused, TokensRefused, TokensUnanswered, TokensLater: no tokens.
        """
        token = refresh_token.reveal()
        return await self._asked(retailer, grant_type="refresh_token", refresh_token=token)

    async def _asked(self, retailer: str, **form: str) -> Pair:
        form |= {
            "client_id": self.application.client_id,
            "client_secret": self.application.client_secret.reveal(),
        }
        url = URL(f"{host(self._origin, retailer)}/api/1.0/token", encoded=True)
        permit = await self._permit()
        try:
            async with self._session.post(
                url,
                data=form,
                timeout=aiohttp.ClientTimeout(total=_SECONDS, connect=_CONNECT_SECONDS),
                allow_redirects=False,  # the form holds the client secret
            ) as answer:
                body = await answer.read()
                status, headers = answer.status, answer.headers
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            permit.failed()
            raise TokensUnanswered(f"Nothing answers at {url.raw_host}.", sent=False) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            permit.failed()
            raise TokensUnanswered(
                f"{url.raw_host} broke off before it gave tokens.", sent=True
            ) from error
        except BaseException:
            permit.abandoned()
            raise
        _settle(permit, status, headers)
        return _read(status, body, headers)

    async def _permit(self) -> Permit:
        """Return leave to ask for tokens, which has a limit of its own.

        Raises:
            TokensLater: not now.
        """
        leave = Leave(self._budget, TOKENS, until=time.monotonic() + _PATIENCE_SECONDS)
        try:
            return await leave.take("Tokens")
        except (RateLimited, TryLater) as error:
            raise TokensLater(error.retry_after) from None


def _settle(permit: Permit, status: int, headers: Mapping[str, str]) -> None:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        permit.refused(headers, _left(headers))
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        permit.failed()
    else:
        permit.answered(headers)


def _read(status: int, body: bytes, headers: Mapping[str, str]) -> Pair:
    """Read an answer of the token endpoint; the status decides."""
    if status == HTTPStatus.OK:
        try:
            answer = msgspec.json.decode(body, type=_Answer, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            answer = None
        if answer is None:
            raise TokensUnanswered("Lightspeed gave tokens that cannot be read.", sent=True)
        return _pair(answer)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise TokensLater(_left(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TokensUnanswered(f"Lightspeed's token endpoint answered {status}.", sent=True)
    error, words = _words(body)
    if status not in _REFUSALS or not error:  # a proxy's, a page's: no word on the grant
        raise TokensUnanswered(f"Lightspeed's token endpoint answered {status}.", sent=False)
    if error in _OURS:
        raise ApplicationRefused(
            f"Lightspeed does not accept LIGHTSPEED_CLIENT_ID and LIGHTSPEED_CLIENT_SECRET: {words}"
        )
    raise TokensRefused(f"Lightspeed refuses tokens ({status}): {words}")


def _pair(answer: _Answer) -> Pair:
    lasts = 86_400.0 if answer.expires_in is None else answer.expires_in
    return Pair(
        access=Secret(answer.access_token),
        refresh=Secret(answer.refresh_token),
        # By our own clock: theirs may differ from it, and only ours tells us when.
        expires_at=time.time() + lasts,
        lasts=lasts,
        scopes=frozenset(answer.scope.split()) or None,
    )


def _left(headers: Mapping[str, str]) -> float:
    """Return the seconds until a reset, which is given in seconds since 1970."""
    said = moment_of(headers.get("Date", ""))  # by the answer's own clock: ours may be wrong
    now = time.time() if said is None else said.timestamp()
    try:
        reset = float(headers.get("X-RateLimit-Reset", ""))
        return min(10 * _MINUTE, max(1.0, reset - now))  # in this order for nan
    except ValueError:
        return _MINUTE


def _words(body: bytes) -> tuple[str, str]:
    """Return a refusal's error and what to say of it."""
    try:
        plain = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "", ""
    error = str(plain.get("error") or "")
    return error, str(plain.get("error_description") or error)[:_SHOWN]
