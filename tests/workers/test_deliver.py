import asyncio
from typing import Any

import pytest

from actions.database import Database
from actions.secret import Secret
from actions.vault import Vault, new_key
from tests.conftest import Work
from tests.workers.conftest import (
    EMAIL,
    Ledger,
    Lines,
    Step,
    die,
    due,
    everything_in,
    named,
    outcome_of,
    ready,
    states,
)
from workers.events import SALE_UPDATE, Event
from workers.inbox import Inbox
from workers.keys import EVENTS_QUEUE
from workers.plugins import Context, GiveUp, NoSettings, Plugin
from workers.queue import DELIVER, job
from workers.settings import Settings
from workers.worker import build

NAME = "ledger.post"


class Odd(BaseException):
    """What no one expects a plugin to raise."""


ENDS = [
    TimeoutError("its own"),
    SystemExit(3),
    ExceptionGroup("two", [ValueError(), OSError()]),
    asyncio.CancelledError(),
    GeneratorExit(),
    BaseExceptionGroup("odd", [SystemExit(1)]),
    Odd("odd"),
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
async def test_whatever_a_subscriber_raises_is_its_own_failure(
    event_id: str, work: Work, database: Database, end: BaseException
) -> None:
    ledger, stock = Ledger(end, attempts=1), Ledger(name="stock")
    await work(ledger.plugin, stock.plugin)
    assert (ledger.attempts, stock.attempts) == ([1], [1])
    outcome = await outcome_of(database, event_id)
    assert outcome.error.startswith(type(end).__name__)
    assert await states(database, event_id) == ["failed"]


async def test_a_subscriber_that_cancels_itself_has_failed(
    event_id: str, work: Work, database: Database
) -> None:
    plugin, attempts = Plugin("ledger"), list[int]()

    @plugin.on(SALE_UPDATE, attempts=2, backoff=0)
    async def post(_: Event[Any], ctx: Context[NoSettings]) -> None:
        attempts.append(ctx.attempt)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.Event().wait()

    await work(plugin)
    assert attempts == [1, 2], "it is not run again for ever"
    assert (await outcome_of(database, event_id)).error.startswith("CancelledError")
    assert await states(database, event_id) == ["failed"]


class Unsayable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize("end", [ValueError("\udcff"), Unsayable(), ValueError("\0")], ids=repr)
async def test_a_message_that_cannot_be_written_down_does_not_hide_the_failure(
    event_id: str, step: Step, database: Database, end: Exception
) -> None:
    await step(Ledger(end).plugin, jobs=2)
    outcome = await outcome_of(database, event_id)
    assert (outcome.state, outcome.attempt) == ("retrying", 1)


@pytest.mark.parametrize("error", [ValueError, GiveUp])
async def test_what_an_exception_says_is_sealed_and_in_no_line(
    event_id: str, work: Work, inbox: Inbox, lines: Lines, error: type[Exception]
) -> None:
    ledger = Ledger(*[error(f"{EMAIL} owes 7")] * 2, attempts=2)
    await work(ledger.plugin)
    outcome = await outcome_of(inbox.database, event_id)
    assert inbox.message(event_id, NAME, outcome) == f"{EMAIL} owes 7"
    assert EMAIL not in repr(lines)
    assert EMAIL.encode() not in await everything_in(inbox.database)


async def test_a_run_is_counted_even_when_its_worker_died(
    event_id: str, step: Step, database: Database
) -> None:
    ledger = Ledger()
    await step(ledger.plugin)
    await die(database, f"{event_id}:{NAME}", times=2)
    await step(ledger.plugin)
    assert ledger.attempts == [3]


async def test_a_subscriber_that_five_workers_died_of_is_given_up(
    event_id: str, step: Step, inbox: Inbox
) -> None:
    ledger = Ledger(attempts=9)
    await step(ledger.plugin)
    await die(inbox.database, f"{event_id}:{NAME}", times=5)
    await step(ledger.plugin)
    assert ledger.attempts == []
    outcome = await outcome_of(inbox.database, event_id)
    assert (outcome.state, outcome.failures) == ("failed", 6)
    reason = inbox.message(event_id, NAME, outcome)
    assert reason == "its worker ended during each of its last 5 runs"
    assert await states(inbox.database, event_id) == ["failed"]


async def test_a_single_attempt_whose_worker_died_is_run_again(
    event_id: str, step: Step, database: Database
) -> None:
    ledger = Ledger(attempts=1)
    await step(ledger.plugin)
    await die(database, f"{event_id}:{NAME}", times=1)
    await step(ledger.plugin)
    assert ledger.attempts == [2]
    assert await states(database, event_id) == ["handled"]


async def test_a_job_that_has_been_replayed_meanwhile_changes_nothing(
    event_id: str, step: Step, inbox: Inbox, work: Work, lines: Lines
) -> None:
    ledger = Ledger(attempts=1)
    await step(ledger.plugin)
    old = f"{event_id}:{NAME}"
    kept = await inbox.database.do("GET", f"arq:job:{old}")
    await step(ledger.plugin)
    await inbox.replay(event_id, [NAME])
    await inbox.database.do("SET", f"arq:job:{old}", kept)
    await due(inbox.database, old)
    await step(ledger.plugin)
    assert named(lines, "event.over")
    await work(ledger.plugin)
    assert ledger.attempts == [1, 1]


async def test_a_subscriber_that_no_worker_has_waits_for_one_that_has(
    event_id: str, step: Step, inbox: Inbox, lines: Lines
) -> None:
    await step(Ledger().plugin)
    await step()
    outcome = await outcome_of(inbox.database, event_id)
    assert (outcome.state, outcome.attempt, outcome.failures) == ("retrying", 0, 0)
    assert inbox.message(event_id, NAME, outcome) == f"no loaded plugin has the subscriber {NAME}"
    (line,) = named(lines, "subscriber.absent")
    assert (line["event_id"], line["subscriber"]) == (event_id, NAME)
    waits = await inbox.database.do("ZSCORE", EVENTS_QUEUE, f"{event_id}:{NAME}")
    seconds, _ = await inbox.database.do("TIME")
    assert 25 < float(waits) / 1000 - seconds <= 31


async def test_waiting_for_a_worker_that_has_the_plugin_uses_up_no_attempt(
    event_id: str, step: Step, database: Database
) -> None:
    ledger = Ledger(attempts=2)
    await step(ledger.plugin)
    for _ in range(5):
        await step()
        await due(database, f"{event_id}:{NAME}")
    await step(ledger.plugin)
    assert ledger.attempts == [1]
    assert await states(database, event_id) == ["handled"]


async def test_a_subscriber_that_no_worker_has_for_ten_minutes_is_given_up(
    event_id: str, step: Step, database: Database
) -> None:
    await step(Ledger().plugin)
    waits = 0
    while await database.do("ZCARD", EVENTS_QUEUE):
        waits += 1
        await due(database, f"{event_id}:{NAME}")
        await step()
    assert 600 <= waits * 30 <= 700
    assert await states(database, event_id) == ["failed"]


async def test_delivering_an_event_that_expired_does_nothing(
    step: Step, database: Database, lines: Lines
) -> None:
    ledger, job_id = Ledger(), f"0123:{NAME}"
    await database.do("SET", f"arq:job:{job_id}", job(DELIVER, "0123", NAME))
    await due(database, job_id)
    await step(ledger.plugin)
    assert ledger.runs == []
    assert await database.do("DBSIZE") == 0
    assert [line["event"] for line in lines] == ["event.over"]


async def test_without_the_right_key_a_run_waits_and_uses_up_no_attempt(
    event_id: str, step: Step, inbox: Inbox
) -> None:
    ledger = Ledger()
    await step(ledger.plugin)
    stranger = Inbox(inbox.database, Vault([Secret(new_key())]), inbox.seconds)
    for _ in range(9):
        await step(ledger.plugin, inbox=stranger)
        await due(inbox.database, f"{event_id}:{NAME}")
    assert ledger.runs == []
    await step(ledger.plugin)
    assert ledger.attempts == [1]


async def test_a_worker_without_the_right_key_postpones_the_job(
    event_id: str, inbox: Inbox, work: Work, settings: Settings, lines: Lines
) -> None:
    ledger = Ledger()
    stranger = Inbox(inbox.database, Vault([Secret(new_key())]), inbox.seconds)
    worker = build(settings, stranger, ready(ledger.plugin), burst=True)
    worker.max_burst_jobs = 1
    await worker.async_run()
    await worker.close()
    (line,) = named(lines, "job.postponed")
    assert (line["job_id"], line["after"]) == (event_id, 2)
    assert "BACKROOM_KEYS" in line["error"]
    await inbox.database.do("ZADD", EVENTS_QUEUE, 1, event_id)  # the time has come
    await work(ledger.plugin)
    assert ledger.attempts == [1]


async def test_a_job_waits_for_as_long_as_it_must(
    event_id: str, step: Step, database: Database, work: Work
) -> None:
    ledger = Ledger()
    assert await database.do("TTL", f"arq:job:{event_id}") == -1
    await step(ledger.plugin)
    assert await database.do("TTL", f"arq:job:{event_id}:{NAME}") == -1
    await database.do("ZADD", EVENTS_QUEUE, 1, f"{event_id}:{NAME}")  # since 1970
    await work(ledger.plugin)
    assert ledger.attempts == [1]
    assert await database.do("KEYS", "arq:*") == []


async def test_a_run_that_does_not_heed_its_time_limit_is_not_forgotten(
    event_id: str, inbox: Inbox, settings: Settings
) -> None:
    plugin = Plugin("ledger")

    @plugin.on(SALE_UPDATE, timeout=0.01, attempts=1)
    async def post(_: Event[Any], __: Context[NoSettings]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.Event().wait()

    worker = build(settings, inbox, ready(plugin), burst=True)
    await worker.async_run()
    await worker.close()
    assert await states(inbox.database, event_id) == ["failed"]
