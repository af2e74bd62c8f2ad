"""What workers count: it is what they did, and it is bounded whatever plugins raise."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from actions.budget import TOKENS, Budget
from actions.database import Database
from actions.grants import Grant, Grants, Mine, Pair
from actions.secret import Secret
from actions.vault import Vault
from tests.conftest import Work
from tests.workers.conftest import Ledger, Step, Store, die, said, sale
from workers import keys
from workers.claims import Claims
from workers.inbox import Inbox, now_ms
from workers.meters import LAGS, Standing, read, standing
from workers.plugins import GiveUp
from workers.worker import EVENT_EFFECTS


async def runs_of(database: Database) -> dict[tuple[str, str], int]:
    return {name: count for name, count in (await read(database)).runs.items() if count}


async def test_nothing_has_been_counted_on_a_new_redis(database: Database) -> None:
    meters = await read(database)
    assert {*meters.events.values(), *meters.runs.values(), *meters.lags} == {0}
    assert (meters.refused, meters.failures, meters.lag_seconds) == ({}, {}, 0)


async def test_each_run_of_a_subscriber_is_counted_and_each_event_once(
    store: Store, step: Step, database: Database
) -> None:
    event_id = await store(said(sale()))
    ledger = Ledger(ValueError(), None)
    await step(ledger.plugin, jobs=2)
    assert await runs_of(database) == {("events", "retrying"): 1}
    assert sum((await read(database)).events.values()) == 0
    await database.do("ZADD", keys.EVENTS_QUEUE, 0, f"{event_id}:ledger.post")
    await step(ledger.plugin)
    assert await runs_of(database) == {("events", "retrying"): 1, ("events", "done"): 1}
    assert (await read(database)).events["sale.update", "handled"] == 1
    assert (await read(database)).failures == {}


async def test_an_event_that_was_replayed_counts_again(
    store: Store, work: Work, inbox: Inbox, database: Database
) -> None:
    event_id = await store(said(sale()))
    ledger = Ledger(GiveUp("no"))
    await work(ledger.plugin)
    await inbox.replay(event_id, ["ledger.post"])
    await work(ledger.plugin)
    events = (await read(database)).events
    assert (events["sale.update", "failed"], events["sale.update", "handled"]) == (1, 1)


async def test_an_event_that_nobody_survives_to_read_is_a_failure_of_its_own(
    store: Store, work: Work, database: Database
) -> None:
    event_id = await store(said(sale()), "made.up")
    await die(database, event_id, 5)
    await work(Ledger().plugin)
    meters = await read(database)
    assert meters.events["ping", "failed"] == 1
    assert meters.failures == {("events", "WorkerDied"): 1}


async def test_twenty_causes_are_told_apart_and_the_rest_is_counted_together(
    store: Store, work: Work, database: Database
) -> None:
    kinds = [type(f"Odd{number:02}", (Exception,), {}) for number in range(23)]
    for number in range(len(kinds)):
        await store(said(sale(f"s{number}")))
    await work(Ledger(*(kind() for kind in kinds), attempts=1).plugin)
    for number in range(2):
        await store(said(sale(f"t{number}")))
    await work(Ledger(kinds[0](), kinds[-1](), attempts=1).plugin)
    failures = (await read(database)).failures
    assert (len(failures), failures.pop(("events", "other"))) == (21, 4)
    assert sorted(failures.values()) == [1] * 19 + [2]
    assert await database.do("HLEN", keys.CAUSES) == 21


async def test_waits_for_the_dispatch_are_counted_by_how_long_they_were(
    store: Store, work: Work, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = [0.0, *(bound * 0.9 for bound in LAGS[3:]), 400.0, -50.0]
    for number, seconds in enumerate(waits):
        past = now_ms() - int(seconds * 1000)
        with monkeypatch.context() as then:
            then.setattr("tests.workers.conftest.now_ms", lambda past=past: past)
            await store(said(sale(f"s{number}")))
    await work(Ledger().plugin)
    meters = await read(database)
    assert sum(meters.lags[:4]) == 3
    assert meters.lags[4:] == [1] * (len(LAGS) - 4) + [1]
    assert abs(meters.lag_seconds - sum(waits[:-1])) < 10


async def test_jobs_are_counted_by_whether_they_run_are_due_or_wait(
    store: Store, database: Database
) -> None:
    for number in range(3):
        await store(said(sale(f"s{number}")))
    await Claims(database, keys.EVENTS_QUEUE, EVENT_EFFECTS).turn([], 2)
    await database.do("ZADD", keys.EVENTS_QUEUE, now_ms() + 3_000, "soon")
    await database.do("ZADD", keys.ACTIONS_QUEUE, now_ms() + 300_000, "late")
    nothing = Standing(running=0, due=0, later=1)
    assert await standing(database) == {
        "events": Standing(running=2, due=1, later=1),
        "actions": nothing,
    }


@pytest.fixture
async def budget(database: Database) -> AsyncIterator[Budget]:
    async with Budget(database) as budget:
        yield budget


async def test_429s_are_counted_for_calls_and_for_the_token_endpoint(
    budget: Budget, database: Database
) -> None:
    for who in ("kowhai", "torea", TOKENS):
        permit = await budget.take("GetSale", who, patience=5)
        permit.refused({}, 1.0)
    async with asyncio.timeout(5):
        while (await read(database)).limited != {"calls": 2, "tokens": 1}:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def begun(grants: Grants, grant: Grant) -> Mine:
    turn = await grants.begin(grant)
    assert isinstance(turn, Mine)
    return turn


async def test_turns_to_refresh_are_counted_by_how_they_ended(
    database: Database, vault: Vault
) -> None:
    grants = Grants(database, vault)
    pair = Pair(access=Secret("a"), refresh=Secret("r"), expires_at=1)
    await grants.keep("kowhai", pair)
    for sent in (False, True):
        grant = await grants.get("kowhai")
        await grants.yield_turn(grant, await begun(grants, grant), sent=sent)
    grant = await grants.get("kowhai")
    turn = await begun(grants, grant)
    for _ in range(2):  # the second says nothing new
        await grants.renew(grant, turn, pair)
    grant = await grants.get("kowhai")
    turn = await begun(grants, grant)
    for _ in range(2):
        await grants.bury(grant, turn, "gone")
    counted = {"kept": 1, "refused": 1, "unanswered": 1, "unsent": 1}
    assert (await read(database)).refreshes == counted
