"""The retailer: the store that the token belongs to."""

from msgspec import Struct

from actions.action import Action, get
from actions.lenient import Id, Number, Text, UtcTime


class Currency(Struct, kw_only=True):
    """What prices are in."""

    code: Text | None = None
    symbol: Text | None = None


class Loyalty(Struct, kw_only=True):
    """How the retailer rewards its customers."""

    enabled: bool | None = None
    ratio: Number | None = None
    claim_url: Text | None = None
    send_welcome_email: bool | None = None


class SkuSequence(Struct, kw_only=True):
    """Whether SKUs are counted up, and where the count stands."""

    enabled: bool | None = None
    value: int | None = None


class GiftCardSetting(Struct, kw_only=True):
    """Whether gift cards are sold."""

    enabled: bool | None = None
    never_enabled: bool | None = None


class OnAccount(Struct, kw_only=True):
    """How far customers may buy on account."""

    default_limit: Number | None = None


class Retailer(Struct, kw_only=True):
    """The retailer and its settings (vendor: OpenAPI 2026-07, retailers)."""

    id: Id
    name: Text | None = None
    domain_prefix: Text | None = None
    store_url: Text | None = None
    account_status: Text | None = None
    account_type: Text | None = None
    country: Text | None = None
    """Two letters."""
    currency: Currency | None = None
    culture: Text | None = None
    timezone: Text | None = None
    tax_exclusive: bool | None = None
    loyalty: Loyalty | None = None
    sku_sequence: SkuSequence | None = None
    gift_cards: GiftCardSetting | None = None
    store_credit: bool | None = None
    on_account: OnAccount | None = None
    discount_product_id: Text | None = None
    no_tax_group_id: Text | None = None
    """The tax of a line without tax."""
    embedded_barcode_option: Text | None = None
    """none, price or weight."""
    enable_line_item_consolidation: bool | None = None
    sso_enabled: bool | None = None
    created_at: UtcTime | None = None
    activated_at: UtcTime | None = None
    version: int | None = None
    """The vendor writes it as a string."""


@get(
    "/retailer",
    scope="retailer:read payment_types:read",
    title="Get Information About This Retailer",
)
class GetRetailer(Action[Retailer]):
    """Read the retailer that the token belongs to. Both scopes are needed."""
