"""Permits as a process gets them: a real Redis, real time, and a vendor that is a counter."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from math import inf
from typing import Any

import msgspec
import pytest

from actions.budget import Budget
from actions.database import Database
from actions.errors import DatabaseAway, RateLimited, TryLater
from actions.permit import Permit
from tests.redis_server import RedisServer

KOWHAI = "kowhai"
BOUND = 20.0
"""Seconds after which what is waited for will not come."""
BLOCK = 32
CROWD = 200
LIMIT = 350
RESERVE = 18

Opening = Callable[..., Any]


class Counter:
    """A vendor's window that does not end."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit, self.used = limit, 0

    def answer(self, permit: Permit) -> None:
        """Count a call, and answer it."""
        self.used += 1
        assert self.used <= self.limit
        permit.answered(self.headers)

    @property
    def headers(self) -> Mapping[str, str]:
        left = str(self.limit - self.used)
        return {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": left}


@pytest.fixture
async def opened(redis_url: str, database: Database) -> AsyncIterator[Opening]:
    """Open budgets as several processes do, with a Redis that has kept budgets for long."""
    await database.do("SET", "backroom:budgets:since", 0)
    async with AsyncExitStack() as stack:

        async def opened(url: str = redis_url, pace: float = 1.0) -> Budget:
            there = await stack.enter_async_context(Database(url))
            return await stack.enter_async_context(Budget(there, pace=pace))

        yield opened


@pytest.fixture
async def budget(opened: Opening) -> Budget:
    budget: Budget = await opened()
    return budget


async def take(budget: Budget, lane: Any = "bulk", patience: float = inf) -> Permit:
    """Take a permit; none is waited for longer than is right."""
    async with asyncio.timeout(BOUND):
        return await budget.take("ListBrands", KOWHAI, lane, patience)


async def spend(budget: Budget, vendor: Counter, calls: int) -> None:
    """Send so many calls, one after the other."""
    for _ in range(calls):
        vendor.answer(await take(budget))


async def kept(database: Database) -> dict[str, Any]:
    """The state that is shared."""
    known: dict[str, Any] = msgspec.msgpack.decode(
        await database.do("GET", f"backroom:budget:{KOWHAI}")
    )
    return known


async def held(database: Database) -> int:
    """How many permits are held, by anyone."""
    holders = (await kept(database))["held"]
    return sum(one[0] for one in holders.values()) if holders else 0


async def comes(condition: Callable[[], Any]) -> None:
    """Wait until something is so that nobody is told of."""
    async with asyncio.timeout(BOUND):
        while not await condition():  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.01)


async def shut(budget: Budget, seconds: float) -> None:
    """Have a call refused with so many seconds to wait."""
    (await take(budget)).refused({}, seconds)
    with pytest.raises(RateLimited):
        await take(budget, patience=0.3)


async def test_permits_come_in_blocks_so_that_few_calls_ask_redis(
    budget: Budget, database: Database
) -> None:
    vendor = Counter(1250)
    await spend(budget, vendor, 1)
    await database.do("CONFIG", "RESETSTAT")
    await asyncio.gather(*(spend(budget, vendor, 50) for _ in range(16)))
    stats = await database.do("INFO", "commandstats")
    assert vendor.used == 801
    assert stats["cmdstat_evalsha"]["calls"] <= 800 * 0.1


async def test_a_permit_that_nobody_uses_goes_back_by_itself(
    budget: Budget, database: Database
) -> None:
    await spend(budget, Counter(), 60)
    assert await held(database) > 0

    async def all_back() -> bool:
        return await held(database) == 0

    await comes(all_back)


async def test_what_is_held_goes_back_when_a_process_leaves(
    opened: Opening, database: Database
) -> None:
    leaving = await opened()
    vendor = Counter()
    await spend(leaving, vendor, 60)
    under_way = await take(leaving)
    assert await held(database) > 0
    await leaving.close()
    assert await held(database) == 0
    assert (await kept(database))["used"] + len((await kept(database))["log"]) > 0
    under_way.abandoned()


async def test_two_processes_never_take_more_than_there_is(opened: Opening) -> None:
    vendor = Counter()
    budgets = [await opened() for _ in range(2)]

    async def use(budget: Budget) -> None:
        while True:
            try:
                permit = await budget.take("ListBrands", KOWHAI, "bulk", 0.3)
            except RateLimited:
                return
            vendor.used += 1
            assert vendor.used <= LIMIT
            headers = vendor.headers
            await asyncio.sleep(0.002)
            permit.answered(headers)

    async with asyncio.timeout(BOUND):
        await asyncio.gather(*(use(budget) for budget in budgets for _ in range(8)))
    assert vendor.used == LIMIT - RESERVE


async def test_a_call_that_somebody_waits_for_is_let_through_when_bulk_is_not(
    budget: Budget,
) -> None:
    vendor = Counter()
    await spend(budget, vendor, LIMIT - RESERVE)
    with pytest.raises(RateLimited):
        await take(budget, patience=0.1)
    for _ in range(RESERVE):
        vendor.answer(await take(budget, "interactive"))
    with pytest.raises(RateLimited) as raised:
        await take(budget, "interactive", patience=0.1)
    assert 0 < raised.value.retry_after <= 302


