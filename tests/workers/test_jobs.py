"""Jobs as an operator sees them, and cancelling them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec import structs

from actions.action import Action
from actions.client import Client
from actions.database import Database
from actions.resources.brands import CreateBrand, ListBrands
from tests.stores import Store, open_store
from tests.workers.conftest import Ledger, Step, due, entry_of, outcome_of, ready
from workers import keys
from workers.action_jobs import ActionJobs, NoSuchJob
from workers.cancelling import CannotCancel, cancel
from workers.deliver import CANCELLED
from workers.environment import load
from workers.events import SALE_UPDATE, Event
from workers.inbox import Inbox
from workers.jobs import Wanted, get, listed
from workers.lightspeed import Lightspeed, lightspeed
from workers.plugins import Context, NoSettings, Plugin, Retry
from workers.settings import Settings
from workers.worker import build, build_actions

NAME = "ledger.post"
BRAND = CreateBrand(name="Tussock")


@pytest.fixture
async def shop() -> AsyncIterator[Store]:
    async with open_store() as shop:
        yield shop


@pytest.fixture
def settings(environ: dict[str, str], shop: Store) -> Settings:
    return load(Settings, environ | shop.environ)


@pytest.fixture
async def reach(settings: Settings, inbox: Inbox, shop: Store) -> AsyncIterator[Lightspeed]:
    async with lightspeed(settings, inbox.database, inbox.vault) as reach:
        await reach.grants.keep("kowhai", shop.pair())
        yield reach


@pytest.fixture
def jobs(reach: Lightspeed) -> ActionJobs:
    return reach.jobs


async def rows(database: Database, *wanted: Any) -> list[tuple[str, str, str]]:
    found = await listed(database, Wanted(*wanted), 50)
    return [(one.job_id, one.name, one.state) for one in found]


async def test_jobs_of_both_queues_are_listed_with_what_they_are_and_where_they_stand(
    event_id: str, step: Step, reach: Lightspeed, database: Database
) -> None:
    sent = await reach.enqueue(BRAND, "kowhai")
    assert await rows(database) == [
        (event_id, "dispatch", "queued"),
        (sent, "CreateBrand", "queued"),
    ]
    await step(Ledger(Retry(60)).plugin, jobs=2)
    subscriber = f"{event_id}:{NAME}"
    assert await rows(database, "events") == [(subscriber, NAME, "waiting")]
    assert await rows(database, None, "queued") == [(sent, "CreateBrand", "queued")]
    await database.do("SET", f"arq:in-progress:{sent}", "somebody")
    assert await rows(database, "actions", "running") == [(sent, "CreateBrand", "running")]
    (waits, _) = await listed(database, Wanted(), 50)
    assert (waits.retailer, waits.attempts, waits.error) == ("kowhai", 1, "Retry")
    assert waits.due is not None


async def test_an_action_that_is_over_is_listed_as_long_as_it_is_kept(
    settings: Settings, reach: Lightspeed, database: Database
) -> None:
    kept = await reach.enqueue(BRAND, "kowhai")
    gone = await reach.enqueue(BRAND, "kowhai", keep=0)
    await finish(settings, reach)
    assert await rows(database) == [(kept, "CreateBrand", "done")]
    assert await rows(database, "actions", "failed") == []
    with pytest.raises(NoSuchJob):
        await reach.jobs.get(gone)


async def test_no_more_are_listed_than_asked_for(reach: Lightspeed, database: Database) -> None:
    for _ in range(5):
        await reach.enqueue(BRAND, "kowhai")
    assert len(await listed(database, Wanted(), 3)) == 3


async def test_what_is_no_job_of_ours_is_passed_over(database: Database) -> None:
    for name in ("stray", "absent"):
        await database.do("ZADD", keys.ACTIONS_QUEUE, 1, name)
    await database.do("SET", "arq:job:stray", b"\x80rubbish")
    assert await rows(database) == []


async def finish(settings: Settings, reach: Lightspeed) -> None:
    worker = build_actions(settings, reach, burst=True)
    await worker.async_run()
    await worker.close()


async def test_a_waiting_action_that_is_cancelled_is_never_sent(
    settings: Settings, inbox: Inbox, reach: Lightspeed, jobs: ActionJobs, shop: Store
) -> None:
    job_id = await reach.enqueue(BRAND, "kowhai")
    assert await cancel(inbox, jobs, job_id) == "cancelled"
    job = await jobs.get(job_id)
    assert (job.state, job.message) == ("cancelled", "It had not begun.")
    await finish(settings, reach)
    assert shop.seen == []
    assert await inbox.database.do("KEYS", "arq:*") == []
    assert await rows(inbox.database) == [(job_id, "CreateBrand", "cancelled")]
    with pytest.raises(CannotCancel, match="is over"):
        await cancel(inbox, jobs, job_id)


class Hanging(Client):
    """A client whose calls do not return."""

    def __init__(self) -> None:
        self.budget = None
        self.called = asyncio.Event()

    async def call(self, action: Action[Any], retailer: str, **terms: Any) -> Any:
        del action, retailer, terms
        self.called.set()
        await asyncio.Event().wait()


async def test_a_running_action_that_is_cancelled_is_stopped_by_its_worker(
    settings: Settings, inbox: Inbox, reach: Lightspeed, jobs: ActionJobs
) -> None:
    job_id = await reach.enqueue(ListBrands(), "kowhai")
    client = Hanging()
    worker = build_actions(settings, structs.replace(reach, client=client), burst=True)
    working = asyncio.create_task(worker.async_run())
    await client.called.wait()
    assert await cancel(inbox, jobs, job_id) == "asked"
    await working
    await worker.close()
    job = await jobs.get(job_id)
    assert (job.state, job.message) == ("cancelled", "It was under way.")
    assert await inbox.database.do("KEYS", "arq:*") == []


async def test_a_subscriber_that_is_cancelled_leaves_its_event_failed_and_can_be_replayed(
    event_id: str, step: Step, inbox: Inbox, jobs: ActionJobs, database: Database
) -> None:
    ledger = Ledger(Retry(60))
    await step(ledger.plugin, jobs=2)
    assert await cancel(inbox, jobs, f"{event_id}:{NAME}") == "cancelled"
    assert (await entry_of(database, event_id)).state == "failed"
    outcome = await outcome_of(database, event_id)
    assert inbox.message(event_id, NAME, outcome) == CANCELLED
    job = await get(inbox, jobs, f"{event_id}:{NAME}")
    assert (job.state, job.action, job.error) == ("failed", NAME, "GiveUp")
    assert await inbox.replay(event_id, [NAME]) == [NAME]
    await step(ledger.plugin)
    assert (await entry_of(database, event_id)).state == "handled"


async def test_a_running_subscriber_that_is_cancelled_is_stopped_by_its_worker(
    event_id: str, settings: Settings, inbox: Inbox, jobs: ActionJobs, database: Database
) -> None:
    plugin, begun = Plugin("ledger"), asyncio.Event()

    @plugin.on(SALE_UPDATE)
    async def post(_: Event[Any], __: Context[NoSettings]) -> None:
        begun.set()
        await asyncio.Event().wait()

    worker = build(settings, inbox, ready(plugin), burst=True)
    working = asyncio.create_task(worker.async_run())
    await begun.wait()
    assert (await get(inbox, jobs, f"{event_id}:{NAME}")).state == "running"
    assert await cancel(inbox, jobs, f"{event_id}:{NAME}") == "asked"
    await working
    await worker.close()
    assert (await entry_of(database, event_id)).state == "failed"
    assert inbox.message(event_id, NAME, await outcome_of(database, event_id)) == CANCELLED
    assert await database.do("KEYS", "arq:*") == []


async def test_a_dispatch_is_not_cancelled(
    event_id: str, step: Step, inbox: Inbox, jobs: ActionJobs
) -> None:
    with pytest.raises(CannotCancel, match="dispatch"):
        await cancel(inbox, jobs, event_id)
    ledger = Ledger()
    await step(ledger.plugin, jobs=2)
    assert ledger.attempts == [1]


@pytest.mark.parametrize("job_id", ["0123", "0123:ledger.post"])
async def test_a_job_that_nobody_knows_is_said_to_be_so(
    inbox: Inbox, jobs: ActionJobs, job_id: str
) -> None:
    for ask in (get, cancel):
        with pytest.raises(NoSuchJob, match=rf"^No job {job_id} is kept: "):
            await ask(inbox, jobs, job_id)
    await due(inbox.database, job_id)
    assert await rows(inbox.database) == []
