"""The names of everything that the engine keeps in Redis."""

OPEN = "backroom:open"
"""Sorted set: events that wait for their dispatch or for a subscriber, by arrival."""
FAILED = "backroom:failed"
"""Sorted set: events that a subscriber gave up, by that moment."""
HANDLED = "backroom:handled"
"""Sorted set: events that are over, by that moment; trimmed after `INBOX_DAYS`."""
COUNTS = "backroom:counts"
"""Hash: what came in and was not kept, by reason."""
RETAILER_IDS = "backroom:retailer-ids"
"""Hash: each retailer's id, learnt from its first signed delivery."""
EVENTS_QUEUE = "backroom:events"
ACTIONS_QUEUE = "backroom:actions"


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
