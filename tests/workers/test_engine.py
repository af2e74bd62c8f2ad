"""The engine on a real Redis: claims, leases, wake-ups, and jobs that cannot be run."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from arq.connections import ArqRedis

from actions.database import Database
from tests.workers.conftest import Lines, named
from workers import claims
from workers.claims import Claims
from workers.engine import Engine, Functions
from workers.queue import job, pool

QUEUE = "backroom:test"
Add = Callable[..., Awaitable[None]]
Start = Callable[..., Engine]


@pytest.fixture
def add(database: Database) -> Add:
    """Enqueue a job as anyone does who knows arq's keys."""

    async def add(job_id: str, *args: str, name: str = "note", at: float = 1) -> None:
        await database.do("SET", f"arq:job:{job_id}", job(name, *args))
        await database.do("ZADD", QUEUE, at, job_id)

    return add


@pytest.fixture
async def engine(database: Database, redis_url: str) -> AsyncIterator[Start]:
    """Make engines; those that were started are closed."""
    engines: list[Engine] = []

    def engine(functions: Functions, *, longest: float = 30, burst: bool = True) -> Engine:
        made = Engine(
            redis_url, database, QUEUE, functions, longest=longest, max_jobs=10, burst=burst
        )
        engines.append(made)
        return made

    yield engine
    for one in engines:
        await one.close()


class Notes:
    """A function that notes what it ran, and ends as it is told."""

    def __init__(self, after: float | None = None) -> None:
        self.ran: list[tuple[str, int]] = []
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self._after = after

    async def note(self, ctx: dict[Any, Any], *_: str) -> float | None:
        self.ran.append((ctx["job_id"], ctx["job_try"]))
        self.begun.set()
        await self.go.wait()
        return self._after

    @property
    def functions(self) -> Functions:
        return {"note": self.note}


async def keys(database: Database) -> list[bytes]:
    return sorted(await database.do("KEYS", "arq:*"))


async def test_what_is_due_runs_once_and_leaves_nothing(
    add: Add, engine: Start, database: Database
) -> None:
    notes = Notes()
    for number in range(300):
        await add(f"j{number}")
    await engine(notes.functions).async_run()
    assert sorted(notes.ran) == sorted((f"j{number}", 1) for number in range(300))
    assert await keys(database) == []


async def test_what_is_not_due_waits_and_does_not_stand_in_the_way(
    add: Add, engine: Start, database: Database
) -> None:
    notes = Notes()
    later = (time.time() + 3600) * 1000
    for number in range(200):
        await add(f"later{number}", at=later)
    await add("now")
    one = engine(notes.functions, burst=False)
    working = asyncio.create_task(one.async_run())
    await notes.begun.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert notes.ran == [("now", 1)]
    assert await database.do("ZCARD", QUEUE) >= 200


async def test_a_job_that_runs_again_keeps_its_place_and_its_count(
    add: Add, engine: Start, database: Database
) -> None:
    notes = Notes(after=3600)
    await add("j")
    one = engine(notes.functions)
    one.max_burst_jobs = 1
    await one.async_run()
    assert await keys(database) == [b"arq:job:j"]
    assert float(await database.do("ZSCORE", QUEUE, "j")) > time.time() * 1000 + 3_000_000


async def test_a_job_is_taken_over_when_its_lease_has_ended(
    add: Add, engine: Start, database: Database
) -> None:
    await add("j")
    dead = Claims(database, QUEUE)
    ((claimed,), _) = await dead.take(10)
    assert (claimed.job_id, claimed.claims) == ("j", 1)
    assert (await dead.take(10))[0] == []
    await database.do("DEL", "arq:in-progress:j")  # the lease's time is over
    await database.do("ZADD", QUEUE, 1, "j")
    notes = Notes()
    await engine(notes.functions).async_run()
    assert notes.ran == [("j", 2)]


async def test_who_has_lost_a_lease_ends_nothing(add: Add, database: Database) -> None:
    await add("j")
    slow, quick = Claims(database, QUEUE), Claims(database, QUEUE)
    await slow.take(10)
    await database.do("DEL", "arq:in-progress:j")
    await database.do("ZADD", QUEUE, 1, "j")
    await quick.take(10)
    await slow.end("j", None)
    assert await database.do("EXISTS", "arq:job:j") == 1
    await quick.end("j", None)
    assert await keys(database) == []


async def test_a_job_that_blocks_the_event_loop_keeps_its_lease(
    add: Add, engine: Start, database: Database
) -> None:
    await add("j")
    left: list[int] = []

    async def block(*_: Any) -> None:
        mark = pool_of(one)
        time.sleep(claims.LEASE_SECONDS * 1.2)  # noqa: ASYNC251 - this is what is tested
        left.append(await mark.pttl("arq:in-progress:j"))

    one = engine({"note": block})
    await one.async_run()
    assert left[0] > 0
    assert await keys(database) == []