async def test_those_who_wait_are_let_through_in_the_order_they_came(budget: Budget) -> None:
    vendor, order = Counter(), list[int]()
    await shut(budget, 1.0)

    async def wait(number: int) -> None:
        vendor.answer(await take(budget))
        order.append(number)

    async with asyncio.timeout(BOUND), asyncio.TaskGroup() as group:
        for number in range(30):
            group.create_task(wait(number))
            await asyncio.sleep(0)
    assert order == list(range(30))


async def test_who_has_no_patience_is_told_so_at_once_and_waits_for_nothing(
    budget: Budget, database: Database
) -> None:
    await shut(budget, 200.0)
    before = await kept(database)
    for patience in (0.0, 1.0):
        began = time.monotonic()
        with pytest.raises(RateLimited) as raised:
            await take(budget, patience=patience)
        assert raised.value.retry_after == pytest.approx(200, abs=5)
        assert time.monotonic() - began < BOUND
    assert await kept(database) == before


async def test_each_who_is_turned_away_is_told_a_moment_at_which_there_is_room(
    budget: Budget,
) -> None:
    await spend(budget, Counter(20), 19)
    told = list[int]()
    for _ in range(100):
        with pytest.raises(RateLimited) as raised:
            await take(budget, patience=0.0 if told else 0.3)
        told.append(round(raised.value.retry_after))
    assert told == sorted(told)
    assert sum(one < 302 for one in told) == pytest.approx(21, abs=2)
    assert max(told) == pytest.approx(300 * 5, abs=20)


async def test_a_crowd_is_turned_away_beyond_those_that_may_wait(budget: Budget) -> None:
    await spend(budget, Counter(), 1)
    permits = [await take(budget) for _ in range(16)]  # as many as may be under way
    crowd = [asyncio.create_task(take(budget, patience=BOUND)) for _ in range(CROWD)]
    await asyncio.wait(crowd[64:])
    assert [one.done() for one in crowd] == [False] * 64 + [True] * (CROWD - 64)
    for one in permits:
        one.unsent()
    for waiting in crowd[:64]:
        (await waiting).unsent()
    for turned_away in crowd[64:]:
        with pytest.raises(RateLimited):
            await turned_away


async def test_a_permit_is_not_lost_with_the_caller_that_was_given_it(
    budget: Budget, database: Database
) -> None:
    vendor = Counter()
    await spend(budget, vendor, 40)
    for _ in range(100):
        waiting = asyncio.create_task(take(budget))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        if not waiting.cancelled():
            waiting.result().unsent()

    async def all_back() -> bool:
        return await held(database) == 0

    await comes(all_back)
    await spend(budget, vendor, LIMIT - RESERVE - 40)


async def test_an_outage_turns_away_with_other_words_than_a_limit(budget: Budget) -> None:
    for _ in range(5):
        (await take(budget)).failed()
    with pytest.raises(TryLater, match="has an outage; nothing was sent") as raised:
        await take(budget, patience=1.0)
    assert 8 <= raised.value.retry_after <= 15


async def test_it_is_said_when_there_may_be_a_permit(budget: Budget) -> None:
    assert budget.opens(KOWHAI) == 0
    await shut(budget, 100.0)
    assert budget.opens(KOWHAI) == pytest.approx(100, abs=5)
    assert budget.opens("torea") == 0


async def test_another_process_hears_of_a_refusal_before_its_own_permits_run_out(
    opened: Opening,
) -> None:
    one, other = [await opened() for _ in range(2)]
    vendor = Counter()
    await spend(one, vendor, 40)
    await spend(other, vendor, 40)
    (await take(one)).refused({}, 100.0)

    async def knows() -> bool:
        return bool(other.opens(KOWHAI) > 0)

    await comes(knows)


async def test_those_who_wait_hear_that_redis_is_away(opened: Opening) -> None:
    with RedisServer() as redis:
        budget = await opened(redis.url)
        (await take(budget)).refused({}, 300.0)
        with pytest.raises(RateLimited):
            await take(budget, patience=0.3)
        waiting = [asyncio.create_task(take(budget, lane)) for lane in ("bulk", "interactive")]
        await asyncio.sleep(0)
        redis.kill()
        for one in waiting:
            with pytest.raises(DatabaseAway):
                await one
        with pytest.raises(DatabaseAway):
            await take(budget)


async def test_a_redis_that_comes_back_is_gone_on_with(opened: Opening) -> None:
    vendor = Counter()
    with RedisServer() as redis:
        budget = await opened(redis.url)
        await spend(budget, vendor, 50)
        redis.kill()
        with pytest.raises(DatabaseAway):
            await spend(budget, vendor, 50)
        await asyncio.to_thread(redis.start)
        async with asyncio.timeout(BOUND):
            while vendor.used < LIMIT - RESERVE:
                try:
                    await spend(budget, vendor, 1)
                except DatabaseAway:
                    await asyncio.sleep(0.01)
    assert vendor.used == LIMIT - RESERVE
