"""What a call asks to have enqueued: read, and checked whole before anything is."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from actions.action import Action
from actions.checking import made
from actions.errors import BackroomError, DatabaseAway
from actions.exchange import Lane
from actions.lenient import BAD
from ingress.api.envelope import MOST_VALUES, exact
from ingress.api.listing import permitted
from ingress.api.problems import Problem, status_of
from ingress.api.whose import Whose
from workers.keys import KEEP_SECONDS
from workers.new_jobs import NewJob
from workers.pauses import Pauses

T = TypeVar("T")

MOST_JOBS: Final = 1000
"""Of one call."""
LEAST_KEPT, MOST_KEPT = 60, 30 * 86_400
"""Seconds that a job may be kept once it is over."""
_MOST_TOLD: Final = 20
"""Jobs that break a rule; others are not looked for."""
_LARGE_BYTES: Final = 65_536
"""From here on a job is read in a thread: deliveries go on meanwhile."""
_BEGINNINGS: Final = (b",", b"[", b"{")


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A job that is asked for."""

    action: str
    parameters: Raw = Raw(b"{}")
    """Read once the action is known."""
    retailer: str | None = None
    lane: Lane = "bulk"
    keep: Annotated[float, Meta(ge=LEAST_KEPT, le=MOST_KEPT)] = KEEP_SECONDS


class BadJobs(Problem):
    """Some of the jobs that are asked for break a rule, so none was enqueued."""

    def __init__(self, status: int, detail: str, fields: dict[str, list[str]]) -> None:
        super().__init__(status, detail)
        self.fields = fields


_decoder: Final = msgspec.json.Decoder(Wanted)
_parameters: Final = msgspec.json.Decoder(dict[str, Any], float_hook=exact)


def items_of(body: bytes) -> tuple[list[Raw], bool]:
    """Return the jobs that a body asks for, still to be read, and whether it is one alone.

    Raises:
        Problem: it holds no such thing, or too much.
    """
    if sum(map(body.count, _BEGINNINGS)) > MOST_VALUES:
        raise Problem(413, f"One call may hold {MOST_VALUES:,} values at most: send fewer at once.")
    try:
        whole = msgspec.json.decode(body, type=dict[str, Raw])
        if "jobs" not in whole:
            return [Raw(body)], True
        items = msgspec.json.decode(whole["jobs"], type=list[Raw])
    except BAD as error:
        said = _plain(error)
        raise Problem(400, f"The body cannot be read: {said}.") from None
    if len(whole) > 1:
        raise Problem(400, "Beside `jobs` a body holds nothing: each job has its own words.")
    if not 1 <= len(items) <= MOST_JOBS:
        raise Problem(400, f"One call asks for 1 to {MOST_JOBS:,} jobs, not for {len(items):,}.")
    return items, False


async def checked_jobs(whose: Whose, items: Sequence[Raw], *, alone: bool) -> list[NewJob]:
    """Return the jobs that are asked for, every one of them checked.

    Raises:
        BadJobs: some break a rule; it says which ones by their place, and what rule.
        BackroomError: the one that stands `alone` breaks a rule.
        DatabaseAway: nobody knows which retailers are linked.
    """
    found: list[NewJob] = []
    bad: list[tuple[int, BackroomError]] = []
    pause = Pauses()
    for place, item in enumerate(items):
        try:
            found.append(await _checked(whose, item))
        except DatabaseAway:
            raise
        except BackroomError as error:
            if alone:
                raise
            bad.append((place, error))
            if len(bad) == _MOST_TOLD:
                break
        await pause()
    if bad:
        raise _told(bad)
    return found


async def _checked(whose: Whose, item: Raw) -> NewJob:
    wanted = _read(_decoder, item)
    retailer = await whose(wanted.retailer)
    kind = permitted(wanted.action, whose.caller.key)
    if len(item) < _LARGE_BYTES:
        action = _action(kind, wanted.parameters)
    else:
        action = await asyncio.to_thread(_action, kind, wanted.parameters)
    return NewJob(action=action, retailer=retailer, lane=wanted.lane, keep=int(wanted.keep))


def _action(kind: type[Action[Any]], parameters: Raw) -> Action[Any]:
    return made(kind, _read(_parameters, parameters))


def _read(decoder: msgspec.json.Decoder[T], item: Raw) -> T:
    try:
        return decoder.decode(item)
    except BAD as error:
        said = _plain(error)
    raise Problem(400, f"{said}.")  # raised out here: a chained error would carry what was sent


def _told(bad: list[tuple[int, BackroomError]]) -> BadJobs:
    first, error = bad[0]
    fields = {f"jobs[{place}]": [str(one)] for place, one in bad}
    said = f"jobs[{first}]: {error} Nothing was enqueued."
    return BadJobs(status_of(error), said, fields)


def _plain(error: Exception) -> str:
    """Return what msgspec says of JSON, without its marks of code."""
    return str(error).replace("`", "").rstrip(".")
