"""saq on Redis: no time limits, nothing kept of a job that is over.

Its own JSON is no slower than orjson here.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from saq import Worker
from saq.queue.redis import RedisQueue

from tests.benchmarks.queues.ledger import Add, Run, main

_CONNECTIONS = 1000
"""More than it needs: one for each waiting slot, and those that finish."""


def _queue(url: str) -> Any:
    # It waits in Redis for as long as there is nothing to do; redis 8 would hang up after 5 s.
    redis = Redis.from_url(url, max_connections=_CONNECTIONS, socket_timeout=None)
    return RedisQueue(redis)


@asynccontextmanager
async def enqueuing(url: str) -> AsyncIterator[Add]:
    queue = _queue(url)

    async def add(number: int, enqueued: float) -> object:
        return await queue.enqueue("note", number=number, enqueued=enqueued, ttl=-1, timeout=0)

    yield add
    await queue.disconnect()


async def working(url: str, run: Run, slots: int) -> None:
    async def note(_: Any, *, number: int, enqueued: float) -> None:
        await run(number, enqueued)

    await Worker(_queue(url), [("note", note)], concurrency=slots).start()


if __name__ == "__main__":
    main(enqueuing, working)
