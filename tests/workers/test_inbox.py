from actions.connections import Connection
from actions.database import Database
from actions.vault import Vault
from tests.conftest import Work
from tests.workers.conftest import (
    EMAIL,
    Ledger,
    Lines,
    Step,
    Store,
    entry_of,
    everything_in,
    outcome_of,
    said,
    sale,
    states,
)
from workers import keys
from workers.inbox import REPEAT_SECONDS, Inbox
from workers.listing import sizes
from workers.plugins import GiveUp

NAME = "ledger.post"
FOR_EVER = (-1, -1)
GONE = (-2, -2)


async def lives(database: Database, event_id: str) -> tuple[int, int]:
    """How many seconds the delivery and what became of it still have."""
    names = (keys.delivery(event_id), keys.event(event_id))
    delivery, event = [await database.do("TTL", name) for name in names]
    return delivery, event


async def members(database: Database, event_id: str) -> list[str]:
    """The sets of the inbox that have the event."""
    names = (keys.OPEN, keys.FAILED, keys.HANDLED)
    return [name for name in names if await database.do("ZSCORE", name, event_id) is not None]


async def test_a_new_delivery_waits_in_the_inbox_for_ever(store: Store, database: Database) -> None:
    event_id = await store(said(sale()))
    assert await states(database, event_id) == ["stored"]
    assert await lives(database, event_id) == (-1, -2)
    assert await members(database, event_id) == [keys.OPEN]


async def test_the_same_bytes_again_are_counted_and_not_enqueued(
    store: Store, database: Database
) -> None:
    event_id = await store(said(sale()))
    assert await store(said(sale())) == event_id
    assert await database.do("ZCARD", keys.EVENTS_QUEUE) == 1
    assert (await entry_of(database, event_id)).repeats == 1
    assert (await sizes(database))[1] == {"repeated": 1, "stored": 1}
    (seen,) = await database.do("KEYS", "backroom:seen:*")
    assert REPEAT_SECONDS - 60 < await database.do("TTL", seen) <= REPEAT_SECONDS


async def test_a_repeat_does_not_keep_an_event_that_is_over(
    store: Store, work: Work, database: Database
) -> None:
    event_id = await store(said(sale()))
    await work()
    await store(said(sale()))
    await database.do("DEL", keys.delivery(event_id), keys.event(event_id))  # as if expired
    assert await store(said(sale())) == event_id
    assert await lives(database, event_id) == GONE


async def test_two_retailers_may_send_the_same_bytes(
    store: Store, database: Database, torea: Connection
) -> None:
    first, second = await store(said(sale())), await store(said(sale()), connection=torea)
    assert first != second
    assert (await entry_of(database, second)).retailer == "torea"


async def test_nothing_is_stored_under_an_address_that_has_changed_hands(
    store: Store, database: Database
) -> None:
    assert await store(said(sale()), owner=b"kowhai unsigned") == ""
    assert (await sizes(database))[0]["open"] == 0
    assert await database.do("EXISTS", keys.EVENTS_QUEUE) == 0


async def test_a_handled_delivery_goes_after_inbox_days(
    store: Store, work: Work, inbox: Inbox
) -> None:
    handled = await store(said(sale()))
    stale = await store(said(sale(note="again")))
    await work(Ledger().plugin)
    for event_id in (handled, stale):
        for seconds in await lives(inbox.database, event_id):
            assert inbox.seconds - 60 < seconds <= inbox.seconds == 3 * 86_400
        assert await members(inbox.database, event_id) == [keys.HANDLED]


async def test_what_is_not_handled_never_goes(
    store: Store, work: Work, step: Step, inbox: Inbox
) -> None:
    database = inbox.database
    failed = await store(said(sale()))
    await work(Ledger(GiveUp("no")).plugin)
    waiting = await store(said(sale("s2")))
    await step(Ledger().plugin)
    assert await states(database, failed, waiting) == ["failed", "dispatched"]
    assert (await lives(database, failed), await lives(database, waiting)) == (FOR_EVER, FOR_EVER)
    assert await members(database, failed) == [keys.FAILED]
    assert await members(database, waiting) == [keys.OPEN]


async def test_one_that_failed_keeps_the_event_however_many_are_done(
    store: Store, work: Work, database: Database
) -> None:
    event_id = await store(said(sale()))
    await work(Ledger().plugin, Ledger(GiveUp("no"), name="a").plugin, Ledger(name="z").plugin)
    assert await states(database, event_id) == ["failed"]
    assert await lives(database, event_id) == FOR_EVER


