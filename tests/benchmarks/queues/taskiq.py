"""taskiq on a Redis stream: orjson, no results, arguments taken as they come."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from taskiq.api import run_receiver_task
from taskiq.serializers import ORJSONSerializer
from taskiq_redis import RedisStreamBroker

from tests.benchmarks.queues.ledger import Add, Run, main

_READ = 1000
"""Messages in one round trip."""


def _broker(url: str, run: Run) -> tuple[Any, Any]:
    broker: Any = RedisStreamBroker(url, consumer_id="0", xread_count=_READ).with_serializer(
        ORJSONSerializer()
    )

    async def note(number: int, enqueued: float) -> None:
        await run(number, enqueued)

    return broker, broker.register_task(note, task_name="note")


async def _nothing(_: int, __: float) -> None:
    """Nothing runs where jobs are only enqueued."""


@asynccontextmanager
async def enqueuing(url: str) -> AsyncIterator[Add]:
    broker, note = _broker(url, _nothing)

    async def add(number: int, enqueued: float) -> object:
        return await note.kiq(number, enqueued)

    await broker.startup()
    yield add
    await broker.shutdown()


async def working(url: str, run: Run, slots: int) -> None:
    logging.getLogger("taskiq").setLevel(logging.WARNING)
    broker, _ = _broker(url, run)
    await run_receiver_task(broker, max_async_tasks=slots, validate_params=False, run_startup=True)


if __name__ == "__main__":
    main(enqueuing, working)
