"""The URLs that a retailer's webhooks are registered with, and where we listen."""

import ipaddress

from workers.hooks.address import webhook_urls

__all__ = ("is_loopback", "webhook_urls")


def is_loopback(host: str) -> bool:
    """Say whether only this machine can call an address that is listened on."""
    return ipaddress.ip_address(host).is_loopback
