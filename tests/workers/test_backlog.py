"""What waits, in numbers: which of it is overdue, and at what cost that is known."""

import pytest

from actions.database import Database
from actions.errors import DatabaseAway
from tests.conftest import Work
from tests.workers.conftest import Ledger, Store, said, sale
from workers import keys
from workers.backlog import LOOKED_AT, Backlog, counted, lasting, measure
from workers.keys import EVENTS_QUEUE, OPEN, QUEUES, QueueName
from workers.plugins import GiveUp

BOUND = 60.0
LONG = 130.0


async def aged(database: Database, name: str, member: str, seconds: float = LONG) -> None:
    """Let something have waited for so long, by Redis' clock."""
    time, micros = await database.do("TIME")
    await database.do("ZADD", name, time * 1000 + micros // 1000 - int(seconds * 1000), member)


async def measured(database: Database, bound: float = BOUND) -> Backlog:
    return await measure(database, bound)


async def test_an_empty_redis_has_no_backlog(database: Database) -> None:
    backlog = await measured(database)
    assert backlog.overdue() == {}
    assert (backlog.inbox.open, backlog.inbox.oldest) == (0, 0)
    assert {name: queue.jobs for name, queue in backlog.queues.items()} == dict.fromkeys(QUEUES, 0)


async def test_what_has_just_come_waits_and_is_not_overdue(
    store: Store, database: Database
) -> None:
    for number in range(3):
        await store(said(sale(f"s{number}")))
    backlog = await measured(database)
    assert backlog.overdue() == {}
    assert (backlog.inbox.open, backlog.inbox.overdue) == (3, 0)
    assert (backlog.queues["events"].jobs, backlog.queues["events"].overdue) == (3, 0)


async def test_an_event_without_dispatch_is_overdue_after_the_bound(
    event_id: str, store: Store, database: Database
) -> None:
    await store(said(sale("s2")))
    await aged(database, OPEN, event_id)
    backlog = await measured(database)
    assert (backlog.inbox.overdue, int(backlog.inbox.oldest)) == (1, 130)
    sentence = "1 event without dispatch for more than 60 s, the oldest for 2 min"
    assert backlog.overdue() == {"inbox": sentence}
    assert (await measured(database, 200)).overdue() == {}


async def test_an_event_that_came_twice_is_overdue_all_the_same(
    store: Store, database: Database
) -> None:
    event_id = await store(said(sale()))
    assert await store(said(sale())) == event_id
    await aged(database, OPEN, event_id)
    assert (await measured(database)).inbox.overdue == 1


@pytest.mark.parametrize("end", [None, GiveUp("no")])
async def test_an_event_that_is_over_is_not_overdue(
    end: Exception | None, event_id: str, work: Work, database: Database
) -> None:
    await aged(database, OPEN, event_id)
    await work(Ledger(end).plugin)
    backlog = await measured(database)
    assert backlog.overdue() == {}
    assert (backlog.inbox.failed, backlog.inbox.handled) == ((1, 0) if end else (0, 1))


async def test_an_event_that_waits_for_a_subscriber_is_not_overdue(
    event_id: str, database: Database
) -> None:
    await database.do("HSET", keys.event(event_id), "state", "dispatched")
    await aged(database, OPEN, event_id)
    backlog = await measured(database)
    assert (backlog.inbox.open, backlog.inbox.overdue, backlog.inbox.oldest) == (1, 0, 0)


@pytest.mark.parametrize("name", QUEUES)
async def test_a_job_that_nobody_takes_is_overdue_after_the_bound(
    name: QueueName, database: Database
) -> None:
    await aged(database, QUEUES[name], "one", 61)
    await aged(database, QUEUES[name], "another", 3 * 3600)
    await aged(database, QUEUES[name], "just due", 59)
    backlog = await measured(database)
    assert (backlog.queues[name].jobs, backlog.queues[name].overdue) == (3, 2)
    assert backlog.overdue() == {
        name: f"2 jobs of the {name} queue for more than 60 s, the oldest for 3 h, with no worker"
    }


async def test_a_job_that_runs_or_is_due_later_is_not_overdue(database: Database) -> None:
    await aged(database, EVENTS_QUEUE, "its lease ends in a moment", -0.5)
    await aged(database, EVENTS_QUEUE, "tried again in an hour", -3600)
    queue = (await measured(database, 0.001)).queues["events"]
    assert (queue.jobs, queue.overdue, queue.oldest) == (2, 0, 0)


async def test_what_nobody_came_to_is_seen_behind_many_that_wait_for_a_subscriber(
    store: Store, database: Database
) -> None:
    for number in range(3 * LOOKED_AT):
        name = f"dispatched {number}"
        await database.do("HSET", keys.event(name), "state", "dispatched")
        await aged(database, OPEN, name, LONG + 3 * LOOKED_AT - number)
    assert (await measured(database)).inbox.overdue == 0
    await aged(database, OPEN, await store(said(sale())))
    inbox = (await measured(database)).inbox
    assert (inbox.overdue, inbox.unseen) == (1, LOOKED_AT + 1)


async def test_no_more_events_are_looked_at_than_the_bound_of_its_cost(database: Database) -> None:
    for number in range(3 * LOOKED_AT):
        await aged(database, OPEN, f"stored {number}")
    await database.do("CONFIG", "RESETSTAT")
    backlog = await measured(database)
    stats = await database.do("INFO", "commandstats")
    assert stats["cmdstat_hexists"]["calls"] == 2 * LOOKED_AT
    assert (backlog.inbox.overdue, backlog.inbox.unseen) == (2 * LOOKED_AT, LOOKED_AT)
    assert backlog.overdue()["inbox"].startswith("at least 200 events without dispatch")


async def test_measuring_changes_nothing_unless_it_is_to_write(database: Database) -> None:
    await measured(database)
    assert await database.do("DBSIZE") == 0
    await measure(database, BOUND, writing=True)
    assert 0 < await database.do("TTL", "backroom:ready") <= 60


async def test_a_redis_that_takes_no_writes_can_still_be_measured(database: Database) -> None:
    await database.do("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(DatabaseAway, match="maxmemory"):
            await measure(database, BOUND, writing=True)
        assert (await measured(database)).overdue() == {}
    finally:
        await database.do("CONFIG", "SET", "maxmemory", "0")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.25, "0.25 s"),
        (4.78, "4.8 s"),
        (60, "60 s"),
        (119, "119 s"),
        (130, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_800, "2 d"),
    ],
)
def test_a_time_is_written_as_people_say_it(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_one_is_not_written_as_several() -> None:
    assert [counted(1, "job"), counted(2, "job"), counted(1000, "job")] == [
        "1 job",
        "2 jobs",
        "1,000 jobs",
    ]