def pool_of(engine: Engine) -> ArqRedis:
    return engine.pool


async def test_a_job_whose_lease_is_anothers_is_stopped_and_not_ended(
    add: Add, engine: Start, database: Database, lines: Lines
) -> None:
    notes = Notes()
    notes.go.clear()
    await add("j")
    one = engine(notes.functions, burst=False)
    working = asyncio.create_task(one.async_run())
    await notes.begun.wait()
    await database.do("SET", "arq:in-progress:j", "another")
    await asyncio.wait(one.tasks.values(), timeout=claims.LEASE_SECONDS * 2)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert await database.do("GET", "arq:in-progress:j") == b"another"
    assert await database.do("EXISTS", "arq:job:j") == 1
    assert [line["job_id"] for line in named(lines, "job.lost")] == ["j"]


async def test_an_idle_engine_is_woken(add: Add, engine: Start, database: Database) -> None:
    notes = Notes()
    one = engine(notes.functions, burst=False)
    working = asyncio.create_task(one.async_run())
    await listened(database)
    await add("j")
    assert await database.do("PUBLISH", f"{QUEUE}:wake", "") == 1
    await asyncio.wait_for(notes.begun.wait(), 10)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def listened(database: Database) -> None:
    """Wait until an engine listens to be woken."""
    async with asyncio.timeout(10):
        while True:  # Redis tells nobody who subscribes
            if (await database.do("PUBSUB", "NUMSUB", f"{QUEUE}:wake"))[1]:
                return
            await asyncio.sleep(0.01)


async def test_what_is_handed_back_is_due_at_once(add: Add, engine: Start) -> None:
    notes = Notes()
    notes.go.clear()
    await add("j")
    one = engine(notes.functions, burst=False)
    working = asyncio.create_task(one.async_run())
    await notes.begun.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await one.close()
    again = Notes()
    await engine(again.functions).async_run()
    assert again.ran == [("j", 1)]


UNRUN = {"unknown": ("job.unknown", "gone"), "failing": ("job.postponed", "boom")}


@pytest.mark.parametrize("kind", UNRUN)
async def test_a_job_that_cannot_be_run_is_put_back_and_said(
    add: Add, engine: Start, database: Database, lines: Lines, kind: str
) -> None:
    event, name = UNRUN[kind]

    async def boom(*_: Any) -> None:
        raise ValueError("mere.shopper@example.nz")

    await add("j", name=name)
    one = engine({"boom": boom})
    one.max_burst_jobs = 1
    await one.async_run()
    assert await keys(database) == [b"arq:job:j"]
    assert "shopper" not in str(named(lines, event))
    assert [line["job_id"] for line in named(lines, event)] == ["j"]


async def test_bytes_that_are_no_job_are_kept_and_said(
    engine: Start, database: Database, lines: Lines
) -> None:
    await database.do("SET", "arq:job:j", b"\x80rubbish")
    await database.do("ZADD", QUEUE, 1, "j")
    one = engine(Notes().functions)
    one.max_burst_jobs = 1
    await one.async_run()
    assert await database.do("GET", "arq:job:j") == b"\x80rubbish"
    assert named(lines, "job.unreadable")


async def test_a_stock_arq_producers_job_runs_here(
    engine: Start, redis_url: str, database: Database
) -> None:
    producer = pool(redis_url)
    await producer.enqueue_job("note", "a", _job_id="j", _queue_name=QUEUE)
    await producer.aclose()
    notes = Notes()
    await engine(notes.functions).async_run()
    assert notes.ran == [("j", 1)]
    assert await keys(database) == []


async def test_what_a_stock_worker_runs_is_left_to_it(add: Add, database: Database) -> None:
    await add("j")
    await database.do("SET", "arq:in-progress:j", "1", "PX", 60_000)
    assert (await Claims(database, QUEUE).take(10))[0] == []
    assert float(await database.do("ZSCORE", QUEUE, "j")) > time.time() * 1000 + 50_000


async def test_ends_share_round_trips(add: Add, database: Database) -> None:
    mine = Claims(database, QUEUE)
    for number in range(100):
        await add(f"j{number}")
    taken, _ = await mine.take(100)
    await database.do("CONFIG", "RESETSTAT")
    await asyncio.gather(*(mine.end(one.job_id, None) for one in taken))
    stats = await database.do("INFO", "commandstats")
    assert int(stats["cmdstat_evalsha"]["calls"]) <= 3
    assert await keys(database) == []
