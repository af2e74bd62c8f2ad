"""What commands open: settings, Redis, the inbox, the connections."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import msgspec
from msgspec import Struct

from actions.connections import Connection, Connections, domain_prefix
from actions.database import Database
from actions.errors import NotConnected
from actions.vault import Vault
from workers import logs, settings
from workers.inbox import Inbox
from workers.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


NONE_LINKED = "No retailer is linked: run `backroom connect PREFIX --personal-token …`."


class Opened(Struct, frozen=True):
    """Everything that a command may need, with Redis answering."""

    settings: Settings
    database: Database
    vault: Vault
    inbox: Inbox
    connections: Connections

    async def connection(self, retailer: str | None) -> Connection:
        """Return a retailer's connection, or the only one there is.

        Raises:
            NotConnected: that retailer is not linked, or there is not exactly one.
        """
        if retailer:
            return await self.connections.get(retailer)
        linked = await self.connections.all()
        if len(linked) != 1:
            said = f"{len(linked)} retailers are linked: name one with --retailer."
            raise NotConnected(said if linked else NONE_LINKED)
        return linked[0]

    async def prefix(self, retailer: str | None) -> str:
        """Return the retailer that is named, linked here or not, or the only one there is.

        Raises:
            BadDomainPrefix: it cannot be one.
            NotConnected: none is named, and there is not exactly one.
        """
        if retailer:
            return domain_prefix(retailer)
        return (await self.connection(None)).retailer


@asynccontextmanager
async def opened(*, quiet: bool = False) -> AsyncIterator[Opened]:
    """Read the settings and reach Redis. When `quiet`, only warnings and worse are logged.

    Raises:
        WrongSetting, DatabaseAway: a setting is wrong, or nothing answers at `REDIS_URL`.
    """
    ours = settings.read()
    quieter = msgspec.structs.replace(ours, log_level="warning") if quiet else ours
    logs.set_up(quieter, sys.stderr)
    vault = Vault(ours.backroom_keys)
    async with Database(ours.redis_url) as database:
        await database.do("PING")
        inbox = Inbox(database, vault, ours.inbox_seconds)
        yield Opened(ours, database, vault, inbox, Connections(database, vault))


def run_async(function: Callable[P, Coroutine[None, None, T]]) -> Callable[P, T]:
    """Let click call a coroutine function."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        return asyncio.run(function(*args, **kwargs))

    return called
