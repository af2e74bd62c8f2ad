"""Subscriptions to webhooks (vendor: OpenAPI 2026-07, webhooks): each of one type and one URL."""

from typing import Any, Final
from urllib.parse import urlsplit

from actions.simulator.routing import DATED, Answer, Ask, Routes, Trouble, bare, data, malformed
from actions.simulator.shop import Shop
from actions.simulator.table import decode

routes = Routes()
TYPES: Final = (
    "sale.update",
    "product.update",
    "customer.update",
    "inventory.update",
    "register_closure.create",
    "consignment.send",
    "consignment.receive",
)
_SHOWN: Final = ("active", "id", "retailer_id", "type", "url")
_ID: Final = "/webhooks/{webhook_id}"


@routes.on("GET", "/webhooks", "webhooks")
def list_webhooks(shop: Shop, ask: Ask) -> Answer:
    """List every subscription."""
    return data([_shown(row, ask) for row in shop.table("webhooks").all()])


@routes.on("POST", "/webhooks", "webhooks")
def create_webhook(shop: Shop, ask: Ask) -> Answer:
    """Subscribe a URL to a type, once."""
    return data(_shown(_create(shop, ask, ask.body), ask), 201)


@routes.on("GET", _ID, "webhooks")
def get_webhook(shop: Shop, ask: Ask) -> Answer:
    """Read one subscription."""
    return data(_shown(_found(shop, ask), ask))


@routes.on("PUT", _ID, "webhooks", versions=DATED)
def update_webhook(shop: Shop, ask: Ask) -> Answer:
    """Change a subscription; all three members are required again."""
    row = _found(shop, ask)
    row |= _free(shop, _read(ask.body), row["id"])
    return data(_shown(shop.put("webhooks", row), ask))


@routes.on("DELETE", _ID, "webhooks")
def delete_webhook(shop: Shop, ask: Ask) -> Answer:
    """End a subscription for good."""
    shop.table("webhooks").remove(_found(shop, ask)["id"])
    return bare({})


@routes.on("GET", "/webhooks", "webhooks", versions=("0.9",))
def oldest_list(shop: Shop, ask: Ask) -> Answer:
    """List subscriptions as the oldest API does: a bare array."""
    return bare([_shown(row, ask) for row in shop.table("webhooks").all()])


@routes.on("POST", "/webhooks", "webhooks", versions=("0.9",))
def oldest_create(shop: Shop, ask: Ask) -> Answer:
    """Subscribe with a form whose one field `data` holds JSON."""
    return bare(_shown(_create(shop, ask, _form(ask.body)), ask))


@routes.on("DELETE", _ID, "webhooks", versions=("0.9",))
def oldest_delete(shop: Shop, ask: Ask) -> Answer:
    """End a subscription; the oldest API says so."""
    shop.table("webhooks").remove(_found(shop, ask)["id"])
    return bare({"status": "success"})


def _create(shop: Shop, ask: Ask, given: Any) -> dict[str, Any]:
    row = {"id": shop.new_id(), "retailer_id": shop.retailer_id, "user_id": ask.user_id}
    return shop.put("webhooks", row | _free(shop, _read(given)))


def _form(given: Any) -> Any:
    """Return what is in the form's field, or what came as JSON."""
    text = given.get("data") if isinstance(given, dict) else None
    if not isinstance(text, str):
        return given
    try:
        return decode(text)
    except (ValueError, RecursionError, ArithmeticError):
        raise malformed("data must be JSON") from None


def _read(given: Any) -> dict[str, Any]:
    """Read a subscription; whatever is wrong with it is a 400."""
    if not isinstance(given, dict):
        raise malformed("The body must be a JSON object")
    active, kind, url = (given.get(name) for name in ("active", "type", "url"))
    if not isinstance(active, bool):
        raise malformed("active must be a boolean")
    if kind not in TYPES:
        raise malformed(f"type must be one of {', '.join(TYPES)}")
    if not isinstance(url, str) or not _is_url(url):
        raise malformed("url must be a URL")
    return {"active": active, "type": kind, "url": url}


def _is_url(url: str) -> bool:
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    return split.scheme in {"http", "https"} and bool(split.netloc)


def _free(shop: Shop, read: dict[str, Any], own_id: str | None = None) -> dict[str, Any]:
    """Refuse a type and URL that are subscribed already.

    Raises:
        Trouble: 409.
    """
    for row in shop.table("webhooks").all():
        if (row["type"], row["url"]) == (read["type"], read["url"]) and row["id"] != own_id:
            raise Trouble(409, {"error": "A webhook with this type and URL already exists."})
    return read


def _found(shop: Shop, ask: Ask) -> dict[str, Any]:
    row = shop.table("webhooks").get(ask.path["webhook_id"])
    if row is None:
        raise Trouble(404, {"error": "webhook not found"})
    return row


def _shown(row: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """Show a subscription; before 2026 it also said whose it is."""
    names = _SHOWN if ask.version in DATED else (*_SHOWN, "user_id")
    return {name: row[name] for name in names}
