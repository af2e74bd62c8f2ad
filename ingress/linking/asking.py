"""`POST /connect_sessions`: an application asks for a one-time URL."""

from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from actions.errors import WrongSetting
from actions.resources.webhooks import CreateWebhook
from ingress.api.gate import Caller, body_of
from ingress.api.problems import Problem
from ingress.linking.returning import LONGEST, BadReturn, checked
from ingress.linking.sessions import LinkSession, LinkSessions
from ingress.reach import Reach

_MOST_BYTES: Final = 16_384


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """The call's body."""

    return_url: Annotated[str, Meta(max_length=LONGEST)]
    reference: Annotated[str, Meta(max_length=200)] | None = None
    """Comes back with the browser."""


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
        try:
            self._reach.lightspeed.consent()
            asked = msgspec.json.decode(await body_of(request, _MOST_BYTES), type=Asked)
            url = checked(asked.return_url, self._reach.settings.return_urls)
        except WrongSetting as wrong:
            raise Problem(503, str(wrong)) from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Problem(400, f"The body is no link session: {error}.") from None
        except BadReturn as bad:
            raise Problem(422, str(bad)) from None
        session = LinkSession(
            return_url=url,
            reference=asked.reference,
            retailers=(caller.retailer,) if caller.retailer else caller.key.retailers,
            key=caller.key.name,
            key_created_at=caller.key.created_at,
        )
        token, expires_at = await self._sessions.create(session)
        told = {"url": f"{self._reach.settings.base_url}/connect/{token}", "expires_at": expires_at}
        return web.Response(
            status=201,
            body=msgspec.json.encode(told),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )
