"""Payment types: the ways in which a retailer takes money."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from actions.action import Versioned, get
from actions.lenient import Id, Text, UtcTime


class PaymentKind(Struct, kw_only=True):
    """What the vendor knows of a kind of payment; shared by every payment type of that kind."""

    id: int | None = None
    name: Text | None = None
    internal: bool | None = None
    platforms: list[Text] | None = None
    category: Text | None = None
    subcategory: Text | None = None
    referred_inactive: bool | None = None
    show_banner: bool | None = None
    online_only: bool | None = None
    badge: Text | None = None
    logo: Text | None = None
    header: Text | None = None
    description: Text | None = None
    subtext: Text | None = None
    configuration_url: Text | None = None


class PaymentType(Struct, kw_only=True):
    """A payment type (vendor: OpenAPI 2026-07, payment types).

    A payment of a sale names its `id` as `type.config_id`.
    """

    id: Id
    name: Text | None = None
    type_id: int | None = None
    """Its kind, such as 118 for gift cards; several payment types may share one."""
    disabled: bool | None = None
    internal: bool | None = None
    gateway: bool | None = None
    config: dict[str, Any] | None = None
    outlet_ids: list[Text] | None = None
    payment_type: PaymentKind | None = None
    name_changed_by_user: bool | None = None
    is_editable: bool | None = None
    """Left out where it does not apply."""
    created_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


@get("/payment_types", scope="payment_types:read", title="List Payment Types")
class ListPaymentTypes(Versioned[PaymentType]):
    """List payment types, oldest change first."""

    deleted: bool | UnsetType = UNSET
    """Deleted ones too."""
    outlet_id: str | UnsetType = UNSET
    """Works only in stores that control payment types by outlet."""
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | UnsetType = UNSET
    """An ISO 4217 code."""
    only_lspay: bool | UnsetType = UNSET
    """Only Lightspeed Payments."""
