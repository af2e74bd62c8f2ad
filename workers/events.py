"""The eight event types, each bound to its payload. Plugin authors import from here."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Generic, Literal, TypeVar

from msgspec import Struct

from workers.payloads import (
    ConsignmentReceive,
    ConsignmentSend,
    CustomerUpdate,
    InventoryUpdate,
    ProductUpdate,
    RegisterClosureCreate,
    SaleUpdate,
)

__all__ = [
    "CONSIGNMENT_RECEIVE",
    "CONSIGNMENT_SEND",
    "CUSTOMER_UPDATE",
    "EVENT_TYPES",
    "INVENTORY_UPDATE",
    "PING",
    "PRODUCT_UPDATE",
    "REGISTER_CLOSURE_CREATE",
    "SALE_UPDATE",
    "ConsignmentReceive",
    "ConsignmentSend",
    "CustomerUpdate",
    "Event",
    "EventType",
    "InventoryUpdate",
    "Ping",
    "ProductUpdate",
    "RegisterClosureCreate",
    "SaleUpdate",
]

# Invariant on purpose: a subscriber to sales must not be given customers.
P = TypeVar("P")


class EventType(Struct, Generic[P], frozen=True):
    """A kind of event: its name at Lightspeed, and the payload that comes with it."""

    name: str
    payload: type[P]
    fires: str
    """When Lightspeed sends it (vendor: Webhooks)."""


class Event(Struct, Generic[P], frozen=True, kw_only=True, dict=True):
    """Something that happened at a retailer, typed.

    Delivered at least once: `id` is the key by which a subscriber can tell a second run.
    """

    id: str
    type: EventType[P]
    retailer: str
    received_at: datetime
    source: Literal["webhook"] = "webhook"
    read: Callable[[], P]
    """Reads the payload."""
    read_raw: Callable[[], Any]
    """Reads it as plain objects."""

    @cached_property
    def payload(self) -> P:
        """The resource as sent, typed; read when it is first asked for."""
        return self.read()

    @cached_property
    def raw(self) -> Any:
        """The payload as it came, untyped: a dict, or the body's text for a ping."""
        return self.read_raw()

    def __repr__(self) -> str:
        return f"Event({self.id!r}, {self.type.name!r}, {self.retailer!r})"


class Ping(Struct, frozen=True):
    """A delivery that was signed and yet is none of the seven types, or could not be read."""

    declared: str | None
    """The type it claimed to be, if any."""
    reason: str
    """Why it is none of ours."""


PRODUCT_UPDATE: Final = EventType("product.update", ProductUpdate, "a product was edited")
INVENTORY_UPDATE: Final = EventType(
    "inventory.update",
    InventoryUpdate,
    "stock changed: a sale, an adjustment, a consignment",
)
SALE_UPDATE: Final = EventType("sale.update", SaleUpdate, "a sale was created or changed")
CUSTOMER_UPDATE: Final = EventType(
    "customer.update",
    CustomerUpdate,
    "a customer was created, changed or deleted, or their balance moved",
)
CONSIGNMENT_SEND: Final = EventType(
    "consignment.send", ConsignmentSend, "one product line of a stock transfer was sent"
)
CONSIGNMENT_RECEIVE: Final = EventType(
    "consignment.receive",
    ConsignmentReceive,
    "one product line was received: order, transfer, stocktake",
)
REGISTER_CLOSURE_CREATE: Final = EventType(
    "register_closure.create", RegisterClosureCreate, "a register was closed"
)
PING: Final = EventType("ping", Ping, "a signed delivery came that nobody recognises")

_ALL: tuple[EventType[Any], ...] = (
    PRODUCT_UPDATE,
    INVENTORY_UPDATE,
    SALE_UPDATE,
    CUSTOMER_UPDATE,
    CONSIGNMENT_SEND,
    CONSIGNMENT_RECEIVE,
    REGISTER_CLOSURE_CREATE,
    PING,
)
EVENT_TYPES: Final[dict[str, EventType[Any]]] = {kind.name: kind for kind in _ALL}
"""Every event type by name: the seven that Lightspeed sends, then `ping`."""
WEBHOOK_TYPES: Final = tuple(kind.name for kind in _ALL if kind is not PING)
"""The names that can be subscribed to at Lightspeed."""
