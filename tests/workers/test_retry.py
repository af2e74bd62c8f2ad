import asyncio
from datetime import timedelta
from typing import Any

import pytest

from actions.database import Database
from actions.errors import (
    BadAction,
    CannotOpen,
    Conflict,
    ConnectionFailed,
    DatabaseAway,
    MissingScope,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    ServerError,
    Unauthorized,
    Unreadable,
)
from actions.oauth import ApplicationRefused, TokensLater, TokensRefused, TokensUnanswered
from actions.tokens import NeedsRelink
from tests.conftest import Work
from tests.workers.conftest import (
    Ledger,
    Lines,
    Step,
    due,
    entry_of,
    named,
    outcome_of,
    states,
)
from workers import keys, retry
from workers.events import SALE_UPDATE, Event
from workers.inbox import Inbox
from workers.keys import EVENTS_QUEUE
from workers.plugins import Context, GiveUp, NoSettings, Plugin, Retry
from workers.retry import ACTION, LONGEST_WAIT, Decision, Policy, decide

NAME = "ledger.post"


def subscriber(attempts: int = 5, backoff: float = 5.0) -> Policy:
    (made,) = Ledger(attempts=attempts, backoff=backoff).plugin.subscribers
    return Policy.of(made)


OOPS = ValueError("oops")
CALL = ("CreateBrand", "kowhai", "no")
UNSENT = TokensUnanswered("no", sent=False)
SCOPE = MissingScope("ListSales", "kowhai", ("sales:read",))
TABLE: list[tuple[BaseException, int, Policy, Decision]] = [
    (OOPS, 1, subscriber(), retry.Retry(5)),
    (OOPS, 2, subscriber(), retry.Retry(25)),
    (OOPS, 3, subscriber(), retry.Retry(125)),
    (OOPS, 4, subscriber(), retry.Retry(625)),
    (OOPS, 5, subscriber(), retry.GiveUp()),
    (OOPS, 6, subscriber(), retry.GiveUp()),
    (OOPS, 1, subscriber(attempts=1), retry.GiveUp()),
    (OOPS, 9, subscriber(attempts=99), retry.Retry(LONGEST_WAIT)),
    (OOPS, 900, subscriber(attempts=999), retry.Retry(LONGEST_WAIT)),
    (OOPS, 4, subscriber(backoff=0), retry.Retry(0)),
    (SystemExit(1), 1, subscriber(), retry.Retry(5)),
    (Retry(7), 1, subscriber(), retry.Retry(7)),
    (Retry(7), 4, subscriber(), retry.Retry(7)),
    (Retry(7), 5, subscriber(), retry.GiveUp()),
    (Retry(-7), 1, subscriber(), retry.Retry(0)),
    (Retry(timedelta(hours=2)), 1, subscriber(), retry.Retry(7200)),
    (Retry(float("inf")), 1, subscriber(), retry.Retry(30 * 86_400)),
    (GiveUp("why"), 1, subscriber(), retry.GiveUp()),
    (GiveUp("why"), 5, subscriber(), retry.GiveUp()),
    (ConnectionFailed(*CALL), 1, ACTION, retry.Retry(2)),
    (ConnectionFailed(*CALL), 2, ACTION, retry.Retry(4)),
    (ConnectionFailed(*CALL), 2, subscriber(), retry.Retry(25)),
    (ServerError(*CALL), ACTION.attempts - 1, ACTION, retry.Retry(128)),
    (ServerError(*CALL), ACTION.attempts, ACTION, retry.GiveUp()),
    (ServerError(*CALL), 900, ACTION, retry.GiveUp()),
    (TokensUnanswered("no", sent=True), 1, ACTION, retry.Retry(2)),
    (UNSENT, ACTION.attempts, ACTION, retry.GiveUp()),
]
WAITS = {
    RateLimited("ListSales", "kowhai", 7): 7,
    RateLimited("ListSales", "kowhai", 300): 300,
    TokensLater(60): 60,
    NeedsRelink("no"): 30,
    NotConnected("no"): 30,
    Unauthorized(*CALL): 30,
    ApplicationRefused("no"): 30,
    CannotOpen("no"): 30,
    DatabaseAway("no"): 30,
}
HOPELESS = [
    OutcomeUnknown(*CALL),
    Rejected(*CALL),
    Conflict(*CALL),
    NotFound(*CALL),
    SCOPE,
    Unreadable(*CALL),
    BadAction("no"),
    TokensRefused("no"),
]
for who in (ACTION, subscriber()):
    TABLE += [(error, 900, who, retry.Wait(after)) for error, after in WAITS.items()]
    TABLE += [(error, 1, who, retry.GiveUp()) for error in HOPELESS]


@pytest.mark.parametrize("row", range(len(TABLE)))
def test_the_exception_and_the_attempt_decide(row: int) -> None:
    error, attempt, who, decision = TABLE[row]
    assert decide(error, attempt, who, lambda: 0.0) == decision


def most() -> float:
    return 1.0


def test_jitter_makes_it_later_and_never_earlier() -> None:
    assert decide(OOPS, 1, subscriber(), most) == retry.Retry(6)
    late = decide(OOPS, 99, subscriber(attempts=999), most)
    assert late == retry.Retry(LONGEST_WAIT * 1.2)
    assert decide(ConnectionFailed(*CALL), 1, ACTION, most) == retry.Retry(2.4)
    assert decide(NeedsRelink("no"), 1, ACTION, most) == retry.Wait(36)


def test_who_is_told_when_to_come_back_comes_back_then() -> None:
    assert decide(RateLimited("ListSales", "kowhai", 100), 1, ACTION, most) == retry.Wait(100)


