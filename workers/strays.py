"""What cannot be run is put back and said: no job is dropped because we ourselves fail."""

from typing import Final

import structlog

from actions.errors import BackroomError
from workers.logs import where
from workers.run import Run

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_UNKNOWN_SECONDS: Final = 30.0
_UNREADABLE_SECONDS: Final = 600.0
_MOST_POSTPONED: Final = 60.0


async def unknown(run: Run) -> None:
    """Leave a job to a worker of another version, which may know its function."""
    log.warning("job.unknown", job_id=run.job_id, function=run.function)
    run.end(_UNKNOWN_SECONDS)


async def unreadable(run: Run) -> None:
    """Keep what is no job, to be looked at."""
    log.error("job.unreadable", job_id=run.job_id)
    run.end(_UNREADABLE_SECONDS)


def postpone(run: Run, error: Exception) -> None:
    """Put a job back that failed because of us."""
    after = min(_MOST_POSTPONED, 2.0 ** min(run.claimed.claims, 6))
    reason = str(error) if isinstance(error, BackroomError) else where(error)
    # No traceback: it may quote a payload.
    log.error("job.postponed", job_id=run.job_id, error=reason, after=after)
    run.end(after)
