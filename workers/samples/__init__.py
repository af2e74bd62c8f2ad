"""One payload of each event type, from a small outdoor shop in Nelson that does not exist.

Same keys, order and types as vendor: Webhooks - Example Payloads; the values are ours.
"""

import json
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

_GO = frozenset({"product.update", "inventory.update", "sale.update"})
"""Sent by the vendor's Go service, which writes JSON its own way; the others come from PHP."""

_NAMED_ONCE = frozenset({"consignment.send", "consignment.receive", "register_closure.create"})
"""Without version or time, only another id makes another event."""

_OPEN_HOURS = timedelta(hours=9)


def sample(event_type: str) -> dict[str, Any]:
    """Load the sample payload of an event type."""
    text = (resources.files(__name__) / f"{event_type}.json").read_text("utf-8")
    payload: dict[str, Any] = json.loads(text)
    return payload


def fresh(
    event_type: str, now: datetime, version: int, new_id: str | None = None
) -> dict[str, Any]:
    """Make a payload that is neither a repeat nor stale: newer, or under an id of its own."""
    payload = sample(event_type)
    if new_id is None and event_type in _NAMED_ONCE:
        new_id = str(uuid4())
    if new_id is not None:
        payload["id"] = new_id
    if "version" in payload:
        payload["version"] = version
    for key in ("created_at", "updated_at", "sale_date", "register_close_time"):
        _set_time(payload, key, now)
    _set_time(payload, "register_open_time", now - _OPEN_HOURS)
    for payment in payload.get("register_sale_payments", []):
        _set_time(payment, "payment_date", now)
    return payload


def form(event_type: str, payload: dict[str, Any], domain_prefix: str, retailer_id: str) -> bytes:
    """Write the body of a delivery, byte for byte as the vendor would."""
    if "retailer_id" in payload:
        payload = payload | {"retailer_id": retailer_id}
    fields = {
        "domain_prefix": domain_prefix,
        "environment": "prod",
        "payload": _go(payload) if event_type in _GO else _php(payload),
        "retailer_id": retailer_id,
        "type": event_type,
    }
    return urlencode(fields).encode("ascii")


def fresh_form(event_type: str, domain_prefix: str, retailer_id: str) -> bytes:
    """Make the body of a delivery of this moment; no two are alike."""
    now = datetime.now(UTC)
    version = int(now.timestamp() * 1000)
    return form(
        event_type, fresh(event_type, now, version, str(uuid4())), domain_prefix, retailer_id
    )


def _set_time(into: dict[str, Any], key: str, time: datetime) -> None:
    """Write a time where the key is, in the spelling it has there."""
    if key not in into:
        return
    spelt = time.astimezone(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    if "T" in into[key]:
        spelt = spelt.replace(" ", "T") + ("Z" if into[key].endswith("Z") else "+00:00")
    into[key] = spelt


def _go(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _php(payload: dict[str, Any]) -> str:
    # Outside strings JSON has no slash, so every one may be escaped.
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/")
