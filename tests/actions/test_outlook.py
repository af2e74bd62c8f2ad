"""What is told of a budget: as of now, by the same reckoning as permits, and nothing is touched."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from actions.answers import wait
from actions.budget import TOKENS, Budget
from actions.database import Database
from actions.exchange import Exchange, Report, Scheme, key
from actions.outlook import Outlook, look
from actions.simulator.limits import Plan
from tests.stores import Store, open_store

NOW = 1_800_000_000.0
"""A moment in seconds since 1970 at which a window of 300 s begins."""
MS = NOW * 1000


async def keep(database: Database, retailer: str = "kowhai", **facts: Any) -> None:
    """Keep a budget as the script does: 350 calls, nothing proven, nothing used, begun at NOW."""
    nothing = {"fixed": False, "short": False, "probe": False, "log": [], "held": {}, "order": {}}
    counts = ("used", "others", "before", "failures", "away", "through", "refused", "answered")
    moments = ("known", "told", "shut", "struck", "broken", "pause", "careful")
    zero = dict.fromkeys(counts + moments, 0)
    state = {"limit": 350, "lo": MS, "hi": MS} | nothing | zero | facts
    await database.do("SET", key(retailer), msgspec.msgpack.encode(state))


async def seen(database: Database, after: float = 0, **facts: Any) -> Outlook:
    """Keep a budget and look at it so many seconds after NOW."""
    await keep(database, **facts)
    return (await look(database, ["kowhai"], at=NOW + after))["kowhai"]


async def test_of_a_retailer_that_nobody_called_the_limit_is_assumed(database: Database) -> None:
    found = await look(database, ["kowhai", TOKENS])
    assert found["kowhai"] == Outlook(window=300, limit=350, left=350)
    assert found[TOKENS] == Outlook(window=60, limit=10, left=10)
    assert (found["kowhai"].heard, found["kowhai"].reset) == (None, None)
    assert await database.do("KEYS", "*") == []


async def test_what_is_proven_is_told_with_its_phase_and_error(database: Database) -> None:
    facts = {"fixed": True, "lo": MS + 76_000, "hi": MS + 77_000, "used": 100, "told": MS + 90_000}
    found = await seen(database, 97, **facts)
    assert found.proven
    assert (found.phase, found.phase_error) == (76.5, 0.5)
    assert found.reset == 280
    assert (found.used, found.left, found.kept) == (100, 250, 18)
    assert found.heard == 7


async def test_a_window_that_is_over_is_not_told_any_more(database: Database) -> None:
    facts = {"fixed": True, "lo": MS - 500, "used": 100, "others": 30, "before": 9}
    last = await seen(database, 299, **facts)
    assert (last.used, last.others, last.others_before, last.reset) == (100, 30, 9, 1)
    next_one = await seen(database, 301, **facts)
    assert (next_one.used, next_one.others, next_one.others_before) == (0, 0, 30)
    assert next_one.reset == 299
    assert (next_one.phase, next_one.phase_error) == (299.75, 0.25)


async def test_where_nothing_is_proven_each_call_counts_for_a_whole_window(
    database: Database,
) -> None:
    log = [[MS + 10_000, 5], [MS + 40_000, 7]]
    found = await seen(database, 50, log=log)
    assert (found.used, found.left, found.reset) == (12, 338, 260)
    assert (found.proven, found.phase, found.phase_error) == (False, None, None)
    found = await seen(database, 311, log=log)
    assert (found.used, found.left, found.reset) == (7, 343, 29)
    found = await seen(database, 341, log=log)
    assert (found.used, found.left, found.reset) == (0, 350, None)


async def test_permits_of_a_dead_process_are_not_told_of(database: Database) -> None:
    held = {"a": [3, MS + 5_000], "b": [4, MS + 9_000]}
    found = await seen(database, 1, held=held)
    assert (found.held, found.processes, found.left) == (7, 2, 343)
    found = await seen(database, 6, held=held)
    assert (found.held, found.processes, found.left) == (4, 1, 346)


async def test_others_are_expected_to_go_on_as_in_the_last_window(database: Database) -> None:
    facts = {"fixed": True, "used": 50, "others": 10, "before": 100, "known": MS + 30_000}
    found = await seen(database, 90, held={"a": [2, MS + 99_000]}, **facts)
    assert (found.others, found.others_expected, found.others_before) == (10, 20, 100)
    parts = (found.used, found.held, found.others, found.others_expected, found.left)
    assert sum(parts) == found.limit


@pytest.mark.parametrize(
    ("facts", "why", "shut"),
    [
        ({}, "", 0),
        ({"shut": MS + 30_000, "struck": 1}, "429", 20),
        ({"shut": MS + 10_000, "struck": 1}, "", 0),
        ({"broken": MS + 25_000, "pause": 20_000}, "outage", 15),
        ({"broken": MS + 9_000, "pause": 20_000}, "", 0),
        ({"shut": MS + 11_000, "broken": MS + 70_000}, "429", 60),
    ],
    ids=["open", "429", "429 over", "outage", "outage over", "both"],
)
async def test_a_shut_gate_is_told_with_the_cause_until_it_opens(
    database: Database, facts: dict[str, Any], why: str, shut: float
) -> None:
    found = await seen(database, 10, **facts)
    assert (found.why, found.shut) == (why, shut)


async def test_in_its_last_seconds_nothing_of_a_window_is_kept_for_interactive_calls(
    database: Database,
) -> None:
    assert (await seen(database, 289, fixed=True)).kept == 18
    assert (await seen(database, 291, fixed=True)).kept == 0
    assert (await seen(database, 10, fixed=True, used=345)).kept == 5


async def test_before_a_fast_simulator_waits_are_in_our_seconds(database: Database) -> None:
    await keep(database, fixed=True, lo=MS * 30, hi=MS * 30, shut=(MS + 2_000) * 30)
    found = (await look(database, ["kowhai"], pace=30, at=NOW + 1))["kowhai"]
    assert (found.reset, found.shut) == (9, 1)


async def test_it_is_arithmetic_when_a_call_may_leave(database: Database) -> None:
    found = await seen(database, 20, fixed=True, used=300)
    assert (found.left, found.kept, found.reset) == (50, 18, 280)
    assert [found.opens(before) for before in (0, 31, 32, 381, 382)] == [0, 0, 280, 280, 580]
    assert (await seen(database, 20, shut=MS + 50_000)).opens(0) == 30
    assert Outlook(left=0).opens(0) == 300
    assert Outlook(left=0).opens(350, pace=10) == 60


async def test_looking_changes_nothing(database: Database) -> None:
    await keep(database, held={"a": [3, 1]}, log=[[1, 5]], others=7)
    before = await database.do("DUMP", key("kowhai"))
    for _ in range(2):
        await look(database, ["kowhai", "torea"])
    assert await database.do("DUMP", key("kowhai")) == before
    assert await database.do("KEYS", "*") == [key("kowhai").encode()]


async def test_a_thousand_budgets_are_told_each_as_its_own(database: Database) -> None:
    names = [f"shop-{number}" for number in range(1000)]
    for number in range(0, 1000, 7):
        await keep(database, names[number], limit=350 + number)
    found = await look(database, names, at=NOW)
    assert list(found) == names
    for number, name in enumerate(names):
        assert found[name].limit == (350 if number % 7 else 350 + number)


async def test_it_is_what_the_next_exchange_says(database: Database) -> None:
    exchange = Exchange(database, 1.0)
    report = Report(answered=[(0.0, 3)], turned_away=2)
    granted = await exchange("kowhai", Scheme(), report, 0, (0, 9))
    found = (await look(database, ["kowhai"]))["kowhai"]
    standing = granted.standing
    assert (found.limit, found.left, found.kept) == (standing.limit, standing.left, standing.kept)
    assert found.held == granted.interactive + granted.bulk


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store() as store:
        yield store


@pytest.fixture
async def fast() -> AsyncIterator[Store]:
    """A store whose windows last two seconds."""
    async with open_store(time_scale=150) as store:
        yield store


async def called(store: Store, budget: Budget) -> None:
    """Call the store once, with a permit."""
    permit = await budget.take("ListOutlets", "kowhai")
    headers = {"Authorization": f"Bearer {store.token()}"}
    url = f"{store.simulator.origin}/kowhai/api/2026-07/outlets"
    async with aiohttp.request("GET", url, headers=headers) as answer:
        if answer.status == 429:
            permit.refused(answer.headers, wait(answer.headers))
        else:
            permit.answered(answer.headers)


async def test_calls_to_a_store_are_told_with_the_limit_that_it_says(
    database: Database, store: Store
) -> None:
    store.simulator.stage.limits.plans["kowhai"] = Plan(registers=3)
    async with Budget(database) as budget:
        for _ in range(12):
            await called(store, budget)
    found = (await look(database, ["kowhai"]))["kowhai"]
    assert (found.limit, found.used, found.held, found.left) == (950, 12, 0, 938)
    assert found.heard is not None
    assert (found.why, found.refused) == ("", 0)


async def test_a_429_of_a_store_is_told(database: Database, store: Store) -> None:
    store.strike("429-storm")
    async with Budget(database) as budget:
        await called(store, budget)
    found = (await look(database, ["kowhai"]))["kowhai"]
    assert (found.why, found.refused) == ("429", 1)
    assert 20 < found.shut <= 33


async def test_calls_of_another_program_are_told(database: Database, store: Store) -> None:
    async with Budget(database) as budget:
        await called(store, budget)
        for _ in range(5):
            store.simulator.stage.limits.check("kowhai", "")
        await called(store, budget)
    found = (await look(database, ["kowhai"]))["kowhai"]
    assert (found.used, found.others, found.left) == (2, 5, found.limit - 7)


async def test_the_phase_of_a_store_is_told_once_a_new_window_has_proven_it(
    database: Database, fast: Store
) -> None:
    clock, limits = fast.simulator.stage.clock, fast.simulator.stage.limits
    found = Outlook()
    async with Budget(database, pace=150) as budget:
        while not found.proven:
            await called(fast, budget)
            earliest = clock.now()
            found = (await look(database, ["kowhai"], pace=150))["kowhai"]
            latest = clock.now()
    (window,) = [one for one in limits.state() if one["application"] == ""]
    assert found.phase is not None
    assert found.phase_error is not None
    past = latest - window["begun"]  # of its window when it was looked at, at most
    told = (found.at * 150 - found.phase) % 300
    slack = found.phase_error + (latest - earliest)
    assert -slack <= (told - past + 150) % 300 - 150 <= slack
    assert found.phase_error < 100
