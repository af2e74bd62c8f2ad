"""Stock arq, tuned: it asks a hundred times a second and keeps no results."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import msgspec
from arq import Worker, create_pool, func
from arq.connections import ArqRedis, RedisSettings

from tests.benchmarks.queues.ledger import Add, Run, main

if TYPE_CHECKING:
    from arq.typing import WorkerCoroutine


def _decode(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.msgpack.decode(data)
    return value


async def _pool(url: str) -> ArqRedis:
    return await create_pool(
        RedisSettings.from_dsn(url),
        job_serializer=msgspec.msgpack.encode,
        job_deserializer=_decode,
    )


@asynccontextmanager
async def enqueuing(url: str) -> AsyncIterator[Add]:
    async with await _pool(url) as pool:

        async def add(number: int, enqueued: float) -> object:
            return await pool.enqueue_job("note", number, enqueued)

        yield add


async def working(url: str, run: Run, slots: int) -> None:
    async def note(_: dict[Any, Any], number: int, enqueued: float) -> None:
        await run(number, enqueued)

    logging.getLogger("arq").setLevel(logging.WARNING)
    await Worker(
        [func(cast("WorkerCoroutine", note), name="note")],
        redis_pool=await _pool(url),
        poll_delay=0.01,
        max_jobs=slots,
        keep_result=0,
        handle_signals=False,
        job_serializer=msgspec.msgpack.encode,
        job_deserializer=_decode,
    ).async_run()


if __name__ == "__main__":
    main(enqueuing, working)
