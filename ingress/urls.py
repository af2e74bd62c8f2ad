"""The URLs that a retailer's webhooks are registered with, and where we listen."""

import ipaddress

from actions.connections import Connection
from workers.events import WEBHOOK_TYPES


def webhook_urls(connection: Connection, base_url: str) -> dict[str, str]:
    """Return the URL to register for each event type."""
    key = connection.webhook_key.reveal()
    return {name: f"{base_url}/webhooks/{key}/{name}" for name in WEBHOOK_TYPES}


def is_loopback(host: str) -> bool:
    """Say whether only this machine can call an address that is listened on."""
    return ipaddress.ip_address(host).is_loopback
