import asyncio
from typing import Any

import pytest

from actions.database import Database
from actions.errors import CannotOpen
from actions.secret import Secret
from actions.vault import Vault, new_key
from tests.conftest import Work
from tests.workers.conftest import (
    EMAIL,
    Ledger,
    Lines,
    everything_in,
    named,
    outcome_of,
    ready,
    states,
)
from workers.deliver import deliver
from workers.dispatch import dispatch
from workers.events import SALE_UPDATE, Event
from workers.inbox import Inbox
from workers.keys import EVENTS_QUEUE
from workers.plugins import Context, GiveUp, NoSettings, Plugin
from workers.retry import Again
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


class Unsayable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize("end", [ValueError("\udcff"), Unsayable(), ValueError("\0")], ids=repr)
async def test_a_message_that_cannot_be_written_down_does_not_hide_the_failure(
    event_id: str, inbox: Inbox, end: Exception
) -> None:
    plugins = ready(Ledger(end).plugin)
    await dispatch(inbox, plugins, event_id)
    assert isinstance(await deliver(inbox, plugins, event_id, NAME, f"{event_id}:{NAME}"), Again)
    outcome = await outcome_of(inbox.database, event_id)
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


async def die(inbox: Inbox, event_id: str, times: int) -> None:
    """Begin runs and end none of them, as a worker does that is killed in the middle."""
    for _ in range(times):
        await inbox.begin(event_id, NAME)


async def test_a_run_is_counted_even_when_its_worker_died(
    event_id: str, inbox: Inbox, work: Work
) -> None:
    ledger = Ledger()
    await dispatch(inbox, ready(ledger.plugin), event_id)
    await die(inbox, event_id, times=2)
    await work(ledger.plugin)
    assert ledger.attempts == [3]


async def test_a_subscriber_whose_worker_died_in_every_attempt_is_given_up(
    event_id: str, inbox: Inbox, work: Work
) -> None:
    ledger = Ledger(attempts=4)
    await dispatch(inbox, ready(ledger.plugin), event_id)
    await die(inbox, event_id, times=4)
    await work(ledger.plugin)
    assert ledger.attempts == []
    outcome = await outcome_of(inbox.database, event_id)
    assert outcome.state == "failed"
    reason = inbox.message(event_id, NAME, outcome)
    assert reason == "its worker ended during each of 4 attempts"


async def test_a_job_that_runs_again_after_its_end_changes_nothing(
    event_id: str, inbox: Inbox
) -> None:
    ledger = Ledger(attempts=1)
    plugins = ready(ledger.plugin)
    await dispatch(inbox, plugins, event_id)
    for _ in range(2):  # its worker died before it could take the job off the queue
        await deliver(inbox, plugins, event_id, NAME, f"{event_id}:{NAME}")
    assert await states(inbox.database, event_id) == ["handled"]
    assert (await outcome_of(inbox.database, event_id)).state == "done"


async def test_a_subscriber_that_no_worker_has_waits_for_one_that_has(
    event_id: str, inbox: Inbox, lines: Lines
) -> None:
    await dispatch(inbox, ready(Ledger().plugin), event_id)
    assert await deliver(inbox, ready(), event_id, NAME, "job") == Again(30)
    outcome = await outcome_of(inbox.database, event_id)
    assert outcome.state == "retrying"
    assert inbox.message(event_id, NAME, outcome) == f"no loaded plugin has the subscriber {NAME}"
    (line,) = named(lines, "subscriber.absent")
    assert (line["event_id"], line["subscriber"]) == (event_id, NAME)


async def test_waiting_for_a_worker_that_has_the_plugin_uses_up_no_attempt(
    event_id: str, inbox: Inbox, work: Work
) -> None:
    ledger = Ledger(attempts=2)
    await dispatch(inbox, ready(ledger.plugin), event_id)
    for _ in range(5):
        await deliver(inbox, ready(), event_id, NAME, f"{event_id}:{NAME}")
    await work(ledger.plugin)
    assert ledger.attempts == [1]
    assert await states(inbox.database, event_id) == ["handled"]


async def test_a_subscriber_that_no_worker_has_for_ten_minutes_is_given_up(
    event_id: str, inbox: Inbox
) -> None:
    await dispatch(inbox, ready(Ledger().plugin), event_id)
    waited = 0.0
    while again := await deliver(inbox, ready(), event_id, NAME, "job"):
        waited += again.after
    assert 500 <= waited <= 700
    assert await states(inbox.database, event_id) == ["failed"]


async def test_delivering_an_event_that_expired_does_nothing(
    inbox: Inbox, database: Database, lines: Lines
) -> None:
    ledger = Ledger()
    assert await deliver(inbox, ready(ledger.plugin), "0123", NAME, "job") is None
    assert ledger.runs == []
    assert await database.do("DBSIZE") == 0
    assert [line["event"] for line in lines] == ["event.over"]


async def test_without_the_right_key_a_run_waits_and_uses_up_no_attempt(
    event_id: str, inbox: Inbox, work: Work
) -> None:
    ledger = Ledger()
    plugins = ready(ledger.plugin)
    await dispatch(inbox, plugins, event_id)
    stranger = Inbox(inbox.database, Vault([Secret(new_key())]), inbox.seconds)
    for _ in range(9):
        with pytest.raises(CannotOpen):
            await deliver(stranger, plugins, event_id, NAME, f"{event_id}:{NAME}")
    assert ledger.runs == []
    await work(ledger.plugin)
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


async def test_a_job_waits_for_as_long_as_it_must(event_id: str, inbox: Inbox, work: Work) -> None:
    ledger, database = Ledger(), inbox.database
    assert await database.do("TTL", f"arq:job:{event_id}") == -1
    await dispatch(inbox, ready(ledger.plugin), event_id)
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
    worker.job_timeout_s = 0.2
    await worker.async_run()
    await worker.close()
    assert await states(inbox.database, event_id) == ["failed"]
