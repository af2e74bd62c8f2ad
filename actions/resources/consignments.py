"""Consignments: stock that is ordered, moved, sent back or counted."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from actions.action import Action, PathId, Versioned, get, post, put
from actions.lenient import Id, Number, Text, UtcTime

Type = Literal["SUPPLIER", "OUTLET", "STOCKTAKE", "RETURN"]
Status = Literal[
    "OPEN",
    "SENT",
    "DISPATCHED",
    "RECEIVED",
    "STOCKTAKE_IN_PROGRESS",
    "STOCKTAKE_SCHEDULED",
    "STOCKTAKE_IN_PROGRESS_PROCESSED",
    "STOCKTAKE_COMPLETE",
    "CLOSED",
    "CANCELLED",
]
_Time = Annotated[datetime, Meta(tz=True)]

_SCOPE_OF: Final[dict[Type, str]] = {
    "SUPPLIER": "consignments:write:stock_order",
    "RETURN": "consignments:write:stock_order",
    "OUTLET": "consignments:write:stock_transfer",
    "STOCKTAKE": "consignments:write:inventory_count",
}
_SCOPES: Final = " ".join(dict.fromkeys(_SCOPE_OF.values()))


class Consignment(Struct, kw_only=True):
    """A consignment without its products (vendor: OpenAPI 2026-07, consignments)."""

    id: Id
    name: Text | None = None
    """Shown as the note of an order."""
    outlet_id: Text | None = None
    """The outlet that receives."""
    type: Text | None = None
    status: Text | None = None
    """The vendor may add more than `Status` lists."""
    supplier_id: Text | None = None
    source_outlet_id: Text | None = None
    """Only of the type `OUTLET`."""
    due_at: UtcTime | None = None
    consignment_date: UtcTime | None = None
    received_at: UtcTime | None = None
    reference: Text | None = None
    """The number of an order."""
    supplier_invoice: Text | None = None
    total_count_gain: Number | None = None
    total_count_loss: Number | None = None
    total_cost_gain: Number | None = None
    total_cost_loss: Number | None = None
    filters: list[Any] | None = None
    show_inactive: bool | None = None
    product_count: int | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


@get("/consignments", scope="consignments:read", title="List Consignments")
class ListConsignments(Versioned[Consignment]):
    """List consignments, oldest change first."""

    type: Type | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    outlet_id: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET


@get("/consignments/{consignment_id}", scope="consignments:read", title="Get A Single Consignment")
class GetConsignment(Action[Consignment]):
    """Read one consignment."""

    consignment_id: PathId


class _WriteConsignment(Action[Consignment], kw_only=True):
    """What creating and updating share; the body goes flat (vendor: tutorial, stock orders)."""

    name: str
    """Shown as the note of an order."""
    outlet_id: Annotated[str, Meta(min_length=1)]
    """The outlet that receives."""
    type: Type
    status: Status | UnsetType = UNSET
    supplier_id: str | UnsetType | None = UNSET
    source_outlet_id: str | UnsetType | None = UNSET
    """Only for the type `OUTLET`."""
    due_at: _Time | UnsetType | None = UNSET
    consignment_date: _Time | UnsetType | None = UNSET
    received_at: _Time | UnsetType | None = UNSET
    reference: str | UnsetType | None = UNSET
    """The number of an order."""
    supplier_invoice: str | UnsetType | None = UNSET

    def needs(self) -> tuple[str, ...]:
        """Return the one scope that this type needs."""
        return (_SCOPE_OF[self.type],)

    def check(self) -> None:
        """Raise `ValueError` where a source outlet is given for what is no transfer."""
        if self.type != "OUTLET" and self.source_outlet_id:
            raise ValueError(
                "source_outlet_id must be given only for the type OUTLET,"
                f" but the type is {self.type} and it is {self.source_outlet_id!r}."
            )


@post("/consignments", scope=_SCOPES, title="Create A Consignment")
class CreateConsignment(_WriteConsignment):
    """Create a consignment without products and return it. Its type can never change."""

    def check(self) -> None:
        """Raise `ValueError` also where an order would begin as already on its way."""
        super().check()
        if self.type == "SUPPLIER" and self.status in {"DISPATCHED", "RECEIVED"}:
            raise ValueError(
                "status must not be DISPATCHED or RECEIVED when the type is SUPPLIER and it is"
                f" created, but it is {self.status}."
            )


@put("/consignments/{consignment_id}", scope=_SCOPES, title="Update A Consignment")
class UpdateConsignment(_WriteConsignment):
    """Change a consignment; the vendor wants name, outlet and type each time.

    An order or return needs products before its status changes, and can no longer change once
    it is received or cancelled.
    """

    consignment_id: PathId
