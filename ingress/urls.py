"""The URLs that a retailer's webhooks are registered with."""

from actions.connections import Connection
from workers.events import WEBHOOK_TYPES


def webhook_urls(connection: Connection, base_url: str) -> dict[str, str]:
    """Return the URL to register for each event type."""
    key = connection.webhook_key.reveal()
    return {name: f"{base_url}/webhooks/{key}/{name}" for name in WEBHOOK_TYPES}
