"""What stands in Redis, asked by the bench between its rounds."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from arq.constants import default_queue_name
from redis.asyncio import Redis

from actions.connections import CONNECTIONS, WEBHOOK_KEYS, Connections
from actions.database import Database
from actions.secret import Secret
from actions.vault import Vault, new_key
from workers import keys

T = TypeVar("T")

_END_LOOKS = 50
_END_SECONDS = 0.05


class Storage:
    """One Redis server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = new_key()
        """What `BACKROOM_KEYS` must be here."""

    def link(self) -> str:
        """Link a retailer and return the path of its webhooks."""

        async def link(database: Database) -> str:
            connections = Connections(database, Vault([Secret(self.key)]))
            connection = await connections.link("kowhai", unsigned=False)
            return f"/webhooks/{connection.webhook_key.reveal()}"

        return self._ask(link)

    def empty(self) -> None:
        """Forget all but the connections, and begin a new file: rounds begin alike."""

        async def empty(database: Database) -> None:
            kept = {one: await database.do("DUMP", one) for one in (CONNECTIONS, WEBHOOK_KEYS)}
            await database.do("FLUSHALL")
            for name, value in kept.items():
                if value is not None:
                    await database.do("RESTORE", name, 0, value)
            await database.do("BGREWRITEAOF")
            while (await database.do("INFO", "persistence"))["aof_rewrite_in_progress"]:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.01)

        self._ask(empty)

    def put(self, key: str, value: float) -> None:
        """Set a key."""
        self._do("SET", key, value)

    def stored(self) -> set[int]:
        """Count the deliveries by every way to count them; they should agree."""

        async def stored(database: Database) -> set[int]:
            found = await database.do("KEYS", keys.delivery("*"))
            jobs = await database.do("KEYS", "arq:job:*")
            opened = await database.do("ZCARD", keys.OPEN)
            queued = await database.do("ZCARD", keys.EVENTS_QUEUE)
            return {len(found), len(jobs), opened, queued}

        return self._ask(stored)

    def enqueued(self) -> set[int]:
        """Count the naive opponent's jobs."""

        async def enqueued(database: Database) -> set[int]:
            jobs = await database.do("KEYS", "arq:job:*")
            return {len(jobs), await database.do("ZCARD", default_queue_name)}

        return self._ask(enqueued)

    def handled(self) -> int:
        """Count the events that are over."""
        return int(self._do("ZCARD", keys.HANDLED))

    def commands(self) -> dict[str, int]:
        """Say how often each command ran so far, inside scripts too."""
        found: dict[str, Any] = self._do("INFO", "commandstats")
        return {name.removeprefix("cmdstat_"): one["calls"] for name, one in found.items()}

    def traffic(self, seconds: float) -> tuple[int, int]:
        """Count the commands that others send for so long, and those with what scripts run."""

        async def traffic() -> tuple[int, int]:
            sent = ran = 0
            async with Redis.from_url(self.url) as redis, redis.monitor() as monitor:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        async for command in monitor.listen():
                            sent += command["client_type"] != "lua"
                            ran += 1
            return sent, ran

        return asyncio.run(traffic())

    def unfinished(self) -> int:
        """Count what is left of jobs in arq's keys, once it had time to go."""

        async def unfinished(database: Database) -> int:
            for _ in range(_END_LOOKS):
                if not await database.do("KEYS", "arq:*"):
                    break
                await asyncio.sleep(_END_SECONDS)
            return len(await database.do("KEYS", "arq:*"))

        return self._ask(unfinished)

    def held_bytes(self) -> int:
        """Say how much memory the data takes, without the buffers that come and go."""
        found: dict[str, int] = self._do("INFO", "memory")
        return found["used_memory"] - found["mem_clients_normal"] - found["mem_aof_buffer"]

    def _do(self, *command: str | float) -> Any:
        async def do(database: Database) -> Any:
            return await database.do(*command)

        return self._ask(do)

    def _ask(self, question: Callable[[Database], Awaitable[T]]) -> T:
        async def ask() -> T:
            async with Database(self.url, timeout=30.0) as database:
                return await question(database)

        return asyncio.run(ask())
