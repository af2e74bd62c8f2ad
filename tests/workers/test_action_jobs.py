"""Actions as jobs: a real Redis, a real worker, a simulator that counts what was sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from msgspec import structs
from structlog.testing import capture_logs

from actions.action import Action
from actions.client import Client
from actions.connections import BadDomainPrefix
from actions.database import Database
from actions.errors import (
    BackroomError,
    BadAction,
    ConnectionFailed,
    DatabaseAway,
    OutcomeUnknown,
    RateLimited,
)
from actions.exchange import Lane
from actions.grants import Mine, Pair
from actions.permit import Permit
from actions.resources.brands import CreateBrand, GetBrand, ListBrands
from actions.resources.customers import CreateCustomer, DeleteCustomer, GetCustomer
from actions.resources.sale_lines import (
    LineMetadataInput,
    LinePricingInput,
    LineProductInput,
    LineTaxInput,
    SaleLineInput,
    SaleSourceInput,
)
from actions.resources.sales import CreateSale
from actions.secret import Secret
from actions.vault import Vault, new_key
from tests.stores import Store, open_store
from tests.workers.conftest import EMAIL, due, everything_in
from workers import keys
from workers.action_jobs import ActionJobs, NoSuchJob
from workers.environment import load
from workers.keys import KEEP_SECONDS
from workers.lightspeed import Lightspeed, lightspeed
from workers.new_jobs import NewJob
from workers.queue import RUN_ACTION, job
from workers.retry import ACTION
from workers.settings import Settings
from workers.worker import build_actions

CUSTOMER = CreateCustomer(first_name="Mere", last_name=None, email=EMAIL, customer_code="MERE-1")
BRAND = CreateBrand(name="Tussock & Sons")
Once = Callable[..., Awaitable[float | None]]


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store() as store:
        yield store


@pytest.fixture
def settings(environ: dict[str, str], store: Store) -> Settings:
    return load(Settings, environ | store.environ)


@pytest.fixture
async def reach(
    settings: Settings, database: Database, vault: Vault, store: Store
) -> AsyncIterator[Lightspeed]:
    """The way to kowhai, which is linked."""
    async with lightspeed(settings, database, vault) as reach:
        await reach.grants.keep("kowhai", store.pair())
        yield reach


@pytest.fixture
def jobs(reach: Lightspeed) -> ActionJobs:
    return reach.jobs


class Scripted(Client):
    """A client that sends nothing: it notes the actions and ends each call as told."""

    def __init__(self, *ends: BackroomError) -> None:
        self.budget = None
        self.called: list[Action[Any]] = []
        self._ends = list(ends)

    async def call(self, action: Action[Any], retailer: str, **terms: Any) -> Any:
        del retailer, terms
        self.called.append(action)
        if self._ends:
            raise self._ends.pop(0)


async def work(settings: Settings, reach: Lightspeed) -> None:
    """Run a worker until the queue of actions is empty."""
    worker = build_actions(settings, reach, burst=True)
    await worker.async_run()
    await worker.close()


@pytest.fixture
def once(settings: Settings, reach: Lightspeed) -> Once:
    """Let a job's time come, run it once, and say in how many seconds it runs again, if at all."""

    async def once(job_id: str, client: Client | None = None) -> float | None:
        database, queue = reach.jobs.database, keys.ACTIONS_QUEUE
        await due(database, job_id, queue)
        there = structs.replace(reach, client=client or reach.client)
        worker = build_actions(settings, there, burst=True)
        worker.max_burst_jobs = 1
        await worker.async_run()
        await worker.close()
        at = await database.do("ZSCORE", queue, job_id)
        seconds, microseconds = await database.do("TIME")
        return None if at is None else float(at) / 1000 - seconds - microseconds / 1e6

    return once


async def cut_short(reach: Lightspeed, database: Database, action: Action[Any]) -> str:
    """A job whose worker died while it was under way."""
    job_id = await reach.enqueue(action, "kowhai")
    await database.do("HSET", keys.action_job(job_id), "state", "running")
    return job_id


async def test_an_enqueued_action_is_run_by_the_worker_and_its_result_can_be_fetched(
    settings: Settings, reach: Lightspeed, jobs: ActionJobs, store: Store, database: Database
) -> None:
    job_id = await reach.enqueue(BRAND, "Kowhai")
    queued = await jobs.get(job_id)
    assert (queued.action, queued.retailer, queued.state) == ("CreateBrand", "kowhai", "queued")
    assert (queued.attempts, queued.result, queued.error) == (0, None, "")
    with capture_logs() as lines:
        await work(settings, reach)
    done = await jobs.get(job_id)
    assert (done.state, done.attempts, done.error, done.message) == ("done", 0, "", "")
    assert done.result is not None
    made = msgspec.json.decode(done.result)
    assert [row["id"] for row in store.rows("brands") if row["name"] == BRAND.name] == [made]
    assert store.written == [("kowhai", "POST /brands")]
    (line,) = [one for one in lines if one["event"] == "action.done"]
    assert (line["job_id"], line["action"], line["retailer"]) == (job_id, "CreateBrand", "kowhai")
    assert await database.do("KEYS", "arq:job:*") == []


