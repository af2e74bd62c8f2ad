"""Many actions at once: each once for its word, in its lane, and listed for its retailer."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from actions.budget import Budget
from actions.connections import BadDomainPrefix
from actions.database import Database, Script
from actions.errors import BackroomError, BadAction, CannotOpen, DatabaseAway
from actions.resources.brands import CreateBrand, GetBrand
from actions.resources.gift_cards import FindGiftCard
from actions.vault import Vault
from tests.workers.conftest import everything_in
from workers import keys
from workers.action_jobs import ACTION_EFFECTS, ActionJobs, NoSuchJob, OtherContent
from workers.cancelling import cancel
from workers.claims import Claims
from workers.inbox import Inbox
from workers.line import waiting
from workers.new_jobs import REPEAT_SECONDS, NewJob
from workers.retailer_jobs import Wanted, jobs_of

BRAND = NewJob(action=CreateBrand(name="Tussock"), retailer="kowhai")
WORD = "erp 8e03978e"
FRESH = 332
"""What a fresh budget has for bulk: 350 but for the reserve of 18."""


def brands(count: int, **more: Any) -> list[NewJob]:
    found = [GetBrand(f"b{place}") for place in range(count)]
    return [structs.replace(BRAND, action=one, **more) for one in found]


@pytest.fixture
def jobs(database: Database, vault: Vault) -> ActionJobs:
    return ActionJobs(database, vault)


async def queued(database: Database) -> int:
    return int(await database.do("ZCARD", keys.ACTIONS_QUEUE))


class Leaving(Database):
    """A Redis that goes away after so many scripts."""

    left = 0

    async def run(
        self, script: Script, keys: Sequence[str], args: Sequence[str | bytes | float]
    ) -> Any:
        if not self.left:
            raise DatabaseAway("No Redis answers.")
        self.left -= 1
        return await super().run(script, keys, args)


async def test_a_thousand_become_jobs_in_few_round_trips_and_in_their_order(
    jobs: ActionJobs, database: Database
) -> None:
    await database.do("CONFIG", "RESETSTAT")
    ids = await jobs.enqueue_many(brands(1000))
    stats = await database.do("INFO", "commandstats")
    assert int(stats["cmdstat_evalsha"]["calls"]) <= 9
    assert len(set(ids)) == await queued(database) == 1000
    kept = await database.do("ZRANGE", keys.ACTIONS_QUEUE, 0, -1)
    assert [one.decode() for one in kept[-100:]] == ids[-100:]
    last = await jobs.get(ids[-1])
    assert (last.action, last.retailer, last.state, last.lane) == (
        "GetBrand",
        "kowhai",
        "queued",
        "bulk",
    )


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (structs.replace(BRAND, action=CreateBrand(name="")), BadAction),
        (structs.replace(BRAND, retailer="evil.test/"), BadDomainPrefix),
    ],
)
async def test_where_one_is_bad_nothing_is_enqueued(
    jobs: ActionJobs, database: Database, bad: NewJob, error: type[BackroomError]
) -> None:
    with pytest.raises(error):
        await jobs.enqueue_many([*brands(300), bad], once=WORD)
    assert await database.do("KEYS", "*") == []


async def test_the_same_jobs_with_the_same_word_are_enqueued_once(
    jobs: ActionJobs, database: Database, vault: Vault
) -> None:
    wanted = brands(300)
    ids = await jobs.enqueue_many(wanted, once=WORD)
    others = [ActionJobs(database, vault) for _ in range(3)]
    assert [await one.enqueue_many(wanted, once=WORD) for one in others] == [ids] * 3
    assert await queued(database) == 300
    assert await jobs.enqueue_many(wanted, once="bi 8e03978e") != ids
    assert await jobs.enqueue_many(wanted) != ids
    assert await queued(database) == 900


async def test_twenty_at_the_same_time_enqueue_them_once(
    database: Database, vault: Vault, jobs: ActionJobs
) -> None:
    for count in (1, 300):
        wanted = brands(count, keep=1000 + count)
        racing = [ActionJobs(database, vault) for _ in range(20)]
        found = await asyncio.gather(
            *(one.enqueue_many(wanted, once=f"{WORD}{count}") for one in racing)
        )
        assert found == [found[0]] * 20
        assert len(set(found[0])) == count
        assert (await jobs.get(found[0][-1])).state == "queued"
    assert await queued(database) == 301


@pytest.mark.parametrize(
    "other",
    [
        [],
        [structs.replace(BRAND, action=CreateBrand(name="Rimu"))],
        [structs.replace(BRAND, retailer="torea")],
        [structs.replace(BRAND, lane="interactive")],
        [structs.replace(BRAND, keep=99)],
        [structs.replace(BRAND, action=GetBrand("Tussock"))],
        [BRAND, BRAND],
    ],
)
async def test_a_word_that_comes_with_other_content_enqueues_nothing(
    jobs: ActionJobs, database: Database, other: list[NewJob]
) -> None:
    (job_id,) = await jobs.enqueue_many([BRAND], once=WORD)
    if other:
        with pytest.raises(OtherContent, match="with other content: use a new one"):
            await jobs.enqueue_many(other, once=WORD)
    assert await queued(database) == 1
    assert await jobs.enqueue_many([BRAND], once=WORD) == [job_id]


async def test_what_redis_going_away_cut_short_is_gone_on_with_and_not_begun_again(
    redis_url: str, jobs: ActionJobs, database: Database, vault: Vault
) -> None:
    wanted = brands(1000)
    async with Leaving(redis_url) as leaving:
        leaving.left = 3
        with pytest.raises(DatabaseAway):
            await ActionJobs(leaving, vault).enqueue_many(wanted, once=WORD)
    begun = {one.decode() for one in await database.do("ZRANGE", keys.ACTIONS_QUEUE, 0, -1)}
    assert 0 < len(begun) < 1000
    for job_id in begun:  # they have run meanwhile, and are forgotten
        await database.together(
            [("DEL", keys.action_job(job_id)), ("ZREM", keys.ACTIONS_QUEUE, job_id)]
        )
    ids = await jobs.enqueue_many(wanted, once=WORD)
    assert begun < set(ids)
    assert await queued(database) == 1000 - len(begun)


async def test_a_word_is_remembered_for_72_hours_from_when_it_came(
    jobs: ActionJobs, database: Database
) -> None:
    first = await jobs.enqueue_many(brands(200), once=WORD)
    (name,) = await database.do("KEYS", "backroom:repeat:*")
    assert REPEAT_SECONDS == 72 * 3600
    assert REPEAT_SECONDS - 10 < await database.do("TTL", name) <= REPEAT_SECONDS
    await database.do("EXPIRE", name, 50)
    await jobs.enqueue_many(brands(200), once=WORD)
    assert await database.do("TTL", name) <= 50
    await database.do("DEL", name)
    assert await jobs.enqueue_many(brands(200), once=WORD) != first
    assert await queued(database) == 400


async def test_of_a_word_and_its_content_digests_alone_are_kept(
    jobs: ActionJobs, database: Database
) -> None:
    card = structs.replace(BRAND, action=FindGiftCard(number="4929-1111"))
    await jobs.enqueue_many([card], once=WORD)
    (name,) = await database.do("KEYS", "backroom:repeat:*")
    assert set((await database.do("HGETALL", name)).keys()) == {b"digest", b"seed", b"taken"}
    everything = await everything_in(database)
    assert b"4929" not in everything
    assert WORD.encode() not in everything


async def test_interactive_jobs_are_due_at_once_however_many_of_bulk_wait(
    jobs: ActionJobs, database: Database
) -> None:
    await jobs.enqueue_many(brands(FRESH + 100))
    ids = await jobs.enqueue_many(brands(50, lane="interactive"))
    seconds, _ = await database.do("TIME")
    scores = await database.do("ZMSCORE", keys.ACTIONS_QUEUE, *ids)
    assert all(float(one) / 1000 <= seconds + 1 for one in scores)
    assert (await waiting(database, ["kowhai"]))["kowhai"][0] == FRESH + 100 - 32
    assert (await jobs.get(ids[0])).lane == "interactive"


async def test_they_leave_bulk_its_place_in_the_window(
    jobs: ActionJobs, database: Database
) -> None:
    """What is let through is counted until it has its permit; these ask by themselves."""
    await jobs.enqueue_many(brands(20, lane="interactive"))
    ids = await jobs.enqueue_many(brands(32))
    seconds, _ = await database.do("TIME")
    scores = await database.do("ZMSCORE", keys.ACTIONS_QUEUE, *ids)
    assert all(float(one) / 1000 <= seconds + 1 for one in scores)
    async with Budget(database) as budget:
        assert (await budget.take("GetBrand", "kowhai", "interactive")) is not None


async def test_a_retailers_jobs_are_listed_newest_first_and_what_is_over_behind(
    jobs: ActionJobs, database: Database, inbox: Inbox
) -> None:
    over, *rest = await jobs.enqueue_many(brands(3))
    (theirs,) = await jobs.enqueue_many(brands(1, retailer="torea"))
    await asyncio.sleep(0.002)  # it is newer by Redis' clock, which counts ms
    later = await jobs.enqueue(BRAND.action, "kowhai")
    await cancel(inbox, jobs, over)
    found, more = await jobs_of(database, ["kowhai"], Wanted(), 4)
    ids = [one.job_id for one in found]
    assert (ids[0], set(ids[1:3]), ids[3:], more) == (later, set(rest), [over], False)
    assert [one.state for one in found] == ["queued"] * 3 + ["cancelled"]
    assert [one.due is None for one in found] == [False] * 3 + [True]
    assert {one.retailer for one in found} == {"kowhai"}
    both, more = await jobs_of(database, ["torea", "rimu", "kowhai"], Wanted(), 3)
    assert ([one.job_id for one in both], more) == ([theirs, *ids[:2]], True)


async def test_a_list_has_the_jobs_that_are_wanted_however_many_others_there_are(
    jobs: ActionJobs, database: Database, inbox: Inbox
) -> None:
    over, *rest = await jobs.enqueue_many(brands(250))
    brand = await jobs.enqueue(BRAND.action, "kowhai")
    await cancel(inbox, jobs, over)
    for wanted, ids in (
        (Wanted("cancelled"), {over}),
        (Wanted("done"), set()),
        (Wanted("queued"), {*rest, brand}),
        (Wanted(None, lambda name: name == "CreateBrand"), {brand}),
    ):
        found, more = await jobs_of(database, ["kowhai"], wanted, 300)
        assert ({one.job_id for one in found}, more) == (ids, False)


async def test_a_job_that_is_forgotten_is_not_listed_and_leaves_nothing_behind(
    jobs: ActionJobs, database: Database, inbox: Inbox
) -> None:
    gone, left = await jobs.enqueue_many(brands(2, keep=0))
    await cancel(inbox, jobs, gone)
    found, _ = await jobs_of(database, ["kowhai"], Wanted(), 10)
    assert [one.job_id for one in found] == [left]
    assert await database.do("ZRANGE", keys.jobs_of("kowhai"), 0, -1) == [left.encode()]


async def test_what_was_enqueued_before_there_were_lanes_is_bulk(
    jobs: ActionJobs, database: Database
) -> None:
    (job_id,) = await jobs.enqueue_many([BRAND])
    await database.do("HDEL", keys.action_job(job_id), "lane")
    assert (await jobs.get(job_id)).lane == "bulk"
    turn = await Claims(database, keys.ACTIONS_QUEUE, ACTION_EFFECTS).turn([], 1)
    assert [one.brought[-1] for one in turn.claimed] == [None]


async def test_what_may_not_be_seen_is_not_opened(jobs: ActionJobs, database: Database) -> None:
    (job_id,) = await jobs.enqueue_many([BRAND])
    await database.do("HSET", keys.action_job(job_id), "message", "not sealed")
    with pytest.raises(NoSuchJob):
        await jobs.get(
            job_id, lambda retailer, action: (retailer, action) != ("kowhai", "CreateBrand")
        )
    with pytest.raises(CannotOpen):
        await jobs.get(job_id)
