"""streaq: no results, no lines for each job."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streaq import Worker

from tests.benchmarks.queues.ledger import Add, Run, main


def _worker(url: str, run: Run, slots: int) -> tuple[Any, Any]:
    worker: Any = Worker(redis_url=url, concurrency=slots, handle_signals=False)

    async def note(number: int, enqueued: float) -> None:
        await run(number, enqueued)

    return worker, worker.task(name="note", silent=True, ttl=0)(note)


async def _nothing(_: int, __: float) -> None:
    """Nothing runs where jobs are only enqueued."""


@asynccontextmanager
async def enqueuing(url: str) -> AsyncIterator[Add]:
    worker, note = _worker(url, _nothing, 1)
    async with worker:

        async def add(number: int, enqueued: float) -> object:
            return await note.enqueue(number, enqueued)

        yield add


async def working(url: str, run: Run, slots: int) -> None:
    worker, _ = _worker(url, run, slots)
    await worker.run_async()


if __name__ == "__main__":
    main(enqueuing, working)
