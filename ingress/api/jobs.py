"""Jobs over HTTP: actions that a worker runs later, and what became of them."""

import re
from http import HTTPStatus
from typing import Final, get_args

import structlog
from aiohttp import hdrs, web
from msgspec import convert

from actions.catalog import CATALOG
from ingress.api.asking import asked, patience
from ingress.api.declared_jobs import LISTED, LONGEST_WORD, MOST_LISTED, ONCE
from ingress.api.gate import Caller, Gate, body_of
from ingress.api.job_answers import (
    ListedJobs,
    MadeJob,
    MadeJobs,
    answered,
    listed,
    shown,
    status_url,
)
from ingress.api.problems import Problem
from ingress.api.rpc import is_json
from ingress.api.wanted_jobs import checked_jobs, items_of
from ingress.api.whose import Whose
from ingress.reach import Reach
from workers.action_jobs import Job, JobState
from workers.cancelling import cancel
from workers.ends import Ends
from workers.inbox import Inbox
from workers.retailer_jobs import Wanted, jobs_of

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of a call that asks for jobs."""
_NUMBER: Final = re.compile(r"\d{1,4}", re.ASCII)
_OVER: Final = frozenset({"done", "failed", "cancelled"})


class Jobs:
    """The routes below `/jobs`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._ends = Ends(reach.database)
        self._inbox = Inbox(reach.database, reach.vault, reach.settings.inbox_seconds)

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return the routes."""

        async def show(request: web.Request, caller: Caller) -> web.Response:
            return await self.show(request, caller, gate)

        return [
            web.post("/jobs", gate.guarded(self.enqueue)),
            web.get("/jobs", gate.guarded(self.listing)),
            web.get("/jobs/{job_id}", gate.guarded(show)),
            web.delete("/jobs/{job_id}", gate.guarded(self.cancel)),
        ]

    async def stopped(self, _: web.Application) -> None:
        """Answer all who wait for a job at once, for the application stops."""
        await self._ends.close()

    async def enqueue(self, request: web.Request, caller: Caller) -> web.Response:
        """Enqueue one action, or up to 1000: all of them, or none where one is wrong."""
        asked(request, ())
        once = _once(request, caller)
        if not is_json(request.content_type):
            raise Problem(415, "Send the jobs as JSON, with Content-Type: application/json.")
        items, alone = items_of(await body_of(request, MOST_BYTES))
        jobs = await checked_jobs(Whose(self._reach.database, caller), items, alone=alone)
        ids = await self._reach.lightspeed.jobs.enqueue_many(jobs, once=once)
        log.info("api.enqueued", key=caller.key.name, jobs=len(ids))
        made = [MadeJob(job_id, status_url(self._reach, request, job_id)) for job_id in ids]
        response = answered(MadeJobs(made), HTTPStatus.ACCEPTED)
        if alone:
            response.headers[hdrs.LOCATION] = made[0].status_url
        return response

    async def listing(self, request: web.Request, caller: Caller) -> web.Response:
        """List the jobs of the retailers that a key is for."""
        given = asked(request, ("retailer", "state", "limit"))
        state, named = given.get("state"), given.get("retailer")
        if state is not None and state not in get_args(JobState):
            raise Problem(400, f"?state= takes one of {', '.join(get_args(JobState))}.")
        limit = _limit(given.get("limit"))
        whose = Whose(self._reach.database, caller)
        retailers = await whose.all() if named is None else [await whose(named)]
        wanted = Wanted(None if state is None else convert(state, JobState), caller.key.names)
        found, more = await jobs_of(self._reach.database, retailers, wanted, limit)
        rows = [listed(job, status_url(self._reach, request, job.job_id)) for job in found]
        return answered(ListedJobs(rows, more=more))

    async def show(self, request: web.Request, caller: Caller, gate: Gate) -> web.Response:
        """Show a job, `?wait=` so many seconds for its end at most."""
        asked(request, ("wait",))
        seconds = patience(request, 0)
        job = await self._seen(request, caller)
        if seconds and job.state not in _OVER:
            await self._ends.come(job.job_id, seconds)
            job = await self._seen(request, await gate.admitted(request))
        return answered(shown(job, status_url(self._reach, request, job.job_id)))

    async def cancel(self, request: web.Request, caller: Caller) -> web.Response:
        """Cancel a job: 200 where it had not begun, 202 where its worker is asked to stop it."""
        asked(request, ())
        job = await self._seen(request, caller)
        kind = CATALOG.get(job.action)
        if caller.key.read_only and not (kind and kind.operation.reads):
            raise Problem(403, "This key reads only, and this job writes: use a key that may.")
        said = await cancel(self._inbox, self._reach.lightspeed.jobs, job.job_id)
        url = status_url(self._reach, request, job.job_id)
        status = HTTPStatus.OK if said == "cancelled" else HTTPStatus.ACCEPTED
        now = await self._reach.lightspeed.jobs.get(job.job_id)
        return answered(shown(now, url), status)

    async def _seen(self, request: web.Request, caller: Caller) -> Job:
        """Return the job that is named, if the caller may know of it.

        Raises:
            NoSuchJob: there is none, or it is not the key's: nobody can tell which.
        """
        whose = Whose(self._reach.database, caller)
        return await self._reach.lightspeed.jobs.get(
            request.match_info["job_id"],
            lambda retailer, action: whose.reaches(retailer) and caller.key.names(action),
        )


def _once(request: web.Request, caller: Caller) -> str:
    """Return the word by which a repeat of a call is known: a key's own; empty where none came.

    Raises:
        Problem: it is empty, too long, or no plain text.
    """
    given = request.headers.get(ONCE)
    if given is None:
        return ""
    word = given.strip().strip('"')  # the field's draft has it in quotes, its users seldom do
    if not (1 <= len(word) <= LONGEST_WORD and word.isascii() and word.isprintable()):
        raise Problem(400, f"{ONCE}: use 1 to {LONGEST_WORD} ASCII characters, such as a UUID's.")
    return f"{caller.key.name} {caller.key.created_at.isoformat()} {word}"


def _limit(given: str | None) -> int:
    """Return how many jobs a list is to hold.

    Raises:
        Problem: it is no such number.
    """
    if given is None:
        return LISTED
    if not _NUMBER.fullmatch(given) or not 1 <= int(given) <= MOST_LISTED:
        raise Problem(400, f"?limit= takes a whole number, 1 to {MOST_LISTED:,}.")
    return int(given)
