"""Gift cards. Whoever knows a card's number can spend it."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from actions.action import Action, Page, PagedAction, PathId, get
from actions.discreet import Discreet
from actions.lenient import Id, Number, Text, UtcTime

Status = Literal["ACTIVE", "INACTIVE", "REDEEMED", "VOIDED", "EXPIRED"]


class GiftCardTransaction(Discreet, kw_only=True):
    """One movement on a gift card."""

    id: Id | None = None
    amount: Number | None = None
    """Below zero where it was redeemed."""
    type: Text | None = None
    """Such as `ACTIVATION`, `REDEEMING`, `RELOADING`, `VOIDING` or `REVERSING`."""
    client_id: Text | None = None
    user_id: Text | None = None
    source: Text | None = None
    source_id: Text | None = None
    created_at: UtcTime | None = None


class GiftCard(Discreet, kw_only=True):
    """A gift card (vendor: OpenAPI 2026-07, gift cards)."""

    id: Id
    number: Text | None = None
    balance: Number | None = None
    """Zero once it is voided or expired."""
    total_sold: Number | None = None
    total_redeemed: Number | None = None
    status: Text | None = None
    sale_id: Text | None = None
    sale_source: Text | None = None
    """`x-series` or `e-series`."""
    created_at: UtcTime | None = None
    expires_at: UtcTime | None = None
    gift_card_transactions: list[GiftCardTransaction] | None = None


@get("/gift_cards", scope="gift_cards:read", title="List Gift Cards")
class ListGiftCards(Discreet, PagedAction[GiftCard]):
    """List gift cards, newest first."""

    overlaps = True

    before: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    """The id of a gift card: only older ones, perhaps this one again."""
    page_size: Annotated[int, Meta(ge=1, le=1000)] | UnsetType = UNSET
    """The vendor takes 1000 when it is left out."""
    card_number: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    status: Status | UnsetType = UNSET

    def following(self, page: Page[GiftCard]) -> PagedAction[GiftCard] | None:
        """Go on before the last card, until a page holds none but the one asked from."""
        new = [card.id for card in page.data if card.id != self.before]
        return replace(self, before=new[-1]) if new else None


@get("/gift_cards/{number}", scope="gift_cards:read", title="Find Gift Card", answer="bare")
class FindGiftCard(Discreet, Action[GiftCard]):
    """Find a gift card by its number; the vendor answers 404 where there is none."""

    number: PathId
