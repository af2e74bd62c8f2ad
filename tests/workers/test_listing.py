import pytest

from actions.connections import Connection
from actions.database import Database
from tests.conftest import Work
from tests.workers.conftest import EMAIL, Ledger, Step, Store, posted, said, sale
from workers.events import PING
from workers.inbox import now_ms
from workers.keys import HANDLED
from workers.listing import Entry, NoSuchEvent, Wanted, failures, newest, one, sizes
from workers.plugins import GiveUp

ANY = Wanted()


def ids(entries: list[Entry]) -> list[str]:
    return [entry.event_id for entry in entries]


async def one_of_each(store: Store, work: Work, step: Step) -> dict[str, str]:
    """Events in all six states, by state."""
    found = {"handled": await store(said(sale(version=2), domain_prefix="kowhai"))}
    await work(Ledger().plugin)
    found["stale"] = await store(said(sale(version=1)))
    found["misdirected"] = await store(said(sale("s2"), domain_prefix="torea"))
    found["failed"] = await store(said(sale("s3")))
    await work(Ledger(GiveUp("no")).plugin)
    found["dispatched"] = await store(said(sale("s4")))
    await step(Ledger().plugin)
    found["stored"] = await store(said(sale("s5")), "product.update")
    return found


async def test_an_entry_says_what_came_and_what_became_of_it(
    store: Store, work: Work, database: Database
) -> None:
    before = now_ms()
    event_id = await store(said(sale()))
    await work(Ledger(ValueError(EMAIL)).plugin)
    entry, delivery = await one(database, event_id)
    assert (entry.event_id, entry.retailer, entry.type) == (event_id, "kowhai", "sale.update")
    assert (entry.state, entry.signed, entry.repeats, entry.note) == ("handled", True, 0, "")
    assert before <= entry.received_at.timestamp() * 1000 <= now_ms()
    outcome = entry.subscribers["ledger.post"]
    assert (outcome.state, outcome.attempt, outcome.error) == ("done", 2, "")
    assert (outcome.took > 0, outcome.at >= before) == (True, True)
    assert delivery.retailer == "kowhai"


async def test_a_failure_names_the_exception_and_its_line_but_not_its_words(
    store: Store, work: Work, database: Database
) -> None:
    event_id = await store(said(sale()))
    await work(Ledger(ValueError(EMAIL), attempts=1).plugin)
    entry, _ = await one(database, event_id)
    outcome = entry.subscribers["ledger.post"]
    assert outcome.error.startswith("ValueError at conftest.py:")
    assert EMAIL not in repr(entry)


async def test_each_state_can_be_asked_for(
    store: Store, work: Work, step: Step, database: Database, torea: Connection
) -> None:
    found = await one_of_each(store, work, step)
    for state, event_id in found.items():
        wanted = Wanted(state=state)  # type: ignore[arg-type]
        assert ids(await newest(database, wanted, 10)) == [event_id]
    assert ids(await newest(database, ANY, 10)) == sorted(found.values(), reverse=True)
    other = await store(said(sale("s9")), connection=torea)
    assert ids(await newest(database, Wanted(retailer="torea"), 10)) == [other]
    counts, since = await sizes(database)
    assert counts == {"open": 3, "failed": 1, "handled": 3}
    assert since == {"dispatched": 3, "misdirected": 1, "stale": 1, "stored": 7}


async def test_the_newest_come_first_and_no_more_than_asked_for(
    store: Store, database: Database
) -> None:
    stored = sorted([await store(said(sale(f"s{count}"))) for count in range(250)], reverse=True)
    found = ids(await newest(database, ANY, 3))
    # an id starts with the millisecond; within one, chance decides
    assert [event_id[:12] for event_id in found] == [event_id[:12] for event_id in stored[:3]]
    assert ids(await newest(database, ANY, 1000)) == stored


async def test_until_its_dispatch_an_event_has_the_type_of_its_url(
    store: Store, work: Work, database: Database
) -> None:
    event_id = await store(posted("hello"), "sale.update")
    assert (await one(database, event_id))[0].type == "sale.update"
    await work(Ledger(on=PING).plugin)
    entry, _ = await one(database, event_id)
    assert (entry.type, entry.note) == ("ping", "The payload is not JSON.")
    assert ids(await newest(database, Wanted(type="ping"), 10)) == [event_id]


async def test_the_latest_failure_comes_first(store: Store, work: Work, database: Database) -> None:
    failed = []
    for name in ("s1", "s2", "s3"):
        failed.append(await store(said(sale(name))))
        await work(Ledger(GiveUp("no")).plugin)
    assert ids([entry async for entry in failures(database)]) == failed[::-1]


async def test_what_expired_is_not_listed(database: Database) -> None:
    await database.do("ZADD", HANDLED, now_ms(), "0123")
    assert await newest(database, ANY, 10) == []


async def test_an_unknown_event_is_said_in_words(database: Database) -> None:
    with pytest.raises(NoSuchEvent, match="The inbox has no event 'nothing'"):
        await one(database, "nothing")


async def test_an_empty_inbox_has_nothing(database: Database) -> None:
    assert await newest(database, ANY, 10) == []
    assert await sizes(database) == ({"open": 0, "failed": 0, "handled": 0}, {})
    assert [entry async for entry in failures(database)] == []
