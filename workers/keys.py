"""The names of everything that the engine keeps in Redis."""

from typing import Final, Literal, TypeAlias

OPEN = "backroom:open"
"""Sorted set: events that wait for their dispatch or for a subscriber, by arrival."""
FAILED = "backroom:failed"
"""Sorted set: events that a subscriber gave up, by that moment."""
HANDLED = "backroom:handled"
"""Sorted set: events that are over, by that moment; trimmed after `INBOX_DAYS`."""
COUNTS = "backroom:counts"
"""Hash: what came in and was not kept, by reason."""
METERS = "backroom:meters"
"""Hash: what workers have counted since the beginning, for `/metrics`."""
CAUSES = "backroom:meters:causes"
"""Hash: what was given up, by queue and class of the cause; no more than 22 of them."""
RETAILER_IDS = "backroom:retailer-ids"
"""Hash: each retailer's id, learnt from its first signed delivery."""
OVER = "backroom:jobs-over"
"""Sorted set: actions' jobs that are over, by when they are forgotten."""
KEEP_SECONDS: Final = 86_400
"""How long a job is kept once it is over, unless asked otherwise."""
EVENTS_QUEUE = "backroom:events"
ACTIONS_QUEUE = "backroom:actions"
QueueName: TypeAlias = Literal["events", "actions"]
QUEUES: Final[dict[QueueName, str]] = {"events": EVENTS_QUEUE, "actions": ACTIONS_QUEUE}
"""Each queue's key, by what people call it."""


def delivery(event_id: str) -> str:
    """String: the delivery as it came, its body sealed."""
    return f"backroom:delivery:{event_id}"


def event(event_id: str) -> str:
    """Hash: what became of a delivery; absent until it is dispatched."""
    return f"backroom:event:{event_id}"


def newest(retailer: str, event_type: str, entity: str) -> str:
    """String: the highest order dispatched for an entity (the version gate)."""
    return f"backroom:newest:{retailer}:{event_type}:{entity}"


def action_job(job_id: str) -> str:
    """Hash: an action that was enqueued, its parameters and result sealed."""
    return f"backroom:job:{job_id}"


def jobs_of(retailer: str) -> str:
    """Sorted set: a retailer's action jobs; what is over by when it is forgotten, the rest behind.

    Those that are not over stand by when they were enqueued, in ms, plus 1e14.
    """
    return f"backroom:jobs-of:{retailer}"


def repeat(digest: str) -> str:
    """Hash: what was enqueued under an idempotency key, so that a repeat enqueues nothing."""
    return f"backroom:repeat:{digest}"


def line(retailer: str) -> str:
    """Sorted set: jobs of the actions queue that wait for a retailer's budget, by their turn."""
    return f"backroom:parked:{retailer}"
