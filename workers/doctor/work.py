"""The work: what is overdue, what failed, and deliveries that are turned away."""

from collections.abc import Iterator
from typing import Final

from actions.database import Database
from workers import keys
from workers.backlog import Backlog, counted, measure
from workers.doctor.finding import Finding, Setup

_LATEST: Final = 100
"""Events that are looked at among those which are over."""
_TURNED_AWAY: Final = {
    "signature wrong": "Set LIGHTSPEED_CLIENT_SECRET to the secret of the app that sends them.",
    "signature missing": "Hooks added by hand are not signed: link that retailer with --unsigned.",
    "unknown key": "Register the URLs that `backroom retailers --json` prints.",
    "too large": "Raise WEBHOOK_MAX_BYTES.",
}


async def backlog(setup: Setup, database: Database) -> list[Finding]:
    """Say what waits for too long, with the numbers, and who does not come for it."""
    measured = await measure(database, setup.settings.overdue_seconds)
    late: dict[str, list[str]] = {}
    for name, said in measured.overdue().items():
        late.setdefault(_mend(measured, name), []).append(said)
    found = [
        Finding("wrong", "backlog", f"Overdue: {'; '.join(said)}.", mend)
        for mend, said in late.items()
    ]
    idle = [name for name, queue in measured.queues.items() if not queue.workers]
    if idle and not late:
        what = f"No worker listens to the {' and the '.join(idle)} queue."
        found.append(Finding("warn", "backlog", what, "Start `backroom worker`."))
    return found or [Finding("ok", "backlog", _in_numbers(measured))]


async def inbox(_: Setup, database: Database) -> list[Finding]:
    """Say what failed, what came for another store, and what is turned away."""
    failed = await database.do("ZCARD", keys.FAILED)
    found = []
    if failed:
        said = f"{counted(failed, 'event')} failed: a subscriber gave up."
        mend = "See `backroom failed`, mend the cause, then run `backroom replay --failed`."
        found.append(Finding("warn", "inbox", said, mend))
    if misdirected := await _misdirected(database):
        said = f"{misdirected} of the latest {_LATEST} events that are over were misdirected."
        mend = "Register each store's hooks with that store's URLs: `backroom retailers --json`."
        found.append(Finding("warn", "inbox", said, mend))
    counts: dict[bytes, bytes] = await database.do("HGETALL", keys.COUNTS)
    found += _turned_away({name.decode(): int(count) for name, count in counts.items()})
    return found or [Finding("ok", "inbox", "Nothing failed, and deliveries are not turned away.")]


async def _misdirected(database: Database) -> int:
    ids = await database.do("ZREVRANGE", keys.HANDLED, 0, _LATEST - 1)
    asked = [("HGET", keys.event(event_id.decode()), "state") for event_id in ids]
    states = await database.together(asked) if asked else []
    return sum(state == b"misdirected" for state in states)


def _turned_away(counts: dict[str, int]) -> Iterator[Finding]:
    """Say why deliveries are turned away, where those are more than were ever stored."""
    stored = counts.get("stored", 0)
    for reason, mend in _TURNED_AWAY.items():
        refused = counts.get(f"refused {reason}", 0)
        if refused > stored:
            said = f"{refused:,} deliveries were refused ({reason}), and {stored:,} stored."
            yield Finding("warn", "inbox", said, mend)


def _mend(backlog: Backlog, name: str) -> str:
    queue = backlog.queues["events" if name == "inbox" else name]
    if not queue.workers:
        return "Start `backroom worker`."
    return "Start more workers; if they have time, their log says why under `job.postponed`."


def _in_numbers(backlog: Backlog) -> str:
    jobs = sum(queue.jobs for queue in backlog.queues.values())
    workers = min(queue.workers for queue in backlog.queues.values())
    events = counted(backlog.inbox.open, "event")
    return (
        f"Nothing is overdue: {events} open, {counted(jobs, 'job')}, {counted(workers, 'worker')}."
    )
