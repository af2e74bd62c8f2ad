"""API keys: shown once, hashed at rest, each for some retailers and some actions."""

import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec
from msgspec import Struct

from actions.action import Action
from actions.connections import domain_prefix
from actions.database import Database, Script
from actions.errors import BackroomError
from actions.secret import Secret

KEYS: Final = "backroom:api-keys"
"""Hash: what is known of each key, by its digest."""
USED: Final = "backroom:api-keys:used"
"""Hash: when each key was used last, to the minute, in seconds since 1970."""
A_MINUTE: Final = 600
"""Calls that a key may make in a minute, unless it was made with another number."""
_PREFIX: Final = "bk_"
_SHAPE: Final = re.compile(r"bk_[A-Za-z0-9_-]{43}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_SHOWN: Final = 8
_ADMIT: Final = Script.load("ingress.scripts", "admit")


class BadKey(BackroomError):
    """A key cannot be made or taken away like that."""

    exit_code = 2


class NotAdmitted(BackroomError):
    """There is no such key, or it is over."""


class TooMany(BackroomError):
    """The key has made too many calls in this minute."""

    def __init__(self, limit: int, after: float) -> None:
        super().__init__(f"This key may make {limit:,} calls a minute: come back in {after:.0f} s.")
        self.after = after
        """Seconds from now."""


class ApiKey(Struct, frozen=True, kw_only=True):
    """What a key may do. Of the key itself its digest is kept alone."""

    name: str
    hint: str
    """How the key begins."""
    created_at: datetime
    retailers: tuple[str, ...] = ()
    """Whose stores it is for; none are all."""
    actions: tuple[str, ...] = ()
    """Patterns of actions' names, such as `List*`; none are all."""
    read_only: bool = False
    allow_writes: bool = False
    """Whether agents may write with it without a preview before."""
    expires_at: datetime | None = None
    a_minute: int = A_MINUTE
    """Calls that it may make in a minute."""

    def reaches(self, retailer: str) -> bool:
        """Say whether it is for a retailer."""
        return not self.retailers or retailer in self.retailers

    def may(self, kind: type[Action[Any]]) -> bool:
        """Say whether it may run an action."""
        if self.read_only and not kind.operation.reads:
            return False
        return self.names(kind.operation.name)

    def names(self, action: str) -> bool:
        """Say whether its patterns name an action."""
        return not self.actions or any(fnmatchcase(action, one) for one in self.actions)


class Listed(Struct, frozen=True, kw_only=True):
    """A key as it is listed."""

    key: ApiKey
    used_at: datetime | None
    """To the minute; None while it never was."""


class ApiKeys:
    """Every key. What is changed holds at once, in all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, key: ApiKey) -> Secret:
        """Keep what a new key may do, and return it: it is never seen again.

        Raises:
            BadKey: its name cannot be one, or is another's.
            BadDomainPrefix: a retailer cannot be one.
        """
        if not _NAME.fullmatch(key.name):
            said = "use letters, digits, dots, - and _, 60 at most"
            raise BadKey(f"{key.name[:60]!r} is no name for a key: {said}.")
        if any(one.name == key.name for one, _ in await self._kept()):
            raise BadKey(f"A key is named {key.name} already: revoke it, or give another name.")
        text = _PREFIX + secrets.token_urlsafe(32)
        kept = msgspec.structs.replace(
            key,
            hint=text[:_SHOWN],
            retailers=tuple(map(domain_prefix, key.retailers)),
        )
        await self._database.do("HSET", KEYS, _digest(text), msgspec.msgpack.encode(kept))
        return Secret(text)

    async def all(self) -> list[Listed]:
        """Return every key by name, with its last use."""
        used: dict[bytes, bytes] = await self._database.do("HGETALL", USED)
        found = [
            Listed(key=key, used_at=_moment(used.get(digest))) for key, digest in await self._kept()
        ]
        return sorted(found, key=lambda one: one.key.name)

    async def exist(self) -> bool:
        """Say whether there is a key."""
        return bool(await self._database.do("HLEN", KEYS))

    async def revoke(self, name: str) -> None:
        """Take a key away: the next call with it is refused.

        Raises:
            BadKey: there is none of that name.
        """
        digests = [digest for key, digest in await self._kept() if key.name == name]
        if not digests:
            raise BadKey(f"There is no key named {name[:60]!r}: see `backroom keys list`.")
        await self._database.together([("HDEL", KEYS, *digests), ("HDEL", USED, *digests)])

    async def admit(self, text: str) -> ApiKey:
        """Return what a key may do, and count its use: one round trip.

        Raises:
            NotAdmitted: there is no such key, or it is over.
            TooMany: it is used too often.
        """
        if not _SHAPE.fullmatch(text):
            raise NotAdmitted("This needs an API key, and what came is none.")
        digest = _digest(text)
        names = [KEYS, USED, f"{KEYS}:calls:{digest}"]
        kept, count, left = await self._database.run(_ADMIT, names, [digest])
        key = None if kept is None else msgspec.msgpack.decode(kept, type=ApiKey)
        if key is None or (key.expires_at and key.expires_at.timestamp() <= time.time()):
            raise NotAdmitted("This API key is not known: it is wrong, revoked or expired.")
        if count > key.a_minute:
            raise TooMany(key.a_minute, left / 1000)
        return key

    async def _kept(self) -> Sequence[tuple[ApiKey, bytes]]:
        kept: dict[bytes, bytes] = await self._database.do("HGETALL", KEYS)
        return [
            (msgspec.msgpack.decode(value, type=ApiKey), digest) for digest, value in kept.items()
        ]


def _digest(text: str) -> str:
    """Return what is kept of a key; it is random enough that a plain digest tells nothing."""
    return hashlib.sha256(text.encode()).hexdigest()


def _moment(seconds: bytes | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
