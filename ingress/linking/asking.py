"""`POST /connect_sessions`: an application asks for a one-time URL."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from actions.errors import WrongSetting
from actions.resources.webhooks import CreateWebhook
from ingress.api.asking import asked
from ingress.api.gate import Caller, body_of
from ingress.api.problems import Problem
from ingress.declaring import ACCOUNT, Declared, Given
from ingress.linking.returning import LONGEST, BadReturn, checked
from ingress.linking.sessions import LinkSession, LinkSessions
from ingress.reach import Reach

_MOST_BYTES: Final = 16_384


class ConnectSession(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the browser is to come back to."""

    return_url: Annotated[str, Meta(max_length=LONGEST)]
    """Its origin and the beginning of its path are among RETURN_URLS."""
    reference: Annotated[str, Meta(max_length=200)] | None = None
    """Comes back with the browser."""


class ConnectUrl(Struct, frozen=True):
    """Where the browser is to go, once."""

    url: str
    expires_at: datetime


DECLARED: Final = Declared(
    verb="post",
    path="/connect_sessions",
    group="linking",
    title="Ask for a one-time URL by which a user links a store",
    said="The browser comes back to the return URL with `status` (`linked` or `refused`), "
    "`retailer` and `reference`. A key for certain retailers, or the header, lets these alone be "
    "linked; the key must be one that may run CreateWebhook.",
    asks=(ACCOUNT,),
    takes=ConnectSession,
    gives={201: Given("The URL; it can be opened for half an hour.", ConnectUrl)},
    fails=(403, 408, 413, 415, 422),
)


class Asking:
    """The route."""

    def __init__(self, reach: Reach, sessions: LinkSessions) -> None:
        self._reach = reach
        self._sessions = sessions

    async def create(self, request: web.Request, caller: Caller) -> web.Response:
        """Make a link session for one who may.

        A key for certain retailers makes sessions for these alone: who is linked shows only when
        the browser comes back, and is checked then.
        """
        if not caller.key.may(CreateWebhook):
            raise Problem(403, "This key may not run CreateWebhook, and so link no retailer.")
        asked(request, ())
        try:
            self._reach.lightspeed.consent()
            given = msgspec.json.decode(await body_of(request, _MOST_BYTES), type=ConnectSession)
            url = checked(given.return_url, self._reach.settings.return_urls)
        except WrongSetting as wrong:
            raise Problem(503, str(wrong)) from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Problem(400, f"The body is no link session: {error}.") from None
        except BadReturn as bad:
            raise Problem(422, str(bad)) from None
        session = LinkSession(
            return_url=url,
            reference=given.reference,
            retailers=(caller.retailer,) if caller.retailer else caller.key.retailers,
            key=caller.key.name,
            key_created_at=caller.key.created_at,
        )
        token, expires_at = await self._sessions.create(session)
        told = ConnectUrl(f"{self._reach.settings.base_url}/connect/{token}", expires_at)
        return web.Response(
            status=201,
            body=msgspec.json.encode(told),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )
