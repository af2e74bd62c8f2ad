"""The engine on a real Redis: claims, leases, wake-ups, and jobs that cannot be run."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from arq import Worker, func

from actions.database import Database
from tests.redis_server import RedisServer
from tests.workers.conftest import Lines, named
from workers import claims
from workers.claims import Claimed, Claims, Ending
from workers.engine import Engine
from workers.heart import Heart
from workers.queue import decode, job, pool
from workers.run import Functions, Run
from workers.worker import EVENT_EFFECTS

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

    async def note(self, run: Run) -> None:
        self.ran.append((run.job_id, run.claimed.claims))
        self.begun.set()
        await self.go.wait()
        run.end(self._after)

    @property
    def functions(self) -> Functions:
        return {"note": self.note}


async def take(claims: Claims, most: int = 10, suspects: int = 1) -> list[Claimed]:
    return (await claims.turn([], most, suspects)).claimed


async def end(claims: Claims, *claimed: Claimed, after: float | None = None) -> list[str]:
    """End claims; say which could not be."""
    ends = [Ending(one, after, (), asyncio.get_running_loop().create_future()) for one in claimed]
    return [job_id for job_id, _ in (await claims.turn(ends, 0)).lost]


async def lose(database: Database, job_id: str) -> None:
    """Let a lease run out."""
    await database.do("DEL", f"arq:in-progress:{job_id}")
    await database.do("ZADD", QUEUE, 1, job_id)


async def halt(engine: Engine, working: asyncio.Task[None]) -> None:
    """Stop an engine; what runs is handed back."""
    engine.stop()
    engine.hand_back()
    await working


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
    await halt(one, working)
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
    (claimed,) = await take(dead)
    assert (claimed.job_id, claimed.claims) == ("j", 1)
    assert 0 < await database.do("PTTL", "arq:in-progress:j") <= claims.LEASE_SECONDS * 1000
    assert await take(dead) == []
    await lose(database, "j")
    notes = Notes()
    await engine(notes.functions).async_run()
    assert notes.ran == [("j", 2)]


@pytest.mark.parametrize("after", [None, 0.0, 60.0])
async def test_who_has_lost_a_lease_ends_nothing(
    add: Add, database: Database, after: float | None
) -> None:
    await add("j")
    slow, quick = Claims(database, QUEUE), Claims(database, QUEUE)
    (stale,) = await take(slow)
    await lose(database, "j")
    assert await end(slow, stale, after=after) == ["j"], "though nobody has taken it over yet"
    (fresh,) = await take(quick)
    score = await database.do("ZSCORE", QUEUE, "j")
    assert await end(slow, stale, after=after) == ["j"]
    assert await database.do("ZSCORE", QUEUE, "j") == score
    assert await database.do("EXISTS", "arq:job:j") == 1
    assert await end(quick, fresh) == []
    assert await keys(database) == []


async def test_a_lease_that_was_lost_and_taken_again_is_another_one(
    add: Add, database: Database
) -> None:
    await add("j")
    mine = Claims(database, QUEUE)
    (stale,) = await take(mine)
    await lose(database, "j")
    (fresh,) = await take(mine)
    assert await end(mine, stale) == ["j"]
    assert await end(mine, fresh) == []


async def test_a_job_that_blocks_the_event_loop_keeps_its_lease_and_that_of_what_has_just_ended(
    add: Add, engine: Start, database: Database
) -> None:
    await add("j0", name="note")
    await add("j1", name="block", at=2)
    notes, left = Notes(), list[int]()

    async def block(_: Run) -> None:
        assert notes.ran == [("j0", 1)]
        time.sleep(claims.LEASE_SECONDS * 1.2)  # noqa: ASYNC251 - this is what is tested
        left.extend([await database.do("PTTL", f"arq:in-progress:{name}") for name in ("j0", "j1")])

    await engine({**notes.functions, "block": block}).async_run()
    assert min(left) > 0
    assert await keys(database) == []


async def test_a_heart_goes_on_beating_whatever_goes_wrong_in_a_beat(redis_url: str) -> None:
    beats, again = list[int](), threading.Event()

    class Failing(Heart):
        def _beat(self) -> None:
            beats.append(1)
            if len(beats) > 1:
                again.set()
            raise MemoryError

    heart = Failing(redis_url, QUEUE, {}, lambda *_: None)
    heart.start()
    assert await asyncio.to_thread(again.wait, claims.LEASE_SECONDS * 2)
    await asyncio.to_thread(heart.stop)


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
    await halt(one, working)
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
    await halt(one, working)


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
    await halt(one, working)
    await one.close()
    again = Notes()
    await engine(again.functions).async_run()
    assert again.ran == [("j", 1)], "and it does not count as a worker's death"


UNRUN = {"unknown": ("job.unknown", "gone"), "failing": ("job.postponed", "boom")}


@pytest.mark.parametrize("kind", UNRUN)
async def test_a_job_that_cannot_be_run_is_put_back_and_said(
    add: Add, engine: Start, database: Database, lines: Lines, kind: str
) -> None:
    event, name = UNRUN[kind]

    async def boom(_: Run) -> None:
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


async def test_our_jobs_run_on_a_stock_arq_worker(
    add: Add, database: Database, redis_url: str
) -> None:
    ran: list[tuple[str, ...]] = []

    async def note(ctx: dict[Any, Any], *args: str) -> None:
        ran.append((ctx["job_id"], *args))

    await add("j", "a", "b")
    stock = Worker(
        [func(note, name="note")],
        redis_pool=pool(redis_url),
        queue_name=QUEUE,
        burst=True,
        poll_delay=0.01,
        keep_result=0,
        handle_signals=False,
        job_serializer=msgspec.msgpack.encode,
        job_deserializer=decode,
    )
    await stock.async_run()
    await stock.close()
    assert ran == [("j", "a", "b")]
    assert await database.do("ZCARD", QUEUE) == await database.do("EXISTS", "arq:job:j") == 0


async def test_what_a_stock_worker_runs_is_left_to_it(add: Add, database: Database) -> None:
    await add("j")
    await database.do("SET", "arq:in-progress:j", "1", "PX", 60_000)
    assert await take(Claims(database, QUEUE)) == []
    assert float(await database.do("ZSCORE", QUEUE, "j")) > time.time() * 1000 + 50_000


async def test_what_runs_ends_and_is_claimed_in_few_round_trips(
    add: Add, engine: Start, database: Database
) -> None:
    for number in range(100):
        await add(f"j{number}")
    await database.do("CONFIG", "RESETSTAT")
    await engine(Notes().functions).async_run()
    stats = await database.do("INFO", "commandstats")
    turns = sum(
        stats[name]["calls"] for name in ("cmdstat_evalsha", "cmdstat_eval") if name in stats
    )
    assert turns <= 15, "ten slots: ten claims, each with the ends of the ten before"
    assert await keys(database) == []


async def test_what_cost_workers_their_lives_runs_with_no_other_of_its_kind(
    add: Add, database: Database
) -> None:
    for number in range(4):
        await add(f"j{number}")
        await database.do("SET", f"arq:retry:j{number}", claims.SUSPECT_CLAIMS - 1)
    await add("fresh", at=2)
    mine = Claims(database, QUEUE)
    first, fresh = await take(mine)
    assert (first.claims, fresh.job_id) == (claims.SUSPECT_CLAIMS, "fresh")
    for number in range(4):
        await database.do("ZADD", QUEUE, "XX", 1, f"j{number}")
    assert await take(mine, suspects=0) == []
    assert await database.do("GET", "arq:retry:j3") == b"2", "it was not begun, so it has not died"
    assert float(await database.do("ZSCORE", QUEUE, "j3")) > 1000, "nor is it in the way"


async def test_suspects_run_one_after_the_other_beside_the_others(
    add: Add, engine: Start, database: Database
) -> None:
    for number in range(3):
        await add(f"j{number}")
        await database.do("SET", f"arq:retry:j{number}", claims.SUSPECT_CLAIMS)
    running: list[int] = []
    most: list[int] = []

    async def note(_: Run) -> None:
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0)
        running.pop()

    await engine({"note": note}).async_run()
    assert most == [1, 1, 1]


async def test_an_end_that_redis_cannot_record_is_said_and_keeps_the_others(
    add: Add, database: Database
) -> None:
    for name in ("broken", "sound"):
        await add(name)
    mine = Claims(database, QUEUE, EVENT_EFFECTS)
    broken, sound = await take(mine)
    loop = asyncio.get_running_loop()
    ends = [
        Ending(broken, None, ("no such effect",), loop.create_future()),
        Ending(sound, None, (), loop.create_future()),
    ]
    turn = await mine.turn(ends, 0)
    assert [(job_id, "effect" in why or "nil" in why) for job_id, why in turn.lost] == [
        ("broken", True)
    ]
    assert (ends[0].told.result(), ends[1].told.result()) == (None, "ended")
    assert await database.do("ZRANGE", QUEUE, 0, -1) == [b"broken"]


async def test_a_run_that_takes_longer_than_it_may_is_put_back(
    add: Add, engine: Start, database: Database, lines: Lines
) -> None:
    await add("j")

    async def hang(run: Run) -> None:
        run.hold(0.1)
        await asyncio.Event().wait()

    one = engine({"note": hang})
    one.max_burst_jobs = 1
    await one.async_run()
    (line,) = named(lines, "job.postponed")
    assert (line["job_id"], line["error"]) == ("j", "TimeoutError")
    assert await keys(database) == [b"arq:job:j"]


async def test_a_run_that_does_not_heed_its_end_is_left_and_costs_no_slot(
    add: Add, engine: Start, database: Database
) -> None:
    await add("j")
    go, over = asyncio.Event(), asyncio.Event()

    async def deaf(run: Run) -> None:
        run.hold(0.1)
        while not go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await go.wait()
        over.set()

    one = engine({"note": deaf})
    one.max_burst_jobs = 1
    await one.async_run()
    go.set()
    await over.wait()
    assert await database.do("EXISTS", "arq:job:j") == 1, "its lease ends, and another may try"
    assert await database.do("GET", "arq:retry:j") == b"1"


async def test_an_engine_that_is_told_to_stop_ends_what_it_has_begun_and_claims_nothing_more(
    add: Add, engine: Start, database: Database
) -> None:
    notes = Notes()
    notes.go.clear()
    await add("j")
    one = engine(notes.functions, burst=False)
    working = asyncio.create_task(one.async_run())
    await notes.begun.wait()
    one.stop()
    await add("later")
    notes.go.set()
    await working
    assert notes.ran == [("j", 1)]
    assert await keys(database) == [b"arq:job:later"]
    assert await database.do("ZSCORE", QUEUE, "later") == 1


async def test_a_worker_goes_on_when_redis_is_back(lines: Lines) -> None:
    notes = Notes()
    with RedisServer() as redis:
        async with Database(redis.url) as database:
            one = Engine(
                redis.url, database, QUEUE, notes.functions, longest=30, max_jobs=10, burst=False
            )
            working = asyncio.create_task(one.async_run())
            await listened(database)
            redis.kill()
            async with asyncio.timeout(30):
                while not named(lines, "worker.waits"):  # noqa: ASYNC110 - lines tell nobody
                    await asyncio.sleep(0.01)
            redis.start()
            await database.do("SET", "arq:job:j", job("note"))
            await database.do("ZADD", QUEUE, 1, "j")
            async with asyncio.timeout(30):
                await notes.begun.wait()
            one.stop()
            await working
            await one.close()
    assert notes.ran == [("j", 1)]


async def test_what_ended_while_redis_was_away_is_recorded_when_it_is_back(lines: Lines) -> None:
    notes = Notes()
    notes.go.clear()
    with RedisServer() as redis:
        async with Database(redis.url) as database:
            await database.do("SET", "arq:job:j", job("note"))
            await database.do("ZADD", QUEUE, 1, "j")
            one = Engine(
                redis.url, database, QUEUE, notes.functions, longest=30, max_jobs=10, burst=True
            )
            working = asyncio.create_task(one.async_run())
            await notes.begun.wait()
            redis.kill()
            notes.go.set()
            async with asyncio.timeout(30):
                while not named(lines, "worker.waits"):  # noqa: ASYNC110 - lines tell nobody
                    await asyncio.sleep(0.01)
            redis.start()
            await working
            await one.close()
            assert await keys(database) == []
    assert notes.ran == [("j", 1)]