@pytest.mark.parametrize(
    ("action", "retailer", "error"),
    [
        (CreateBrand(name=""), "kowhai", BadAction),
        (GetBrand(brand_id=7), "kowhai", BadAction),  # type: ignore[arg-type]
        (BRAND, "evil.example.com/x", BadDomainPrefix),
    ],
)
async def test_bad_parameters_are_refused_before_anything_is_enqueued(
    jobs: ActionJobs,
    database: Database,
    action: Action[Any],
    retailer: str,
    error: type[BackroomError],
) -> None:
    before = await everything_in(database)
    with pytest.raises(error):
        await jobs.enqueue(action, retailer)
    assert await everything_in(database) == before


async def test_a_job_that_fails_ends_with_the_class_and_words_of_its_error(
    settings: Settings, reach: Lightspeed, jobs: ActionJobs, store: Store
) -> None:
    job_id = await reach.enqueue(GetBrand("nope"), "kowhai")
    with capture_logs() as lines:
        await work(settings, reach)
    failed = await jobs.get(job_id)
    assert (failed.state, failed.attempts, failed.error) == ("failed", 1, "NotFound")
    assert (
        failed.message
        == "GetBrand for kowhai: there is nothing for brand_id nope: it is wrong, or gone."
    )
    assert failed.result is None
    assert store.seen == [("GET /brands/{brand_id}", 404)]
    assert [one["error"] for one in lines if one["event"] == "action.failed"] == ["NotFound"]


async def test_parameters_results_and_messages_are_sealed_in_redis_and_not_logged(
    settings: Settings, reach: Lightspeed, jobs: ActionJobs, store: Store, database: Database
) -> None:
    with capture_logs() as lines:
        made = await reach.enqueue(CUSTOMER, "kowhai")
        waiting = await everything_in(database)
        await work(settings, reach)
        again = await reach.enqueue(CUSTOMER, "kowhai")
        await work(settings, reach)
    assert EMAIL.encode() in bytes((await jobs.get(made)).result or b"")
    assert "customer_code" in (await jobs.get(again)).message
    everything = waiting + await everything_in(database)
    for secret in (EMAIL, "Mere", "MERE-1", "customer_code", store.token()):
        assert secret.encode() not in everything
        assert secret not in repr(lines)


async def test_what_was_enqueued_is_what_is_called(reach: Lightspeed, once: Once) -> None:
    line = SaleLineInput(
        product=LineProductInput(id="p"),
        quantity=Decimal("1.50"),
        pricing=LinePricingInput(price=Decimal("19.9000")),
        tax=LineTaxInput(id="t", amount=Decimal("0.1")),
        metadata=LineMetadataInput(is_price_override=True),
    )
    moment = datetime(2026, 7, 1, 9, 30, 0, 5, UTC)
    author = SaleSourceInput(author_id="u")
    sale = CreateSale(
        source=author, state="parked", line_items=[line], date=moment, invoice_number=None
    )
    client = Scripted()
    assert await once(await reach.enqueue(sale, "kowhai"), client) is None
    assert client.called == [sale]
    (called,) = client.called
    assert called.request() == sale.request()


async def test_a_rate_limit_is_waited_for_and_is_no_attempt(
    reach: Lightspeed, once: Once, jobs: ActionJobs, store: Store
) -> None:
    job_id = await reach.enqueue(BRAND, "kowhai")
    store.strike("429-storm")
    for _ in range(3):
        after = await once(job_id)
        assert after is not None
        assert 25 <= after <= 32
        waiting = await jobs.get(job_id)
        assert (waiting.state, waiting.attempts, waiting.error) == ("waiting", 0, "RateLimited")
    assert store.seen == [("POST /brands", 429)]


async def test_a_worker_runs_a_job_again_once_the_rate_limit_opens(
    settings: Settings, reach: Lightspeed, jobs: ActionJobs, store: Store
) -> None:
    job_id = await reach.enqueue(BRAND, "kowhai")
    store.strike("429-storm", "retry-after-negative")  # which is taken for a second
    await work(settings, reach)
    assert (await jobs.get(job_id)).state == "done"
    assert store.written == [("kowhai", "POST /brands")]


