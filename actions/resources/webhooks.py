"""Webhooks: where the vendor sends what happens in the store."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from actions.action import Action, PathId, Unpaged, delete, get, post
from actions.lenient import Id, Text

WebhookType = Literal[
    "sale.update",
    "product.update",
    "customer.update",
    "inventory.update",
    "register_closure.create",
    "consignment.send",
    "consignment.receive",
]


class Webhook(Struct, kw_only=True):
    """A webhook (vendor: OpenAPI 2026-07, webhooks)."""

    id: Id
    retailer_id: Text | None = None
    user_id: Text | None = None
    """In version 2.0 only."""
    type: Text | None = None
    url: Text | None = None
    active: bool | None = None


@get("/webhooks", scope="webhooks", title="List Webhooks")
class ListWebhooks(Unpaged[Webhook]):
    """List all webhooks of the app. The vendor pages nothing here."""


@post("/webhooks", scope="webhooks", title="Create Webhook")
class CreateWebhook(Action[Webhook]):
    """Create a webhook. The vendor answers 409 where its type and URL are there already."""

    url: Annotated[str, Meta(min_length=3)]
    type: WebhookType
    active: bool


@delete("/webhooks/{webhook_id}", scope="webhooks", title="Delete Webhook")
class DeleteWebhook(Action[None]):
    """Delete a webhook. The vendor answers 404 where it is gone already."""

    webhook_id: PathId
