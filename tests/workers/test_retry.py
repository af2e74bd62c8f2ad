import asyncio
from datetime import timedelta
from typing import Any

import pytest

from actions.database import Database
from actions.errors import (
    BackroomError,
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
    entry_of,
    named,
    outcome_of,
    states,
)
from workers.events import SALE_UPDATE, Event
from workers.inbox import Inbox
from workers.plugins import Context, GiveUp, NoSettings, Plugin, Retry, Subscriber
from workers.retry import (
    ACTION_ATTEMPTS,
    LONGEST_WAIT,
    Again,
    Over,
    Wait,
    decide,
    decide_action,
)

NAME = "ledger.post"


def subscriber(attempts: int = 5, backoff: float = 5.0) -> Subscriber:
    (made,) = Ledger(attempts=attempts, backoff=backoff).plugin.subscribers
    return made


OOPS = ValueError("oops")
TABLE: list[tuple[BaseException, int, Subscriber, Again | Over]] = [
    (OOPS, 1, subscriber(), Again(5)),
    (OOPS, 2, subscriber(), Again(25)),
    (OOPS, 3, subscriber(), Again(125)),
    (OOPS, 4, subscriber(), Again(625)),
    (OOPS, 5, subscriber(), Over()),
    (OOPS, 6, subscriber(), Over()),
    (OOPS, 1, subscriber(attempts=1), Over()),
    (OOPS, 9, subscriber(attempts=99), Again(LONGEST_WAIT)),
    (OOPS, 900, subscriber(attempts=999), Again(LONGEST_WAIT)),
    (OOPS, 4, subscriber(backoff=0), Again(0)),
    (SystemExit(1), 1, subscriber(), Again(5)),
    (Retry(7), 1, subscriber(), Again(7)),
    (Retry(7), 4, subscriber(), Again(7)),
    (Retry(7), 5, subscriber(), Over()),
    (Retry(-7), 1, subscriber(), Again(0)),
    (Retry(timedelta(hours=2)), 1, subscriber(), Again(7200)),
    (Retry(float("inf")), 1, subscriber(), Again(30 * 86_400)),
    (GiveUp("why"), 1, subscriber(), Over()),
    (GiveUp("why"), 5, subscriber(), Over()),
]


@pytest.mark.parametrize("row", range(len(TABLE)))
def test_the_exception_and_the_attempt_decide(row: int) -> None:
    error, attempt, who, decision = TABLE[row]
    assert decide(error, attempt, who, lambda: 0.0) == decision


def test_jitter_adds_a_fifth_at_most() -> None:
    assert decide(OOPS, 1, subscriber(), lambda: 1.0) == Again(6)
    assert decide(OOPS, 99, subscriber(attempts=999), lambda: 1.0) == Again(LONGEST_WAIT * 1.2)


def test_what_the_author_asked_for_has_no_jitter() -> None:
    assert decide(Retry(7), 1, subscriber(), lambda: 1.0) == Again(7)


CALL = ("CreateBrand", "kowhai", "no")
ACTIONS: list[tuple[BackroomError, int, Again | Wait | Over]] = [
    (ConnectionFailed(*CALL), 1, Again(2)),
    (ConnectionFailed(*CALL), 2, Again(4)),
    (ServerError(*CALL), ACTION_ATTEMPTS - 1, Again(128)),
    (ServerError(*CALL), ACTION_ATTEMPTS, Over()),
    (ServerError(*CALL), 900, Over()),
    (TokensUnanswered("no", sent=True), 1, Again(2)),
    (TokensUnanswered("no", sent=False), ACTION_ATTEMPTS, Over()),
    (RateLimited("ListSales", "kowhai", 7), 1, Wait(7)),
    (RateLimited("ListSales", "kowhai", 300), 900, Wait(300)),
    (TokensLater(60), 900, Wait(60)),
    (NeedsRelink("no"), 900, Wait(30)),
    (NotConnected("no"), 900, Wait(30)),
    (Unauthorized(*CALL), 900, Wait(30)),
    (ApplicationRefused("no"), 900, Wait(30)),
    (CannotOpen("no"), 900, Wait(30)),
    (DatabaseAway("no"), 900, Wait(30)),
    (OutcomeUnknown(*CALL), 1, Over()),
    (Rejected(*CALL), 1, Over()),
    (Conflict(*CALL), 1, Over()),
    (NotFound(*CALL), 1, Over()),
    (MissingScope("ListSales", "kowhai", ("sales:read",)), 1, Over()),
    (Unreadable(*CALL), 1, Over()),
    (BadAction("no"), 1, Over()),
    (TokensRefused("no"), 1, Over()),
]


@pytest.mark.parametrize("row", range(len(ACTIONS)))
def test_the_error_of_an_action_and_its_attempt_decide(row: int) -> None:
    error, attempt, decision = ACTIONS[row]
    assert decide_action(error, attempt, lambda: 0.0) == decision


def test_jitter_makes_an_action_later_and_never_earlier() -> None:
    def most() -> float:
        return 1.0

    assert decide_action(ConnectionFailed(*CALL), 1, most) == Again(2.4)
    assert decide_action(NeedsRelink("no"), 1, most) == Wait(36)
    assert decide_action(RateLimited("ListSales", "kowhai", 100), 1, most) == Wait(102)


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
