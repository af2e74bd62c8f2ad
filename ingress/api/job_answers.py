"""A job as the API shows it."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta, Raw, Struct

from actions.exchange import Lane
from ingress.api.problems import told
from ingress.reach import Reach
from workers.action_jobs import Job, JobState
from workers.jobs import Listed

FAILED: Final = "failed"


class MadeJob(Struct, frozen=True):
    """A job that was enqueued."""

    job_id: str
    status_url: str


class MadeJobs(Struct, frozen=True):
    """The jobs that were enqueued, in the order in which they were asked for."""

    jobs: list[MadeJob]


class JobError(Struct, frozen=True, omit_defaults=True):
    """Why a job has failed, as problem details."""

    type: str
    title: str
    """The error's class."""
    status: int
    detail: str = ""
    """A sentence for people."""


class ListedJob(Struct, frozen=True, kw_only=True):
    """A job as it stands in a list."""

    job_id: str
    status_url: str
    action: str
    retailer: str
    state: JobState
    attempts: Annotated[int, Meta(description="Runs that failed; waits do not count.")]
    due: Annotated[datetime | None, Meta(description="When its turn is, of one that waits.")]
    error: Annotated[JobError | None, Meta(description="Why it has failed.")]


class ShownJob(ListedJob, frozen=True, kw_only=True):
    """A job as it stands."""

    lane: Lane
    reason: Annotated[str | None, Meta(description="Why it waits, or was cancelled, in words.")]
    result: Annotated[Raw | None, Meta(description="What the action answered: `…Result`.")]


class ListedJobs(Struct, frozen=True):
    """Jobs: those that are not over in front, the newest first."""

    jobs: list[ListedJob]
    more: Annotated[bool, Meta(description="There may be more than these.")]


def answered(found: Struct, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """Return an answer that nobody keeps."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(found),
        content_type="application/json",
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )


def status_url(reach: Reach, request: web.Request, job_id: str) -> str:
    """Return where a job is shown: below `PUBLIC_URL`, else below what the caller called."""
    root = reach.settings.public_url.rstrip("/") or str(request.url.origin())
    return f"{root}/jobs/{job_id}"


def shown(job: Job, url: str) -> ShownJob:
    """Return a job whole; its error once it has failed for good, else what it waits for."""
    return ShownJob(
        job_id=job.job_id,
        status_url=url,
        action=job.action,
        retailer=job.retailer,
        lane=job.lane,
        state=job.state,
        attempts=job.attempts,
        due=job.due,
        reason=None if job.state == FAILED else job.message or None,
        result=job.result,
        error=_error(job.state, job.error, job.message),
    )


def listed(job: Listed, url: str) -> ListedJob:
    """Return a job as it stands in a list: without what it answered, or was answered."""
    return ListedJob(
        job_id=job.job_id,
        status_url=url,
        action=job.name,
        retailer=job.retailer,
        state=job.state,
        attempts=job.attempts,
        due=job.due,
        error=_error(job.state, job.error),
    )


def _error(state: JobState, name: str, detail: str = "") -> JobError | None:
    return msgspec.convert(told(name, detail), JobError) if state == FAILED else None
