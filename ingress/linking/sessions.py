"""Link sessions: one-time URLs by which an application lets a user of its own link a store."""

import hashlib
import re
import secrets
import time
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from actions.database import Database, Script
from actions.errors import BackroomError, CannotOpen
from actions.linking import STATE_SECONDS
from actions.vault import Vault
from ingress.api.keys import ApiKey, ApiKeys

SECONDS: Final = 1800
"""So long the URL can be opened."""
_BOUND: Final = "link session"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32}")
_WAITING: Final = "backroom:link-session:{}"
_UNDERWAY: Final = "backroom:link-departure:{}"
_DEPART: Final = Script.load("ingress.scripts", "depart")


class Over(BackroomError):
    """The session was used, or has ended, or there never was one."""


class LinkSession(Struct, frozen=True, kw_only=True):
    """What an application has asked for."""

    return_url: str
    reference: str | None = None
    retailers: tuple[str, ...] = ()
    """Who may be linked by it; none are all."""
    key: str
    """The name of the API key that asked."""
    key_created_at: datetime


class LinkSessions:
    """Every link session that is not over. Redis holds digests of tokens, and the rest sealed."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._keys = ApiKeys(database)

    async def create(self, session: LinkSession) -> tuple[str, datetime]:
        """Keep a session; return its token and when it ends."""
        token = secrets.token_urlsafe(24)
        sealed = self._vault.seal(msgspec.msgpack.encode(session), _BOUND)
        await self._database.do("SET", _WAITING.format(_digest(token)), sealed, "EX", SECONDS)
        return token, datetime.fromtimestamp(int(time.time()) + SECONDS, UTC)

    async def depart(self, token: str, cookie: str) -> None:
        """Let the browser with this cookie go with a session, which nobody can open again.

        Raises:
            Over: there is none of that token.
        """
        if not _TOKEN.fullmatch(token):
            raise Over(_GONE)
        names = [_WAITING.format(_digest(token)), _UNDERWAY.format(_digest(cookie))]
        await self._opened(await self._database.run(_DEPART, names, [STATE_SECONDS]))

    async def underway(self, cookie: str) -> LinkSession | None:
        """Return the session that a browser comes back with, if it left with one.

        Raises:
            Over: the key that asked for it was revoked or has expired since.
        """
        kept = await self._database.do("GET", _UNDERWAY.format(_digest(cookie)))
        return None if kept is None else await self._opened(kept)

    async def _opened(self, kept: bytes | None) -> LinkSession:
        if kept is None:
            raise Over(_GONE)
        try:
            plain = self._vault.open(kept, _BOUND)
            session = msgspec.msgpack.decode(plain, type=LinkSession)
        except (CannotOpen, msgspec.MsgspecError):
            raise Over(_GONE) from None
        if not any(_is_of(one.key, session) for one in await self._keys.all()):
            raise Over(_GONE)
        return session


_GONE: Final = (
    "This link has been used already, or is older than half an hour: "
    "go back to where you got it and ask for another."
)


def _is_of(key: ApiKey, session: LinkSession) -> bool:
    """Whether it is the key that asked for a session, and still good."""
    is_over = key.expires_at is not None and key.expires_at.timestamp() <= time.time()
    return (key.name, key.created_at) == (session.key, session.key_created_at) and not is_over


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()
