"""Redis, opened once: time limits on every call, and its failures said in words."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from hiredis import pack_command
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoScriptError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from actions.errors import DatabaseAway, WrongSetting
from actions.listening import listen

SCHEMES = ("redis", "rediss", "unix")
_CONNECT_SECONDS = 1.0
_SHOWN_CHARACTERS = 100
_SPOKEN = (ResponseError, AuthenticationError, BusyLoadingError)
"""Redis is there and says no."""


class Script:
    """A Lua script and the digest by which Redis knows it."""

    __slots__ = ("sha", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    @classmethod
    def load(cls, package: str, *names: str) -> Self:
        """Load `.lua` files of a package, each one's functions known to those after it."""
        folder = files(package)
        return cls("\n".join((folder / f"{name}.lua").read_text() for name in names))

    def __add__(self, other: "Script") -> "Script":
        """Put another script behind this one, whose functions it knows."""
        return Script(f"{self.text}\n{other.text}")


class Database:
    """One pool of Redis connections. Every call ends within `timeout` seconds or so.

    A call is tried once more on a fresh connection when its connection broke, so every script
    and command given here must stand being run twice.

    Raises, from every call:
        DatabaseAway: nothing answers, or Redis cannot serve (full, read-only, loading).
    """

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        """Prepare connections to `url`; nothing is sent yet.

        Raises:
            WrongSetting: `url` is no Redis address.
        """
        self.where = place(url)
        try:
            pool = ConnectionPool.from_url(
                url,
                socket_timeout=timeout,
                socket_connect_timeout=min(timeout, _CONNECT_SECONDS),
                retry=Retry(NoBackoff(), 1, (RedisConnectionError,)),
                retry_on_error=[RedisConnectionError],
            )
            pool.connection_class = _quick(pool.connection_class)
            pool.make_connection()  # type: ignore[no-untyped-call] # an unknown option shows here only
        except (ValueError, TypeError) as error:
            raise WrongSetting("REDIS_URL has an option behind its `?` that is wrong.") from error
        self._redis: Redis = Redis.from_pool(pool)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()

    async def do(self, *command: str | bytes | float) -> Any:
        """Send one command and return Redis' answer."""
        try:
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]
        except (RedisError, OSError, TimeoutError) as error:
            raise self._in_words(error) from error

    async def together(self, commands: Iterable[Sequence[str | bytes | float]]) -> list[Any]:
        """Send several commands as one transaction, in one round trip."""
        pipeline = self._redis.pipeline(transaction=True)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            return await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            raise self._in_words(error) from error

    async def reached_disk(self, name: str, field: str, ms: int) -> bool:
        """Say whether all that was written before is on Redis' disk, within `ms`.

        True as well where Redis cannot say: it keeps no file, or is older than 7.2. A connection
        knows its own writes alone, so it writes `field` of the hash `name` itself, as the last.
        """
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.execute_command("HSET", name, field, 1)
        pipeline.execute_command("WAITAOF", 1, 0, ms)
        try:
            wrote, synced = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError, TimeoutError) as error:
            raise self._in_words(error) from error
        if isinstance(wrote, Exception):
            raise self._in_words(wrote) from wrote
        return isinstance(synced, ResponseError) or synced[0] > 0

    async def run(
        self, script: Script, keys: Sequence[str], args: Sequence[str | bytes | float]
    ) -> Any:
        """Run a script, sending its text only when this Redis has not seen it."""
        rest = (len(keys), *keys, *args)
        try:
            try:
                return await self._redis.execute_command("EVALSHA", script.sha, *rest)  # type: ignore[no-untyped-call]
            except NoScriptError:
                return await self._redis.execute_command("EVAL", script.text, *rest)  # type: ignore[no-untyped-call]
        except (RedisError, OSError, TimeoutError) as error:
            raise self._in_words(error) from error

    async def listen(self, channel: str, heard: Callable[[bytes | None], None]) -> None:
        """Hear for ever what is published; None says that Redis went away or is there again."""
        await listen(self._redis, channel, heard)

    def _in_words(self, error: Exception) -> DatabaseAway:
        # redis-py wraps what Redis says to a new connection into a ConnectionError.
        spoken = [one for one in (error, error.__cause__) if isinstance(one, _SPOKEN)]
        if spoken:
            said = str(spoken[0])[:_SHOWN_CHARACTERS]
            return DatabaseAway(f"Redis at {self.where} refuses to serve: {said}")
        return DatabaseAway(
            f"No Redis answers at {self.where}: start one there, or set REDIS_URL to where it is."
        )


def _quick(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """Return a kind of connection whose commands are written in C, as redis-py's blocking ones are.

    A batch has a thousand words, and in Python each costs as much as what Redis does with it.
    """

    class Quick(kind):  # type: ignore[valid-type, misc]
        def pack_command(self, *args: Any) -> list[bytes]:
            first, *rest = args
            words = first.encode().split() if isinstance(first, str) else [first]
            return [pack_command((*words, *rest))]

    return Quick


def place(url: str) -> str:
    """Say where a Redis URL points, without the password it may hold.

    Raises:
        WrongSetting: it is no Redis address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in SCHEMES or "://" not in url:
        raise WrongSetting(
            "REDIS_URL is no Redis address: write redis://host:6379/0, rediss:// or unix:///path."
        )
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname or 'localhost'}:{port or 6379}"
