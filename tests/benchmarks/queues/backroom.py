"""Our engine, as the worker builds it."""

import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from actions.database import Database, Script
from tests.benchmarks.queues.ledger import Add, Run, main
from workers.engine import Engine
from workers.queue import JOB_PREFIX, job
from workers.run import Run as JobRun

QUEUE = "backroom:bench"
_STORE = """
redis.call('SET', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
wake(KEYS[1])
"""
_ENQUEUE = Script(Script.load("workers.scripts", "wake").text + _STORE)


@asynccontextmanager
async def enqueuing(url: str, later: float = 0) -> AsyncIterator[Add]:
    """Open the queue; `later` postpones each job by so many seconds."""
    ours = secrets.token_hex(8)
    async with Database(url, timeout=30.0) as database:

        async def add(number: int, enqueued: float) -> object:
            job_id = f"{ours}-{number}"
            due = int((time.time() + later) * 1000)
            packed = job("note", str(number), repr(enqueued))
            return await database.run(_ENQUEUE, [QUEUE, JOB_PREFIX + job_id], [job_id, packed, due])

        yield add


async def working(url: str, run: Run, slots: int) -> None:
    async def note(job: JobRun) -> None:
        number, enqueued = job.args
        await run(int(number), float(enqueued))

    async with Database(url) as database:
        engine = Engine(
            url, database, QUEUE, {"note": note}, longest=600.0, max_jobs=slots, burst=False
        )
        await engine.async_run()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    main(enqueuing, working)
