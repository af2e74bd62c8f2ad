"""`/jobs`: a program, our ingress, a worker, and a store that counts what was written."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.vault import Vault
from ingress.api.jobs import MOST_BYTES
from ingress.api.keys import ApiKeys
from ingress.api.problems import TYPE
from ingress.app import create_app
from tests.conftest import Ingress
from tests.ingress.api.conftest import Make
from tests.stores import Store, open_store
from workers import keys as names
from workers.environment import load
from workers.lightspeed import lightspeed
from workers.line import Line
from workers.settings import Settings
from workers.worker import build_actions

RETAILERS = ("kowhai", "torea")
BRAND = {"action": "CreateBrand", "parameters": {"name": "Tussock"}}
WORD = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
BOUND = 20.0
"""Seconds after which what was waited for will not come."""
Work = Callable[[], Coroutine[Any, Any, None]]
Ask = Callable[..., Coroutine[Any, Any, tuple[int, Any]]]


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(retailers=RETAILERS, registers=10) as store:
        yield store


@pytest.fixture
def settings(environ: dict[str, str], store: Store) -> Settings:
    return load(Settings, environ | store.environ)


@pytest.fixture
async def linked(database: Database, vault: Vault, store: Store) -> None:
    for retailer in RETAILERS:
        await Grants(database, vault).keep(retailer, store.pair(retailer))
        await Connections(database, vault).link(retailer, unsigned=False)


@pytest.fixture
async def ingress(settings: Settings, database: Database, linked: None) -> AsyncIterator[Ingress]:
    del linked
    async with TestClient(TestServer(await create_app(settings, database))) as client:
        yield client


@pytest.fixture
def work(settings: Settings, database: Database, vault: Vault) -> Work:
    """Run a worker until the queue of actions is empty."""

    async def work() -> None:
        line = Line(database)
        async with lightspeed(settings, database, vault, line) as reach:
            watching = asyncio.create_task(line.watch())
            worker = build_actions(settings, reach, burst=True)
            with capture_logs():  # a thousand lines, and nobody reads them
                await worker.async_run()
            await worker.close()
            watching.cancel()

    return work


@pytest.fixture
async def ask(ingress: Ingress, make: Make) -> Ask:
    """Ask as a program whose key is for kowhai, or with other headers; return status and JSON."""
    key = await make(retailers=("kowhai",))

    async def ask(
        method: str, path: str, json: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        async with ingress.request(method, path, json=json, headers=key | (headers or {})) as got:
            assert got.content_type == (TYPE if got.status >= 400 else "application/json")
            return got.status, await got.json(content_type=None)

    return ask


async def enqueued(ask: Ask, body: Any = BRAND, **headers: str) -> list[str]:
    status, found = await ask("POST", "/jobs", body, headers)
    assert status == 202, found
    return [one["job_id"] for one in found["jobs"]]


async def queued(database: Database) -> int:
    return int(await database.do("ZCARD", names.ACTIONS_QUEUE))


async def is_in(ask: Ask, job_id: str, state: str) -> Any:
    """Look at a job until it is in a state, and return it."""
    async with asyncio.timeout(BOUND):
        while True:
            _, job = await ask("GET", f"/jobs/{job_id}")
            if job["state"] == state:
                return job
            await asyncio.sleep(0.01)


async def somebody_waits() -> None:
    async with asyncio.timeout(BOUND):
        while all(one.get_name() != "jobs' ends" for one in asyncio.all_tasks()):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)


async def test_an_action_becomes_a_job_whose_result_is_shown_when_it_is_over(
    ingress: Ingress, make: Make, ask: Ask, work: Work, store: Store
) -> None:
    key = await make("bi", retailers=("kowhai",))
    async with ingress.post("/jobs", json=BRAND, headers=key) as answer:
        assert answer.status == 202
        (one,) = (await answer.json())["jobs"]
        assert answer.headers["Location"] == one["status_url"]
        assert one["status_url"] == str(ingress.make_url(f"/jobs/{one['job_id']}"))
    _, job = await ask("GET", f"/jobs/{one['job_id']}")
    assert {"action": "CreateBrand", "retailer": "kowhai", "state": "queued"}.items() <= job.items()
    assert (job["attempts"], job["result"], job["error"], job["lane"]) == (0, None, None, "bulk")
    assert job["due"].endswith("Z")
    await work()
    _, job = await ask("GET", f"/jobs/{one['job_id']}")
    assert (job["state"], job["due"], job["error"]) == ("done", None, None)
    assert [row["name"] for row in store.rows("brands") if row["id"] == job["result"]] == [
        "Tussock"
    ]
    assert store.written == [("kowhai", "POST /brands")]


async def test_a_thousand_run_once_each_however_often_they_are_asked_for(
    ask: Ask, work: Work, store: Store, database: Database
) -> None:
    wanted = {f"brand {i}" for i in range(1000)}
    asked = {"jobs": [BRAND | {"parameters": {"name": name}} for name in wanted]}
    ids = await enqueued(ask, asked, **WORD)
    assert len(set(ids)) == 1000
    assert await enqueued(ask, asked, **WORD) == ids
    await work()
    assert await enqueued(ask, asked, **WORD) == ids
    assert await queued(database) == 0
    made = [row["name"] for row in store.rows("brands") if row["name"].startswith("brand ")]
    assert sorted(made) == sorted(wanted)
    status, found = await ask("GET", "/jobs?state=done&limit=1000")
    assert (status, {one["job_id"] for one in found["jobs"]}) == (200, set(ids))


async def test_a_large_job_is_taken_like_any_other(ask: Ask, work: Work, store: Store) -> None:
    outlets, products = (store.rows(name)[0]["id"] for name in ("outlets", "products"))
    row = {"outlet_id": outlets, "product_id": products, "quantity": "-1", "reason": "DAMAGE"}
    asked = {"action": "CreateStockAdjustments", "parameters": {"stock_adjustments": [row] * 1000}}
    (job_id,) = await enqueued(ask, asked)
    await work()
    _, job = await ask("GET", f"/jobs/{job_id}")
    assert (job["state"], len(job["result"])) == ("done", 1000)
    assert store.written == [("kowhai", "POST /stock_adjustments")]


async def test_twenty_programs_that_ask_at_once_with_one_key_get_the_same_job(
    ask: Ask, work: Work, store: Store
) -> None:
    found = await asyncio.gather(*(enqueued(ask, **WORD) for _ in range(20)))
    assert found == [found[0]] * 20
    quoted = {"Idempotency-Key": f'"{WORD["Idempotency-Key"]}"'}
    assert await enqueued(ask, **quoted) == found[0]
    await work()
    assert store.written == [("kowhai", "POST /brands")]


async def test_an_idempotency_key_with_other_content_is_a_problem_until_it_is_forgotten(
    ask: Ask, make: Make, database: Database
) -> None:
    first = await enqueued(ask, **WORD)
    other = BRAND | {"parameters": {"name": "Rimu"}}
    status, problem = await ask("POST", "/jobs", other, WORD)
    assert (status, problem["title"]) == (422, "OtherContent")
    assert await queued(database) == 1
    key = await make("bi", retailers=("kowhai",))
    assert await enqueued(ask, other, **WORD, **key) != first  # another's word is another word
    await database.do("DEL", *await database.do("KEYS", "backroom:repeat:*"))
    assert await enqueued(ask, other, **WORD) != first
    for bad in ("", " ", "x" * 256, '""', "ä"):
        status, problem = await ask("POST", "/jobs", BRAND, {"Idempotency-Key": bad})
        assert (status, "Idempotency-Key" in problem["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("bad", "status", "rule"),
    [
        ({"action": "CreateBrand", "parameters": {"name": ""}}, 400, "name: Expected str of"),
        ({"action": "CreateBrand"}, 400, "name"),
        ({"action": "CreateBrand", "parameters": {"nome": "x"}}, 400, "has no 'nome'"),
        ({"action": "CreateBrand", "parameters": []}, 400, "Expected object"),
        ({"action": "DropTables"}, 404, "There is no action 'DropTables'"),
        ({"parameters": {}}, 400, "action"),
        (7, 400, "Expected object"),
        (BRAND | {"retailer": "torea"}, 404, "No retailer 'torea' is linked"),
        (BRAND | {"retailer": "no-such"}, 404, "No retailer 'no-such' is linked"),
        (BRAND | {"retailer": "evil.test/x"}, 404, "No retailer 'evil.test/x' is linked"),
        (BRAND | {"lane": "fast"}, 400, "lane"),
        (BRAND | {"keep": 1}, 400, "keep"),
        (BRAND | {"priority": 1}, 400, "priority"),
    ],
)
async def test_one_bad_among_many_enqueues_nothing_and_is_named_by_its_place(
    ask: Ask, database: Database, bad: Any, status: int, rule: str
) -> None:
    got, problem = await ask("POST", "/jobs", {"jobs": [BRAND, BRAND, bad, BRAND]}, WORD)
    assert got == problem["status"] == status
    assert problem["detail"].startswith("jobs[2]: ")
    assert problem["detail"].endswith(" Nothing was enqueued.")
    ((place, (said,)),) = problem["errors"].items()
    assert (place, rule in said) == ("jobs[2]", True), said
    alone, problem = await ask("POST", "/jobs", bad)
    assert (alone, problem["status"]) == (status, status)
    assert await queued(database) == 0
    assert await enqueued(ask, {"jobs": [BRAND]}, **WORD)  # the word is not used up


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b'{"jobs": []}', 400),
        (b'{"jobs": 7}', 400),
        (b'{"jobs": [{}], "lane": "bulk"}', 400),
        (json.dumps({"jobs": [BRAND] * 1001}).encode(), 400),
        (b"[" * 50_000, 400),
        (b'{"action": "CreateBrand", "parameters": ' + b"[" * 50_000, 400),
        (b'{"action": "CreateBrand", "parameters": {"name": 1E999999999}}', 400),
        (io.BytesIO(b" " * (MOST_BYTES + 1)), 413),
        (b'{"action": "CreateBrand", "parameters": {"name": [' + b"0," * 100_000 + b"0]}}", 413),
        (b'{"action": "CreateBrand", "parameters": {"name": [' + b"0," * 50_000 + b"0]}}", 400),
    ],
)
async def test_what_is_no_request_for_jobs_is_a_problem_that_says_so(
    ingress: Ingress, make: Make, database: Database, body: Any, status: int
) -> None:
    key = await make(retailers=("kowhai",)) | {"Content-Type": "application/json"}
    async with ingress.post("/jobs", data=body, headers=key) as answer:
        assert answer.status == status
        assert (await answer.json(content_type=TYPE))["detail"]
    assert await queued(database) == 0


async def test_a_key_enqueues_and_sees_what_it_was_made_for(
    ask: Ask, make: Make, database: Database
) -> None:
    (brand,) = await enqueued(ask)
    reading = await make("reading", retailers=("kowhai",), read_only=True)
    lists = await make("lists", retailers=("kowhai",), actions=("List*",))
    for key in (reading, lists):
        status, problem = await ask("POST", "/jobs", BRAND, key)
        assert (status, "CreateBrand" in problem["detail"]) == (404, True)
        await enqueued(ask, {"action": "ListBrands"}, **key)
    assert await queued(database) == 3
    assert (await ask("GET", f"/jobs/{brand}", headers=reading))[0] == 200
    assert (await ask("DELETE", f"/jobs/{brand}", headers=reading))[0] == 403
    assert (await ask("GET", f"/jobs/{brand}", headers=lists))[0] == 404
    assert (await ask("DELETE", f"/jobs/{brand}", headers=lists))[0] == 404
    _, listing = await ask("GET", "/jobs", headers=lists)
    assert {one["action"] for one in listing["jobs"]} == {"ListBrands"}


async def test_who_may_for_several_names_the_retailer_in_the_header_or_for_each_job(
    ask: Ask, make: Make
) -> None:
    key = await make("all")
    kowhai, torea = key | {"x-account-id": "kowhai"}, key | {"x-account-id": "torea"}
    assert (await ask("POST", "/jobs", BRAND, key))[0] == 400
    both = {"jobs": [BRAND | {"retailer": one} for one in RETAILERS]}
    ours, theirs = await enqueued(ask, both, **key)
    assert (await ask("POST", "/jobs", both, kowhai))[0] == 404  # the header is for all of them
    (third,) = await enqueued(ask, BRAND, **torea)
    for headers, ids in ((kowhai, {ours}), (torea, {theirs, third}), (key, {ours, theirs, third})):
        _, listing = await ask("GET", "/jobs", headers=headers)
        assert {one["job_id"] for one in listing["jobs"]} == ids
    assert (await ask("GET", f"/jobs/{ours}", headers=torea))[0] == 404
    _, listing = await ask("GET", "/jobs?retailer=torea", headers=key)
    assert {one["retailer"] for one in listing["jobs"]} == {"torea"}
    for strange in ("torea", "no-such"):
        status, problem = await ask("GET", f"/jobs?retailer={strange}")
        assert (status, problem["detail"].replace(strange, "it")) == (
            404,
            "No retailer 'it' is linked here for this key.",
        )


async def test_the_list_is_filtered_and_says_whether_there_are_more(ask: Ask) -> None:
    ids = await enqueued(ask, {"jobs": [BRAND] * 3})
    _, cancelled = await ask("DELETE", f"/jobs/{ids[0]}")
    assert cancelled["state"] == "cancelled"
    _, listing = await ask("GET", "/jobs?state=cancelled")
    assert ([one["job_id"] for one in listing["jobs"]], listing["more"]) == (ids[:1], False)
    for limit, more in ((2, True), (3, False)):
        _, listing = await ask("GET", f"/jobs?limit={limit}")
        assert (len(listing["jobs"]), listing["more"]) == (limit, more)
    for bad in ("state=over", "limit=0", "limit=1001", "limit=x", "limit=1&limit=1", "page=2"):
        assert (await ask("GET", f"/jobs?{bad}"))[0] == 400


async def test_who_waits_is_answered_when_the_job_is_over(
    ask: Ask, work: Work, store: Store
) -> None:
    (job_id,) = await enqueued(ask)
    waiting = [asyncio.create_task(ask("GET", f"/jobs/{job_id}?wait=25")) for _ in range(50)]
    await asyncio.sleep(0)
    await work()
    for status, job in await asyncio.gather(*waiting):
        assert (status, job["state"]) == (200, "done")
    assert len(store.written) == 1


async def test_who_has_waited_long_enough_is_told_how_it_stands(ask: Ask) -> None:
    (job_id,) = await enqueued(ask)
    status, job = await ask("GET", f"/jobs/{job_id}?wait=1")
    assert (status, job["state"]) == (200, "queued")
    for bad in ("26", "-1", "x", "1.5"):
        status, problem = await ask("GET", f"/jobs/{job_id}?wait={bad}")
        assert (status, "wait" in problem["detail"]) == (400, True)


async def test_a_failed_job_holds_its_error_as_problem_details(
    ask: Ask, work: Work, store: Store
) -> None:
    ids = await enqueued(
        ask, {"jobs": [{"action": "GetBrand", "parameters": {"brand_id": "nope"}}, BRAND]}
    )
    store.strike("5xx", path="POST /brands", times=9)
    await ask("DELETE", f"/jobs/{ids[1]}")
    await work()
    _, job = await ask("GET", f"/jobs/{ids[0]}")
    assert (job["state"], job["attempts"], job["reason"]) == ("failed", 1, None)
    assert {"title": "NotFound", "status": 404}.items() <= job["error"].items()
    assert "nothing for brand_id nope" in job["error"]["detail"]
    _, listing = await ask("GET", "/jobs?state=failed")
    assert [one["error"]["title"] for one in listing["jobs"]] == ["NotFound"]
    _, job = await ask("GET", f"/jobs/{ids[1]}")
    assert (job["state"], job["reason"]) == ("cancelled", "It had not begun.")


async def test_the_vendors_429_fails_no_job(
    ask: Ask, work: Work, store: Store, database: Database
) -> None:
    (job_id,) = await enqueued(ask)
    store.strike("429-storm")
    working = asyncio.create_task(work())
    try:
        job = await is_in(ask, job_id, "waiting")
    finally:
        working.cancel()
        await asyncio.wait({working})
    assert (job["attempts"], job["error"]) == (0, None)
    assert "the rate limit is reached" in job["reason"]
    assert job["due"] is not None
    assert await queued(database) == 1


async def test_a_job_that_has_not_begun_is_cancelled_and_one_that_is_over_is_not(
    ask: Ask, work: Work, store: Store
) -> None:
    (job_id,) = await enqueued(ask)
    status, job = await ask("DELETE", f"/jobs/{job_id}")
    assert (status, job["state"], job["job_id"]) == (200, "cancelled", job_id)
    status, problem = await ask("DELETE", f"/jobs/{job_id}")
    assert (status, problem["title"]) == (409, "CannotCancel")
    await work()
    assert store.seen == []


async def test_a_job_that_runs_is_stopped_by_its_worker(ask: Ask, work: Work, store: Store) -> None:
    (job_id,) = await enqueued(ask)
    store.strike("slow", seconds=30.0)
    working = asyncio.create_task(work())
    await is_in(ask, job_id, "running")
    status, job = await ask("DELETE", f"/jobs/{job_id}")
    assert (status, job["state"]) == (202, "running")
    _, job = await ask("GET", f"/jobs/{job_id}?wait=25")
    assert (job["state"], job["reason"]) == ("cancelled", "It was under way.")
    await working


async def test_a_revoked_key_is_refused_at_once_also_where_it_waits(
    ask: Ask, make: Make, keys: ApiKeys, work: Work
) -> None:
    (job_id,) = await enqueued(ask)
    key = await make("leaver", retailers=("kowhai",))
    assert (await ask("GET", f"/jobs/{job_id}", headers=key))[0] == 200
    waiting = asyncio.create_task(ask("GET", f"/jobs/{job_id}?wait=25", headers=key))
    await somebody_waits()
    await keys.revoke("leaver")
    for method, path in (("GET", "/jobs"), ("POST", "/jobs"), ("DELETE", f"/jobs/{job_id}")):
        assert (await ask(method, path, headers=key))[0] == 401
    await work()
    assert (await waiting)[0] == 401


async def test_who_waits_when_the_process_stops_is_answered_at_once(
    settings: Settings, database: Database, linked: None, make: Make
) -> None:
    del linked
    key = await make(retailers=("kowhai",))
    async with TestClient(TestServer(await create_app(settings, database))) as client:
        async with client.post("/jobs", json=BRAND, headers=key) as answer:
            (one,) = (await answer.json())["jobs"]

        async def wait() -> tuple[int, str]:
            url = client.make_url(f"/jobs/{one['job_id']}?wait=25")
            async with client.session.get(url, headers=key) as answer:
                return answer.status, (await answer.json())["state"]

        waiting = asyncio.create_task(wait())
        await somebody_waits()
        await client.server.runner.shutdown()  # type: ignore[union-attr]
        assert await waiting == (200, "queued")


async def test_an_interactive_job_is_run(ask: Ask, work: Work, store: Store) -> None:
    (job_id,) = await enqueued(ask, BRAND | {"lane": "interactive"})
    await work()
    _, job = await ask("GET", f"/jobs/{job_id}")
    assert (job["lane"], job["state"]) == ("interactive", "done")
    assert store.written == [("kowhai", "POST /brands")]
