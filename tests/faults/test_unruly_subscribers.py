"""Subscribers that raise, hang, block, exit, spin and devour: none but their own jobs suffer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from actions.listening import cancelled
from tests.faults.crew import Crew, hired
from tests.faults.feed import Feed, drained, standing
from tests.faults.ledger import Ledger
from tests.faults.refresh_store import is_thorough
from tests.faults.unruly import EXIT_KILLED
from tests.workers.conftest import entry_of
from workers import keys
from workers.claims import MOST_CLAIMS
from workers.heart import EXIT_STUCK
from workers.inbox import Inbox
from workers.listing import Entry

WORKERS = 2
OPEN = 1000
"""Sales that are open at most: a worker that is stuck keeps a hundred."""
FAILING = {
    "raises": "no good",
    "quits": "enough",
    "hangs": "took longer than 0.2 s",
    "devours": "",
}
"""The words that are kept of each."""
DEADLY = ("exits", "blocks_beyond", "spins")
DEATH = "its worker ended during each of its last"
DONE = ("good_too", "returns_rubbish", "occupies")


@pytest.mark.timeout(300)
async def test_only_the_jobs_of_unruly_subscribers_suffer(
    environ: dict[str, str],
    feed: Feed,
    inbox: Inbox,
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    if not is_thorough(pytestconfig):
        pytest.skip("a minute long, for each death costs a lease: see `make faults`")
    (event_id,) = await feed.put(1, "customer.update")
    async with hired(environ, "unruly", tmp_path) as crew, supervised(crew) as codes:
        async with feed.flowing(OPEN, at_once=1):
            await feed.over(event_id)
        await drained(feed.database)
    ledger = crew.ledger.read()
    judge(await entry_of(feed.database, event_id), inbox, ledger)
    assert await standing(feed.database, keys.FAILED) == {event_id}
    assert await standing(feed.database, keys.HANDLED) == {*feed.acknowledged} - {event_id}
    sales = ledger.jobs("good")
    assert set(sales) == {(one, "good") for one in feed.acknowledged if one != event_id}
    assert all(runs[-1].ended for runs in sales.values())
    assert set(codes) == {EXIT_KILLED, EXIT_STUCK}
    assert len(codes) == sum(run.subscriber in DEADLY for run in ledger.runs), "died of another"
    again = sum(len(runs) - 1 for runs in sales.values())
    print(
        f"\n{len(FAILING) + len(DEADLY)} unruly subscribers failed, each with its cause, and cost "
        f"{len(codes)} workers their lives; all {len(sales)} events of the good one beside them "
        f"are done, {again} of their runs again"
    )


@asynccontextmanager
async def supervised(crew: Crew) -> AsyncIterator[list[int]]:
    """Start each worker again that ends by itself; the list grows by their exit codes."""
    codes: list[int] = []

    async def supervise() -> None:
        while True:
            codes.append(await crew.launch().gone())

    watching = [asyncio.create_task(supervise()) for _ in range(WORKERS)]
    try:
        yield codes
    finally:
        for one in watching:
            await cancelled(one)


def judge(entry: Entry, inbox: Inbox, ledger: Ledger) -> None:
    """See that each subscriber's part in one event ended as it had to."""
    found = {name.removeprefix("unruly."): one for name, one in entry.subscribers.items()}
    assert set(found) == {*FAILING, *DEADLY, *DONE}
    for name in DONE:
        assert found[name].state == "done", name
    for name, words in {**FAILING, **dict.fromkeys(DEADLY, DEATH)}.items():
        told = inbox.message(entry.event_id, f"unruly.{name}", found[name])
        assert found[name].state == "failed", name
        assert told.startswith(words), name
    for name in DEADLY:
        assert sum(run.subscriber == name for run in ledger.runs) <= MOST_CLAIMS, name
