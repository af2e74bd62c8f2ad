"""Where a retailer's webhooks lead: the URLs to register, and whether they can be called."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from actions.connections import Connection
from workers.events import WEBHOOK_TYPES
from workers.settings import Settings

_PATH: Final = "/webhooks/"


def webhook_urls(connection: Connection, base_url: str) -> dict[str, str]:
    """Return the URL to register for each event type."""
    key = connection.webhook_key.reveal()
    return {name: f"{base_url}{_PATH}{key}/{name}" for name in WEBHOOK_TYPES}


def taken_apart(url: str, base_url: str) -> tuple[str, str] | None:
    """Return the webhook key and the event type that stand in a URL of ours.

    None where it is not one of ours; no event type where a URL was registered by hand without it.
    """
    key, slash, event_type = url.removeprefix(base_url + _PATH).partition("/")
    is_ours = url.startswith(base_url + _PATH) and key and "/" not in event_type
    return (key, event_type) if is_ours and bool(slash) == bool(event_type) else None


def unreachable(settings: Settings) -> str:
    """Say why Lightspeed could not call our URLs, as far as can be told from here; or nothing."""
    if not settings.public_url and settings.port == 0:
        return "PORT is 0, so nobody knows our URLs: set PUBLIC_URL."
    if is_local(settings.base_url) and not is_local(settings.lightspeed_origin):
        return (
            f"Lightspeed cannot reach {settings.base_url}: set PUBLIC_URL to the https address "
            "where the internet reaches `web`."
        )
    return ""


def is_local(url: str) -> bool:
    """Say whether a URL's host is this machine or on its network."""
    host = ""
    try:
        host = urlsplit(url).hostname or ""
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local"))
