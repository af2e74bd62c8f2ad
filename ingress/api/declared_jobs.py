"""What the routes below `/jobs` tell of themselves."""

from typing import Any, Final, get_args

from actions.exchange import LANES
from ingress.api.job_answers import ListedJobs, MadeJobs, ShownJob
from ingress.api.wanted_jobs import LEAST_KEPT, MOST_JOBS, MOST_KEPT
from ingress.declaring import ACCOUNT, WAIT, Asked, Declared, Given
from workers.action_jobs import JobState
from workers.keys import KEEP_SECONDS

MOST_LISTED: Final = 1000
"""Jobs in one answer."""
LISTED: Final = 50
"""Unless a caller asks for another number."""
ONCE: Final = "Idempotency-Key"
LONGEST_WORD: Final = 255
_WANTED: Final = {
    "type": "object",
    "required": ["action"],
    "properties": {
        "action": {"type": "string", "description": "Its name, of either style."},
        "parameters": {
            "type": "object",
            "description": "Its parameters: `GET /actions/{name}` has their schema.",
        },
        "retailer": {
            "type": ["string", "null"],
            "description": "Whose store, where neither the header nor the key says it.",
        },
        "lane": {
            "enum": list(LANES),
            "default": "bulk",
            "description": "`interactive` does not stand behind the retailer's other jobs.",
        },
        "keep": {
            "type": "number",
            "minimum": LEAST_KEPT,
            "maximum": MOST_KEPT,
            "default": KEEP_SECONDS,
            "description": "Seconds that it is kept once it is over.",
        },
    },
    "additionalProperties": False,
}
_MANY: Final = {
    "type": "object",
    "required": ["jobs"],
    "properties": {
        "jobs": {"type": "array", "minItems": 1, "maxItems": MOST_JOBS, "items": _WANTED}
    },
    "additionalProperties": False,
}
_ID: Final = Asked("job_id", "The job's id.", place="path")
_STATE: Final[dict[str, Any]] = {"enum": list(get_args(JobState))}
_LIMIT: Final = {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": LISTED}

DECLARED: Final = (
    Declared(
        verb="post",
        path="/jobs",
        group="jobs",
        title="Enqueue an action, or up to 1000",
        said="A worker runs them, each when the retailer's rate limit has room. All are checked "
        "first: where one is wrong none is enqueued, and the problem names it by its place. With "
        "an idempotency key a repeat within 72 h answers the same ids and enqueues nothing.",
        asks=(
            ACCOUNT,
            Asked(
                ONCE,
                "A word of the caller's for this request, such as a UUID.",
                {"type": "string", "maxLength": LONGEST_WORD, "pattern": "^[!#-~]([ -~]*[!#-~])?$"},
                "header",
            ),
        ),
        takes={"anyOf": [_WANTED, _MANY]},
        gives={
            202: Given(
                "They are enqueued.",
                MadeJobs,
                headers={"Location": "Where the job is shown, if one alone was asked for."},
            )
        },
        fails=(408, 413, 415, 422),
    ),
    Declared(
        verb="get",
        path="/jobs",
        group="jobs",
        title="List the jobs of the key's retailers",
        asks=(
            ACCOUNT,
            Asked("retailer", "Only this retailer's."),
            Asked("state", "Only in this state.", _STATE),
            Asked("limit", "How many at most.", _LIMIT),
        ),
        gives={200: Given("The jobs.", ListedJobs)},
    ),
    Declared(
        verb="get",
        path="/jobs/{job_id}",
        group="jobs",
        title="Show a job, or wait for its end",
        said="It is kept for a day after its end, or as long as was asked for.",
        asks=(
            _ID,
            WAIT,
            Asked("Prefer", "`wait=N`: the same, as a wish.", {"type": "string"}, "header"),
            ACCOUNT,
        ),
        gives={200: Given("The job as it stands.", ShownJob)},
    ),
    Declared(
        verb="delete",
        path="/jobs/{job_id}",
        group="jobs",
        title="Cancel a job",
        asks=(_ID, ACCOUNT),
        gives={
            200: Given("It had not begun, and never will.", ShownJob),
            202: Given("It runs: its worker stops it within two seconds.", ShownJob),
        },
        fails=(403, 409),
    ),
)