@pytest.mark.parametrize("trouble", ["refused", "buried", "missing"])
async def test_a_retailer_to_be_linked_again_is_waited_for_and_then_it_goes_on(
    reach: Lightspeed,
    once: Once,
    jobs: ActionJobs,
    store: Store,
    database: Database,
    trouble: str,
) -> None:
    if trouble == "missing":
        await database.do("FLUSHALL")
    else:
        await reach.grants.keep("kowhai", Pair(access=Secret("not one of theirs")))
    if trouble == "buried":
        grant = await reach.grants.get("kowhai")
        turn = await reach.grants.begin(grant)
        assert isinstance(turn, Mine)
        await reach.grants.bury(grant, turn, "it was revoked")
    job_id = await reach.enqueue(BRAND, "kowhai")
    for _ in range(ACTION.attempts + 1):
        after = await once(job_id)
        assert after is not None
        assert 25 <= after <= 36
    waiting = await jobs.get(job_id)
    assert (waiting.state, waiting.attempts) == ("waiting", 0)
    assert waiting.error == ("NotConnected" if trouble == "missing" else "NeedsRelink")
    assert "backroom connect kowhai" in waiting.message
    await reach.grants.keep("kowhai", store.pair())
    assert await once(job_id) is None
    assert (await jobs.get(job_id)).state == "done"


async def test_a_broken_connection_is_tried_again_ever_later_and_then_given_up(
    reach: Lightspeed, once: Once, jobs: ActionJobs
) -> None:
    job_id = await reach.enqueue(BRAND, "kowhai")
    errors = [ConnectionFailed("CreateBrand", "kowhai", "no") for _ in range(99)]
    client, waits = Scripted(*errors), []
    while (after := await once(job_id, client)) is not None:
        waits.append(after)
        found = await jobs.get(job_id)
        assert (found.state, found.attempts) == ("waiting", len(waits))
        assert found.error == "ConnectionFailed"
    assert len(client.called) == len(waits) + 1 == ACTION.attempts
    assert all(later > earlier for earlier, later in pairwise(waits))
    found = await jobs.get(job_id)
    assert (found.state, found.attempts) == ("failed", ACTION.attempts)
    assert found.message == "CreateBrand for kowhai: no"


async def test_our_own_trouble_is_waited_for_however_long(
    reach: Lightspeed, once: Once, jobs: ActionJobs
) -> None:
    job_id = await reach.enqueue(BRAND, "kowhai")
    client = Scripted(*[DatabaseAway("No Redis answers.")] * (ACTION.attempts + 1))
    for _ in range(ACTION.attempts + 1):
        assert await once(job_id, client) is not None
    assert await once(job_id) is None
    assert (await jobs.get(job_id)).state == "done"


async def test_a_write_whose_worker_died_under_way_is_not_sent_again(
    settings: Settings, reach: Lightspeed, jobs: ActionJobs, store: Store, database: Database
) -> None:
    job_id = await cut_short(reach, database, BRAND)
    await work(settings, reach)
    failed = await jobs.get(job_id)
    assert (failed.state, failed.error) == ("failed", OutcomeUnknown.__name__)
    assert "its worker ended while it was under way" in failed.message
    assert store.seen == []


async def test_what_does_no_harm_twice_is_run_again_when_its_worker_died(
    reach: Lightspeed, once: Once, jobs: ActionJobs, store: Store, database: Database
) -> None:
    customer = await reach.call(CUSTOMER, "kowhai")
    listing = await cut_short(reach, database, ListBrands())
    reading = await cut_short(reach, database, GetCustomer(customer.id))
    deleting = await cut_short(reach, database, DeleteCustomer(customer.id))
    for job_id in (listing, reading, deleting):
        await once(job_id)
        assert (await jobs.get(job_id)).state == "done"
    assert ("DELETE /customers/{customer_id}", 204) in store.seen
    assert bytes((await jobs.get(deleting)).result or b"") == b"null"
    assert len(store.seen) == 4
    assert await database.do("ZCARD", keys.ACTIONS_QUEUE) == 0


async def test_a_job_that_a_process_cannot_open_has_not_run_there(
    settings: Settings,
    reach: Lightspeed,
    once: Once,
    jobs: ActionJobs,
    database: Database,
    store: Store,
) -> None:
    job_id = await reach.enqueue(BRAND, "kowhai")
    stranger = structs.replace(reach, jobs=ActionJobs(database, Vault([Secret(new_key())])))
    worker = build_actions(settings, stranger, burst=True)
    worker.max_burst_jobs = 1
    await worker.async_run()
    await worker.close()
    assert (await jobs.get(job_id)).state == "queued"
    assert await once(job_id) is None
    assert (await jobs.get(job_id)).state == "done"
    assert store.written == [("kowhai", "POST /brands")]


