"""`backroom call --enqueue` and `backroom job`: an action that a worker runs."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.vault import Vault
from tests.end_to_end.conftest import Process, Run
from tests.stores import Shell, Store, open_store, shell


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store() as store:
        yield store


@pytest.fixture
async def backroom(run: Run, store: Store, database: Database, vault: Vault) -> Shell:
    """Commands in a shell that is set up for the store kowhai, which is linked."""
    await Grants(database, vault).keep("kowhai", store.pair())
    await Connections(database, vault).link("kowhai", unsigned=False)
    return shell(run, store)


async def enqueued(backroom: Shell, *words: str) -> str:
    found = json.loads((await backroom("call", *words, "--enqueue")).stdout)
    assert list(found) == ["job_id"]
    return str(found["job_id"])


async def job(backroom: Shell, job_id: str) -> Any:
    return json.loads((await backroom("job", job_id, "--json")).stdout)


async def test_an_enqueued_call_is_run_by_the_worker_and_shown_to_its_end(
    backroom: Shell, store: Store, start: Callable[..., Process]
) -> None:
    good = await enqueued(backroom, "CreateBrand", "name=Tussock")
    bad = await enqueued(backroom, "GetBrand", "brand_id=nope")
    assert store.seen == []
    shown = (await backroom("job", good)).stdout
    assert shown.startswith(f"{good}  CreateBrand for kowhai: queued, due ")
    queued = await job(backroom, good)
    assert (queued["state"], queued["attempts"], queued["result"]) == ("queued", 0, None)
    worker = await asyncio.to_thread(start, "worker", **store.environ, PLUGINS_OFF="*")
    await asyncio.to_thread(worker.line, "action.done", job_id=good)
    await asyncio.to_thread(worker.line, "action.failed", job_id=bad, error="NotFound")
    made = store.rows("brands")[-1]
    assert made["name"] == "Tussock"
    done = await job(backroom, good)
    assert (done["state"], done["result"], done["error"]) == ("done", made["id"], "")
    head, result = (await backroom("job", good)).stdout.splitlines()
    assert head == f"{good}  CreateBrand for kowhai: done"
    assert json.loads(result) == made["id"]
    head, why = (await backroom("job", bad)).stdout.splitlines()
    assert head == f"{bad}  GetBrand for kowhai: failed"
    assert why.startswith("NotFound: GetBrand for kowhai: there is nothing for brand_id nope")
    failed = await job(backroom, bad)
    assert (failed["state"], failed["attempts"], failed["error"]) == ("failed", 1, "NotFound")
    assert await asyncio.to_thread(worker.stop) == 0


async def test_a_bad_parameter_is_refused_and_nothing_is_enqueued(
    backroom: Shell, database: Database
) -> None:
    for words in (("CreateBrand", "name="), ("CreateBrand", "name=x", "--retailer", "evil.test/")):
        ended = await backroom("call", *words, "--enqueue", code=2)
        assert ended.stdout == ""
        assert len(ended.stderr.splitlines()) == 1
    assert await database.do("KEYS", "*job*") == []


async def test_a_job_that_nobody_knows_is_one_sentence(backroom: Shell) -> None:
    ended = await backroom("job", "0123", code=1)
    assert ended.stdout == ""
    assert ended.stderr == "backroom: No job 0123 is kept: its id is wrong, or it is long over.\n"


async def test_jobs_are_listed_followed_and_cancelled(
    backroom: Shell, store: Store, start: Callable[..., Process]
) -> None:
    assert (await backroom("jobs")).stdout == "There are no such jobs.\n"
    good = await enqueued(backroom, "CreateBrand", "name=Tussock", "--keep", "3600")
    bad = await enqueued(backroom, "GetBrand", "brand_id=nope")
    unwanted = await enqueued(backroom, "CreateBrand", "name=Never")
    listing = (await backroom("jobs", "--queue", "actions")).stdout.splitlines()
    assert sorted(line.split()[:4] for line in listing[1:]) == sorted(
        [
            [good, "CreateBrand", "kowhai", "queued"],
            [bad, "GetBrand", "kowhai", "queued"],
            [unwanted, "CreateBrand", "kowhai", "queued"],
        ]
    )
    ended = await backroom("job", unwanted, "--cancel")
    assert ended.stderr == "It is taken off its queue.\n"
    assert ended.stdout.splitlines()[0] == f"{unwanted}  CreateBrand for kowhai: cancelled"
    worker = await asyncio.to_thread(start, "worker", **store.environ, PLUGINS_OFF="*")
    followed = await backroom("job", good, "--follow")
    assert followed.stdout.startswith(f"{good}  CreateBrand for kowhai: done")
    await backroom("job", bad, "--follow", code=6)
    await backroom("job", unwanted, "--follow", code=1)
    assert len(store.written) == 1
    done = json.loads((await backroom("jobs", "--state", "done", "--json")).stdout)
    assert [one["job_id"] for one in done] == [good]
    ended = await backroom("job", good, "--cancel", code=1)
    assert ended.stderr.startswith(f"backroom: The job {good} is over")
    assert await asyncio.to_thread(worker.stop) == 0
