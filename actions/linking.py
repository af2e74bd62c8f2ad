"""Linking a retailer with OAuth: from our link to its consent and back, with tokens to keep."""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from actions.connections import Connection, Connections, domain_prefix
from actions.database import Database
from actions.errors import BackroomError, CannotOpen
from actions.grants import Grants
from actions.oauth import OAuth
from actions.vault import Vault
from actions.vendor import AUTHORIZE_URL

STATE_SECONDS: Final = 600
"""A consent code lives as long (vendor: Authorization)."""
_BOUND: Final = "oauth state"
_SPENT: Final = "backroom:spent-state:{}"


class Declined(BackroomError):
    """The retailer has not consented."""


class BadState(BackroomError):
    """Whoever comes back is not known to have left from here, or it is too long ago."""


class NotAllGranted(BackroomError):
    """The retailer has consented to less than was asked for."""


class NotThisRetailer(BackroomError):
    """Whoever asked for the link may not have this retailer linked."""


class Departure(Struct, frozen=True):
    """Somebody on the way to the consent page."""

    url: str
    """Where to go."""
    cookie: str
    """What the browser must bring back; it is of no use to anyone else."""


class Arrival(Struct, frozen=True):
    """A retailer that is linked now."""

    connection: Connection
    was_unsigned: bool
    """It was linked before, when its webhooks were not signed."""
    all_events: bool = False
    """The link was opened for every type of event."""


class _State(Struct, array_like=True):
    expires: int
    cookie: bytes
    all_events: bool = False


class Linking:
    """Links retailers to one application.

    The state is sealed and travels with the browser, so that nothing is kept for those who never
    come back; that it has been used is kept until it is over.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        oauth: OAuth,
        authorize_url: str = AUTHORIZE_URL,
    ) -> None:
        self._database = database
        self._vault = vault
        self._oauth = oauth
        self._authorize_url = authorize_url

    def depart(self, *, all_events: bool = False) -> Departure:
        """Begin: send somebody to the consent page, maybe for every type of event."""
        cookie = secrets.token_urlsafe(24)
        state = _State(int(time.time()) + STATE_SECONDS, _digest(cookie), all_events)
        sealed = self._vault.seal(msgspec.msgpack.encode(state), _BOUND)
        text = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        return Departure(self._oauth.link(text, self._authorize_url), cookie)

    async def arrive(
        self, query: Mapping[str, str], cookie: str, only: Collection[str] = ()
    ) -> Arrival:
        """End: turn what the consent page sent back into a linked retailer.

        `only` these may be linked, where there are any.

        Raises:
            Declined, BadState, BadDomainPrefix, NotThisRetailer: it comes to nothing; nothing was
                sent.
            NotAllGranted: it comes to nothing either: a scope lacks, and nothing is kept.
            TokensRefused, TokensUnanswered, TokensLater: Lightspeed gave no tokens.
        """
        if query.get("error"):
            raise Declined("The retailer has declined, so nothing was linked.")
        state = await self._check(query.get("state", ""), cookie)
        retailer = domain_prefix(query.get("domain_prefix", ""))
        if only and retailer not in only:
            raise NotThisRetailer(f"This link is not for {retailer}: choose the right store.")
        pair = await self._oauth.exchange(retailer, query.get("code", ""))
        self._check_scopes(retailer, pair.scopes)
        connections = Connections(self._database, self._vault)
        was_unsigned = await connections.is_unsigned(retailer)
        await Grants(self._database, self._vault).keep(retailer, pair)
        linked = await connections.link(retailer, unsigned=False)
        return Arrival(linked, was_unsigned, state.all_events)

    def _check_scopes(self, retailer: str, granted: Collection[str] | None) -> None:
        lacking = () if granted is None else set(self._oauth.application.scopes) - set(granted)
        if lacking:
            raise NotAllGranted(
                f"{retailer} has not granted {', '.join(sorted(lacking))}, so nothing was linked: "
                "see that the application has declared it, and begin again."
            )

    async def _check(self, text: str, cookie: str) -> _State:
        try:
            sealed = base64.urlsafe_b64decode(text.encode() + b"==")  # more of it is ignored
            state = msgspec.msgpack.decode(self._vault.open(sealed, _BOUND), type=_State)
        except (CannotOpen, msgspec.MsgspecError, binascii.Error, ValueError):
            state = None
        ours = state is not None and hmac.compare_digest(state.cookie, _digest(cookie))
        if state is None or not ours or state.expires < time.time():
            raise BadState(
                "This link was not begun in this browser within the last ten minutes: begin again."
            )
        spent = _SPENT.format(state.cookie.hex())  # base64 can be written in several ways
        if not await self._database.do("SET", spent, 1, "NX", "EX", STATE_SECONDS):
            raise BadState("This link has been used already: begin again.")
        return state


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="backslashreplace")).digest()
