"""What the page says of retailers: 50 are told apart, however many there are."""

import time
from typing import Any

import pytest
from structlog.testing import capture_logs

from actions.connections import CONNECTIONS
from actions.database import Database
from actions.outlook import look
from ingress.metrics import reading
from ingress.metrics.reading import NAMED, OTHER
from tests.actions.test_outlook import keep
from tests.ingress.metrics.conftest import Scrape, nonzero
from workers.keys import line

MANY = 200
EACH = ("limit_requests", "used_requests", "left_requests", "waiting_jobs")


async def called(database: Database, retailer: str, used: int, **facts: Any) -> None:
    """Link a retailer and keep a budget of which so much is used in this window."""
    await database.do("HSET", CONNECTIONS, retailer, "sealed")
    now = time.time() * 1000
    await keep(database, retailer, fixed=True, lo=now, hi=now, used=used, **facts)


@pytest.fixture
async def crowd(database: Database) -> dict[str, int]:
    """Many retailers, each with other calls, and what each has used."""
    used = {f"store-{number}": number for number in range(MANY)}
    for retailer, calls in used.items():
        await called(database, retailer, calls)
    return used


async def test_those_with_the_least_left_are_told_apart_and_the_rest_is_summed(
    crowd: dict[str, int], scrape: Scrape
) -> None:
    page = await scrape()
    named = sorted(crowd, key=lambda name: -crowd[name])[:NAMED]
    for name in EACH:
        rows = [values[1] for values in page if values[0] == f"backroom_budget_{name}"]
        assert sorted(rows) == sorted([*named, OTHER])
    left = nonzero(page, "backroom_budget_left_requests")
    assert left.pop((OTHER,)) == sum(350 - used for used in range(MANY - NAMED))
    assert left == {(name,): 350 - crowd[name] for name in named}
    assert sum(nonzero(page, "backroom_budget_used_requests").values()) == sum(range(MANY))
    assert sum(nonzero(page, "backroom_budget_limit_requests").values()) == 350 * MANY


async def test_a_retailer_that_is_named_as_the_rest_is_summed_with_it(
    database: Database, scrape: Scrape
) -> None:
    await called(database, OTHER, 300)
    await called(database, "kowhai", 50)
    page = await scrape()
    assert nonzero(page, "backroom_budget_left_requests") == {("kowhai",): 300, (OTHER,): 50}


async def test_nobody_who_was_not_called_is_told_of(database: Database, scrape: Scrape) -> None:
    await database.do("HSET", CONNECTIONS, "torea", "sealed")
    page = await scrape()
    assert nonzero(page, "backroom_retailers") == {("needs_relink",): 1}
    assert not [values for values in page if values[0] == "backroom_budget_left_requests"]
    assert page["backroom_token_budget_left_requests",] == 10


async def test_gates_that_are_shut_and_jobs_that_wait_are_counted(
    database: Database, scrape: Scrape
) -> None:
    soon = time.time() * 1000 + 60_000
    await called(database, "kowhai", 350, shut=soon)
    await called(database, "torea", 1, broken=soon)
    await called(database, "weka", 1)
    for number in range(3):
        await database.do("ZADD", line("kowhai"), soon, f"j{number}")
    page = await scrape()
    assert nonzero(page, "backroom_budget_gates_shut") == {("429",): 1, ("outage",): 1}
    assert nonzero(page, "backroom_budget_waiting_jobs") == {("kowhai",): 3}
    assert (await look(database, ["kowhai"]))["kowhai"].left == 0


@pytest.mark.usefixtures("crowd")
async def test_where_there_are_too_many_the_page_leaves_them_out(
    scrape: Scrape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_RETAILERS_SECONDS", 0)
    with capture_logs() as lines:
        page = await scrape()
    assert [line["event"] for line in lines] == ["metrics.incomplete"]
    assert page["backroom_up",] == 1
    assert not [values for values in page if values[0].startswith("backroom_budget_")]