def test_what_the_author_asked_for_has_no_jitter() -> None:
    assert decide(Retry(7), 1, subscriber(), most) == retry.Retry(7)


async def test_a_failing_subscriber_is_retried_while_its_neighbour_runs_once(
    event_id: str, work: Work, database: Database, lines: Lines
) -> None:
    ledger, stock = Ledger(ValueError(), OSError()), Ledger(name="stock")
    await work(ledger.plugin, stock.plugin)
    assert (ledger.attempts, stock.attempts) == ([1, 2, 3], [1])
    entry = await entry_of(database, event_id)
    assert entry.state == "handled"
    ends = {name: (one.state, one.attempt) for name, one in entry.subscribers.items()}
    assert ends == {"ledger.post": ("done", 3), "stock.post": ("done", 1)}
    retried = named(lines, "subscriber.retrying")
    assert [line["attempt"] for line in retried] == [1, 2]
    assert [line["error"].split(" at ")[0] for line in retried] == ["ValueError", "OSError"]
    assert 0.01 <= retried[0]["after"] <= 0.012
    assert 0.05 <= retried[1]["after"] <= 0.06


async def test_a_subscriber_that_keeps_failing_is_given_up_after_its_own_attempts(
    event_id: str, work: Work, database: Database, lines: Lines
) -> None:
    ledger, stock = Ledger(*[ValueError("no")] * 9, attempts=3), Ledger(name="stock")
    await work(ledger.plugin, stock.plugin)
    assert (ledger.attempts, stock.attempts) == ([1, 2, 3], [1])
    assert await states(database, event_id) == ["failed"]
    outcome = await outcome_of(database, event_id)
    assert (outcome.state, outcome.attempt) == ("failed", 3)
    (line,) = named(lines, "subscriber.failed")
    assert (line["attempt"], line["subscriber"], line["log_level"]) == (3, NAME, "error")


async def test_a_subscriber_has_five_attempts_unless_it_says_otherwise(
    event_id: str, work: Work, database: Database
) -> None:
    ledger = Ledger(*[ValueError("no")] * 9, backoff=0)
    await work(ledger.plugin)
    assert ledger.attempts == [1, 2, 3, 4, 5]
    assert await states(database, event_id) == ["failed"]


@pytest.mark.parametrize("after", [0, 0.01, timedelta(milliseconds=20)])
async def test_retry_asks_for_another_run_at_its_own_time(
    event_id: str, work: Work, database: Database, lines: Lines, after: float | timedelta
) -> None:
    ledger = Ledger(Retry(after), backoff=3600)
    await work(ledger.plugin)
    assert ledger.attempts == [1, 2]
    assert await states(database, event_id) == ["handled"]
    (line,) = named(lines, "subscriber.retrying")
    assert line["after"] == Retry(after).after


async def test_a_retry_uses_up_an_attempt(event_id: str, work: Work, database: Database) -> None:
    ledger = Ledger(*[Retry(0)] * 9, attempts=2)
    await work(ledger.plugin)
    assert ledger.attempts == [1, 2]
    assert await states(database, event_id) == ["failed"]


async def test_give_up_stops_at_once_and_keeps_the_reason(
    event_id: str, work: Work, inbox: Inbox
) -> None:
    ledger = Ledger(GiveUp("The account is closed."))
    await work(ledger.plugin)
    assert ledger.attempts == [1]
    outcome = await outcome_of(inbox.database, event_id)
    assert outcome.state == "failed"
    assert inbox.message(event_id, NAME, outcome) == "The account is closed."


async def test_a_run_that_takes_too_long_is_stopped(
    event_id: str, work: Work, inbox: Inbox
) -> None:
    plugin = Plugin("ledger")

    @plugin.on(SALE_UPDATE, timeout=0.05, attempts=1)
    async def post(_: Event[Any], __: Context[NoSettings]) -> None:
        await asyncio.Event().wait()

    await work(plugin)
    outcome = await outcome_of(inbox.database, event_id)
    assert (outcome.state, outcome.error) == ("failed", "TimedOut")
    assert inbox.message(event_id, NAME, outcome) == "took longer than 0.05 s"


async def test_waits_spend_no_attempt_however_many_they_are(
    event_id: str, work: Work, step: Step, inbox: Inbox, lines: Lines
) -> None:
    waits = [RateLimited("GetSale", "kowhai", 60) for _ in range(7)]
    ledger = Ledger(*waits, ValueError(), attempts=2)
    await step(ledger.plugin)
    for _ in waits:
        await step(ledger.plugin)
        await due(inbox.database, f"{event_id}:{NAME}")
    outcome = await outcome_of(inbox.database, event_id)
    assert (outcome.state, outcome.attempt, outcome.failures) == ("retrying", 7, 0)
    assert len(named(lines, "subscriber.waiting")) == 7
    await work(ledger.plugin)
    assert ledger.attempts == list(range(1, 10)), "each run is told which it is"
    assert await states(inbox.database, event_id) == ["handled"]


async def test_what_waits_is_due_when_it_was_told(
    event_id: str, step: Step, database: Database
) -> None:
    week = 7 * 86_400
    ledger = Ledger(Retry(week))
    await step(ledger.plugin, jobs=2)
    due_at = float(await database.do("ZSCORE", EVENTS_QUEUE, f"{event_id}:{NAME}")) / 1000
    seconds, _ = await database.do("TIME")
    assert week - 5 < due_at - seconds <= week + 1
    assert await database.do("TTL", f"arq:job:{event_id}:{NAME}") == -1
    assert await database.do("TTL", keys.event(event_id)) == -1
    await due(database, f"{event_id}:{NAME}")
    await step(ledger.plugin)
    assert ledger.attempts == [1, 2]
