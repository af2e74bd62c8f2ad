"""Connections: the retailers that authorised us, and the key in each one's webhook URLs."""

import hashlib
import re
import secrets
import time
from datetime import UTC, datetime

import msgspec

from actions.database import Database
from actions.errors import BackroomError, NotConnected
from actions.secret import Secret
from actions.vault import Vault

CONNECTIONS = "backroom:connections"
WEBHOOK_KEYS = "backroom:webhook-keys"
_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class BadDomainPrefix(BackroomError):
    """What was given cannot be a retailer's domain prefix."""

    exit_code = 2


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One retailer that authorised us."""

    retailer: str
    """The domain prefix: `kowhai` of `https://kowhai.retail.lightspeed.app`."""
    webhook_key: Secret
    """The unguessable part of this retailer's webhook URLs."""
    unsigned: bool
    """Its webhooks were added by hand at the store, so the vendor signs none of them."""
    linked_at: datetime


class Address(msgspec.Struct, frozen=True):
    """Whose webhook URL it is, as the ingress needs to know it."""

    retailer: str
    unsigned: bool
    digest: bytes
    owner: bytes
    """The address as kept in Redis: a delivery is stored only while it still reads so."""


class _Record(msgspec.Struct):
    webhook_key: bytes
    unsigned: bool
    linked_at: int


def domain_prefix(text: str) -> str:
    """Return `text` as a domain prefix: one DNS label in lower case.

    Host names are built from it and the client secret travels there, so nothing else will do.

    Raises:
        BadDomainPrefix: it is anything but one DNS label.
    """
    folded = text.strip().lower()
    if not _PREFIX.fullmatch(folded):
        raise BadDomainPrefix(
            f"{text[:80]!r} is no domain prefix: give the first part of the store's address, "
            "such as kowhai for kowhai.retail.lightspeed.app."
        )
    return folded


def key_digest(webhook_key: str) -> bytes:
    """Return what Redis keeps instead of a webhook key."""
    return hashlib.blake2b(webhook_key.encode(), digest_size=16).digest()


def not_linked(retailer: str) -> NotConnected:
    """Say that nothing is kept for a retailer, and how to link it."""
    return NotConnected(
        f"{retailer} is not linked: run `backroom connect {retailer} --personal-token …`."
    )


class Connections:
    """All connections, kept in Redis with their webhook keys sealed. `Grants` has the tokens."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def link(self, retailer: str, *, unsigned: bool) -> Connection:
        """Keep a connection. One that is there already keeps its webhook URLs."""
        record = self._record(Secret(secrets.token_urlsafe(24)), retailer, unsigned=unsigned)
        # Of several links at once the first one's URLs stay.
        await self._database.do("HSETNX", CONNECTIONS, retailer, msgspec.msgpack.encode(record))
        webhook_key = (await self.get(retailer)).webhook_key
        record = self._record(webhook_key, retailer, unsigned=unsigned)
        owner = _owner(retailer, unsigned=unsigned)
        await self._database.together(
            [
                ("HSET", CONNECTIONS, retailer, msgspec.msgpack.encode(record)),
                ("HSET", WEBHOOK_KEYS, key_digest(webhook_key.reveal()), owner),
            ]
        )
        return await self.get(retailer)

    def _record(self, webhook_key: Secret, retailer: str, *, unsigned: bool) -> _Record:
        return _Record(
            webhook_key=self._vault.seal(webhook_key.reveal().encode(), f"webhook key {retailer}"),
            unsigned=unsigned,
            linked_at=int(time.time()),
        )

    async def get(self, retailer: str) -> Connection:
        """Return one connection.

        Raises:
            NotConnected: there is none for that retailer.
        """
        kept = await self._database.do("HGET", CONNECTIONS, retailer)
        if kept is None:
            raise not_linked(retailer)
        return self._opened(retailer, kept)

    async def is_unsigned(self, retailer: str) -> bool:
        """Say whether a retailer is linked whose webhooks are not signed."""
        kept = await self._database.do("HGET", CONNECTIONS, retailer)
        return kept is not None and msgspec.msgpack.decode(kept, type=_Record).unsigned

    async def forget(self, connection: Connection) -> None:
        """Forget a connection: from now on nothing is taken at its webhook URLs."""
        digest = key_digest(connection.webhook_key.reveal())
        await self._database.together(
            [
                ("HDEL", WEBHOOK_KEYS, digest),
                ("HDEL", CONNECTIONS, connection.retailer),
            ]
        )

    async def all(self) -> list[Connection]:
        """Return every connection, by name."""
        kept: dict[bytes, bytes] = await self._database.do("HGETALL", CONNECTIONS)
        return [self._opened(name.decode(), kept[name]) for name in sorted(kept)]

    def _opened(self, retailer: str, kept: bytes) -> Connection:
        record = msgspec.msgpack.decode(kept, type=_Record)
        webhook_key = self._vault.open(record.webhook_key, f"webhook key {retailer}")
        return Connection(
            retailer=retailer,
            webhook_key=Secret(webhook_key.decode()),
            unsigned=record.unsigned,
            linked_at=datetime.fromtimestamp(record.linked_at, UTC),
        )


async def retailers(database: Database) -> list[str]:
    """Return every retailer that is linked, by name."""
    return sorted(name.decode() for name in await database.do("HKEYS", CONNECTIONS))


async def address(database: Database, webhook_key: str) -> Address | None:
    """Find whose webhook key this is, or None."""
    digest = key_digest(webhook_key)
    owner = await database.do("HGET", WEBHOOK_KEYS, digest)
    return None if owner is None else _address(digest, owner)


async def addresses(database: Database) -> list[Address]:
    """Return every webhook address."""
    kept: dict[bytes, bytes] = await database.do("HGETALL", WEBHOOK_KEYS)
    return [_address(digest, owner) for digest, owner in kept.items()]


async def all_unsigned(database: Database) -> bool:
    """Say whether retailers are linked and none of them has its deliveries signed."""
    linked = await addresses(database)
    return bool(linked) and all(one.unsigned for one in linked)


def _owner(retailer: str, *, unsigned: bool) -> str:
    return f"{retailer} {'unsigned' if unsigned else 'signed'}"


def _address(digest: bytes, owner: bytes) -> Address:
    retailer, signing = owner.decode().split(" ")
    return Address(retailer, signing == "unsigned", digest, owner)