@pytest.mark.parametrize("action", [BRAND, GetBrand("nope")])
async def test_a_job_that_is_over_is_not_run_again(
    reach: Lightspeed, once: Once, jobs: ActionJobs, store: Store, action: Action[Any]
) -> None:
    job_id = await reach.enqueue(action, "kowhai")
    await once(job_id)
    before = await jobs.get(job_id)
    await reach.jobs.database.do("SET", f"arq:job:{job_id}", job(RUN_ACTION, job_id))
    assert await once(job_id) is None
    assert await jobs.get(job_id) == before
    assert len(store.seen) == 1


async def test_an_id_that_nobody_knows_is_said_to_be_so_and_leaves_nothing_behind(
    once: Once, jobs: ActionJobs, database: Database
) -> None:
    with pytest.raises(NoSuchJob, match=r"^No job 0123 is kept: its id is wrong, or .* over\.$"):
        await jobs.get("0123")
    await database.do("SET", "arq:job:0123", job(RUN_ACTION, "0123"))
    assert await once("0123") is None
    assert await database.do("EXISTS", keys.action_job("0123")) == 0


@pytest.mark.parametrize("action", [BRAND, GetBrand("nope")])
async def test_a_job_is_kept_as_long_as_asked_from_when_it_is_over(
    once: Once, jobs: ActionJobs, database: Database, action: Action[Any]
) -> None:
    asked = {await jobs.enqueue(action, "kowhai", keep=60): 60}
    asked[await jobs.enqueue(action, "kowhai")] = KEEP_SECONDS
    for job_id, keep in asked.items():
        name = keys.action_job(job_id)
        assert await database.do("TTL", name) == -1
        await once(job_id)
        assert keep - 10 < await database.do("TTL", name) <= keep


@pytest.mark.parametrize("lane", ["interactive", "bulk"])
async def test_a_job_asks_for_its_permit_in_its_lane_and_bulk_alone_joins_the_line(
    once: Once, jobs: ActionJobs, database: Database, lane: Lane
) -> None:
    class Noting(Scripted):
        lanes: list[Lane]

        async def permit(self, action: Action[Any], retailer: str, **terms: Any) -> Permit:
            self.lanes = [terms["lane"]]
            return await super().permit(action, retailer, **terms)

        async def call(self, action: Action[Any], retailer: str, **terms: Any) -> Any:
            self.lanes.append(terms["lane"])
            return await super().call(action, retailer, **terms)

    (job_id,) = await jobs.enqueue_many([NewJob(action=BRAND, retailer="kowhai", lane=lane)])
    client = Noting(RateLimited("CreateBrand", "kowhai", 30.0))
    assert await once(job_id, client) is not None
    assert client.lanes == [lane, lane]
    waiting = await jobs.get(job_id)
    assert (waiting.state, waiting.attempts, waiting.lane) == ("waiting", 0, lane)
    in_line = await database.do("ZSCORE", keys.line("kowhai"), job_id)
    assert (in_line is not None) is (lane == "bulk")
    assert await once(job_id) is None
    assert (await jobs.get(job_id)).state == "done"


async def test_many_enqueued_at_once_share_round_trips(
    jobs: ActionJobs, database: Database
) -> None:
    await jobs.enqueue(BRAND, "kowhai")
    await database.do("CONFIG", "RESETSTAT")
    made = await asyncio.gather(*(jobs.enqueue(BRAND, "kowhai") for _ in range(100)))
    stats = await database.do("INFO", "commandstats")
    assert int(stats["cmdstat_evalsha"]["calls"]) <= 3
    assert {(await jobs.get(job_id)).state for job_id in made} == {"queued"}
    assert await database.do("ZCARD", keys.ACTIONS_QUEUE) == len(set(made)) + 1 == 101


async def test_an_action_that_five_workers_died_of_is_given_up(
    reach: Lightspeed, once: Once, jobs: ActionJobs, store: Store, database: Database
) -> None:
    job_id = await cut_short(reach, database, ListBrands())
    await database.do("SET", f"arq:retry:{job_id}", 5)  # claims that nobody ended
    assert await once(job_id) is None
    failed = await jobs.get(job_id)
    assert (failed.state, failed.error, store.seen) == ("failed", "OutcomeUnknown", [])
    assert "its worker ended during each of its last 5 runs" in failed.message


async def test_who_has_lost_the_lease_sends_nothing_and_records_nothing(
    reach: Lightspeed, once: Once, jobs: ActionJobs, store: Store, database: Database
) -> None:
    job_id = await reach.enqueue(BRAND, "kowhai")

    class Slow(Scripted):
        async def call(self, action: Action[Any], retailer: str, **terms: Any) -> Any:
            await database.do("SET", f"arq:in-progress:{job_id}", "another")
            return await super().call(action, retailer, **terms)

    assert await once(job_id, Slow()) is not None
    assert (await jobs.get(job_id)).state == "running"
    assert await database.do("GET", f"arq:in-progress:{job_id}") == b"another"
    assert store.seen == []