async def test_with_no_inbox_days_a_handled_delivery_goes_at_once(
    store: Store, step: Step, vault: Vault, database: Database
) -> None:
    brief = Inbox(database, vault, 0)
    event_id = await store(said(sale()))
    await step(inbox=brief)
    assert await lives(database, event_id) == GONE
    assert await members(database, event_id) == []
    assert (await sizes(database))[0] == {"open": 0, "failed": 0, "handled": 0}
    assert await store(said(sale())) == event_id  # and still it is a repeat


async def test_the_list_of_handled_events_is_trimmed(
    store: Store, work: Work, database: Database
) -> None:
    await database.do("ZADD", keys.HANDLED, 1, "long-ago")
    event_id = await store(said(sale()))
    await work()
    assert await database.do("ZRANGE", keys.HANDLED, 0, -1) == [event_id.encode()]


async def test_a_replay_runs_again_with_attempts_from_one(
    store: Store, work: Work, inbox: Inbox
) -> None:
    event_id = await store(said(sale()))
    ledger = Ledger(*[ValueError()] * 2, None, attempts=2)
    await work(ledger.plugin)
    assert await states(inbox.database, event_id) == ["failed"]
    assert await inbox.replay(event_id, [NAME]) == [NAME]
    assert await members(inbox.database, event_id) == [keys.OPEN]
    await work(ledger.plugin)
    assert ledger.attempts == [1, 2, 1]
    assert await states(inbox.database, event_id) == ["handled"]
    assert await members(inbox.database, event_id) == [keys.HANDLED]


async def test_a_replay_leaves_alone_what_is_about_to_run_anyway(
    store: Store, work: Work, step: Step, inbox: Inbox
) -> None:
    event_id, ledger = await store(said(sale())), Ledger()
    await step(ledger.plugin)
    assert await inbox.replay(event_id, [NAME]) == []
    await work(ledger.plugin)
    assert await inbox.replay(event_id, [NAME]) == [NAME]
    assert await inbox.replay(event_id, [NAME]) == []
    await work(ledger.plugin)
    assert ledger.attempts == [1, 1]


async def test_a_replay_revives_what_lost_its_job(
    store: Store, work: Work, step: Step, inbox: Inbox
) -> None:
    event_id, ledger = await store(said(sale())), Ledger()
    await step(ledger.plugin)
    await inbox.database.do("DEL", *await inbox.database.do("KEYS", "arq:job:*"))
    await work(ledger.plugin)
    assert (ledger.runs, await states(inbox.database, event_id)) == ([], ["dispatched"])
    assert await inbox.replay(event_id, [NAME]) == [NAME]
    await work(ledger.plugin)
    assert ledger.attempts == [1]
    assert await states(inbox.database, event_id) == ["handled"]


async def test_a_handled_event_that_is_replayed_stays_until_it_is_handled_again(
    store: Store, work: Work, inbox: Inbox
) -> None:
    event_id, ledger = await store(said(sale())), Ledger()
    await work(ledger.plugin)
    await inbox.replay(event_id, [NAME])
    assert await lives(inbox.database, event_id) == FOR_EVER
    await work(ledger.plugin)
    assert min(await lives(inbox.database, event_id)) > 0
    assert ledger.attempts == [1, 1]


async def test_a_replay_may_name_a_subscriber_that_is_new(
    store: Store, work: Work, inbox: Inbox
) -> None:
    event_id, ledger = await store(said(sale())), Ledger()
    await work()
    assert await inbox.replay(event_id, [NAME]) == [NAME]
    await work(ledger.plugin)
    assert (await outcome_of(inbox.database, event_id)).state == "done"


async def test_what_is_gone_cannot_be_replayed(inbox: Inbox) -> None:
    assert await inbox.replay("0123", [NAME]) == []
    assert await inbox.database.do("DBSIZE") == 0


async def test_a_payload_is_in_no_line_and_not_in_the_clear(
    store: Store, work: Work, database: Database, lines: Lines
) -> None:
    await store(said(sale(note=EMAIL, customer={"email": EMAIL})))
    await store(said({"id": EMAIL}, "sale.exploded"), "")
    await work(Ledger(ValueError()).plugin)
    assert EMAIL not in repr(lines)
    assert EMAIL.encode() not in await everything_in(database)
