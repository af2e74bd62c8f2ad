"""The backlog: what waits in the inbox and in the queues, and what of it is overdue."""

from typing import Final

from msgspec import Struct

from actions.database import Database, Script
from workers.keys import FAILED, HANDLED, OPEN, QUEUES

LOOKED_AT: Final = 100
"""Events that are looked at, from either end of those that are open: what it costs has a bound."""
_SCRIPTS = "workers.scripts"
_MEASURE = Script.load(_SCRIPTS, "clock", "backlog")
_WRITE_AND_MEASURE = Script.load(_SCRIPTS, "clock", "probe", "backlog")
_EVENT_NUMBERS = 6
_QUEUE_NUMBERS = 4
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))
_ROUND: Final = 10
"""Seconds from which on a time has no fraction."""


class Inbox(Struct, frozen=True):
    """The inbox in numbers."""

    open: int
    failed: int
    handled: int
    overdue: int
    """Events that wait for their dispatch for longer than the bound."""
    oldest: float
    """Seconds that the oldest of those waits which are not dispatched."""
    unseen: int
    """Events older than the bound that were not looked at: there may be more overdue ones."""


class Queue(Struct, frozen=True):
    """A queue in numbers."""

    jobs: int
    """All of them: those that run, and those that are due later."""
    overdue: int
    """Jobs that no worker has taken for longer than the bound."""
    oldest: float
    """Seconds since the first of them was due."""
    workers: int
    """Those that listen to be woken."""


class Backlog(Struct, frozen=True):
    """What waits, measured at one moment by Redis' clock."""

    inbox: Inbox
    queues: dict[str, Queue]
    bound: float
    """Seconds after which what waits is overdue."""

    def overdue(self) -> dict[str, str]:
        """Say what is overdue of the inbox and of each queue, in half a sentence with numbers."""
        said = {}
        bound = f"for more than {lasting(self.bound)}, the oldest for"
        if self.inbox.overdue:
            least = "at least " if self.inbox.unseen else ""
            events = counted(self.inbox.overdue, "event")
            said["inbox"] = f"{least}{events} without dispatch {bound} {lasting(self.inbox.oldest)}"
        for name, queue in self.queues.items():
            if queue.overdue:
                jobs, oldest = counted(queue.overdue, "job"), lasting(queue.oldest)
                workers = counted(queue.workers, "worker") if queue.workers else "no worker"
                said[name] = f"{jobs} of the {name} queue {bound} {oldest}, with {workers}"
        return said


async def measure(database: Database, bound: float, *, writing: bool = False) -> Backlog:
    """Measure the backlog in one round trip; what waits for longer than `bound` s is overdue.

    With `writing`, Redis must also take a write, or DatabaseAway says why it does not.
    """
    script = _WRITE_AND_MEASURE if writing else _MEASURE
    names = (OPEN, FAILED, HANDLED, *QUEUES.values())
    numbers = await database.run(script, names, (int(bound * 1000), LOOKED_AT))
    opened, failed, handled, overdue, oldest, unseen = numbers[:_EVENT_NUMBERS]
    queues: dict[str, Queue] = {}
    for place, name in enumerate(QUEUES):
        start = _EVENT_NUMBERS + place * _QUEUE_NUMBERS
        jobs, late, first, workers = numbers[start : start + _QUEUE_NUMBERS]
        queues[name] = Queue(jobs, late, first / 1000, workers)
    inbox = Inbox(opened, failed, handled, overdue, oldest / 1000, unseen)
    return Backlog(inbox, queues, bound)


def counted(count: int, noun: str) -> str:
    """Write `1 job`, `2 jobs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def lasting(seconds: float) -> str:
    """Write a time as people say it: `1.5 s`, `90 s`, `5 min`, `3 h`, `2 d`."""
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{seconds:.2g} s" if seconds < _ROUND else f"{seconds:.0f} s"
