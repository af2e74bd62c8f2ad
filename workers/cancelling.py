"""Cancelling jobs: what waits is taken off its queue, what runs is stopped by its worker."""

from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import structs

from actions.errors import BackroomError
from workers import keys
from workers.action_jobs import ACTION_EFFECTS, ActionJobs, no_such
from workers.deliver import CANCELLED
from workers.inbox import Inbox, Outcome
from workers.keys import KEEP_SECONDS
from workers.worker import EVENT_EFFECTS

Cancelled: TypeAlias = Literal["asked", "cancelled"]
"""Its worker was asked to stop it, which takes 2 s at most; or it was taken off its queue."""

_UNBEGUN: Final = "It had not begun."


class CannotCancel(BackroomError):
    """The job is over, or it must not be skipped."""


async def cancel(inbox: Inbox, jobs: ActionJobs, job_id: str) -> Cancelled:
    """Cancel a job. A subscriber's event is then failed, and can be replayed.

    Raises:
        NoSuchJob: none of that id is kept.
        CannotCancel: it is over, or it is an event's dispatch.
    """
    event_id, colon, rest = job_id.partition(":")
    if colon:
        return await _subscriber(inbox, job_id, event_id, rest.partition(":")[0])
    if await inbox.database.do("EXISTS", keys.delivery(job_id)):
        raise CannotCancel("An event's dispatch cannot be cancelled: cancel its subscribers' jobs.")
    job = await jobs.get(job_id)
    keep = await inbox.database.do("HGET", keys.action_job(job_id), "keep")
    words = jobs.cancelling(job_id, job.retailer, int(keep or KEEP_SECONDS), _UNBEGUN)
    names = (keys.ACTIONS_QUEUE, "", *ACTION_EFFECTS.keys)
    answer = await inbox.database.run(ACTION_EFFECTS.cancel, names, [job_id, *words])
    return _checked(job_id, answer)


async def _subscriber(inbox: Inbox, job_id: str, event_id: str, name: str) -> Cancelled:
    known = await inbox.database.do("HGET", keys.event(event_id), f"s:{name}")
    if known is None:
        raise no_such(job_id)
    outcome = structs.replace(
        msgspec.msgpack.decode(known, type=Outcome),
        state="failed",
        error="GiveUp",
        message=inbox.sealed(event_id, name, CANCELLED),
    )
    words = (event_id, name, msgspec.msgpack.encode(outcome), inbox.seconds)
    names = (keys.EVENTS_QUEUE, "", *EVENT_EFFECTS.keys)
    answer = await inbox.database.run(EVENT_EFFECTS.cancel, names, [job_id, "finish", *words])
    return _checked(job_id, answer)


def _checked(job_id: str, answer: bytes) -> Cancelled:
    if answer == b"none":
        raise CannotCancel(f"The job {job_id[:60]} is over: there is nothing to cancel.")
    return "asked" if answer == b"asked" else "cancelled"
