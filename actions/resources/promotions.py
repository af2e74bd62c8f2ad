"""Promotions."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from actions.action import Action, Request, Unpaged, get, post
from actions.lenient import Id, Number, Text, UtcTime

Moment = Annotated[datetime, Meta(tz=True)]
ActionType = Literal[
    "basic_percent_discount",
    "basic_fixed_discount",
    "fixed_discount",
    "percent_discount",
    "loyalty",
    "fixed_price_discount",
    "fixed_pool_discount",
    "percent_pool_discount",
]
FilterField = Literal[
    "brand_id", "product_id", "supplier_id", "tag_id", "type_id", "variant_parent_id"
]


class PromotionFilter(Struct, kw_only=True):
    """Products that a promotion includes or excludes."""

    field: Text | None = None
    value: Text | None = None


class PromotionAction(Struct, kw_only=True):
    """What a promotion does."""

    type: Text | None = None
    value: Number | None = None
    quantity: int | None = None
    min_quantity: int | None = None
    max_quantity: int | None = None
    include: list[PromotionFilter] | None = None
    exclude: list[PromotionFilter] | None = None


class PromotionCondition(Struct, kw_only=True):
    """When a promotion applies."""

    type: Text | None = None
    quantity: int | None = None
    min_price: Number | None = None
    min_quantity: int | None = None
    max_quantity: int | None = None
    include: list[PromotionFilter] | None = None
    exclude: list[PromotionFilter] | None = None


class PromoCodeSummary(Struct, kw_only=True):
    """Figures of the codes of a promotion."""

    total_promo_code: int | None = None
    redeemed_amount: Number | None = None


class Promotion(Struct, kw_only=True):
    """A promotion (vendor: OpenAPI 2026-07, promotions)."""

    id: Id
    """A number, as text."""
    name: Text | None = None
    description: Text | None = None
    start_time: UtcTime | None = None
    end_time: UtcTime | None = None
    use_promo_code: bool | None = None
    action: PromotionAction | None = None
    condition: PromotionCondition | None = None
    outlet_ids: list[Text] | None = None
    channels: list[Text] | None = None
    customer_group_ids: list[Text] | None = None
    loyalty_multiplier: Number | None = None
    status: Text | None = None
    promo_code_summary: PromoCodeSummary | None = None
    recurring_promotion: Any = None
    show_potential: bool | None = None
    combinable_with_coupon: bool | None = None
    online_channel_ids: list[int] | None = None


class Part(Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of what is sent."""


class FilterToSet(Part, kw_only=True):
    """Products to include or exclude."""

    field: FilterField
    value: str


class ActionToSet(Part, kw_only=True):
    """What a new promotion does."""

    type: ActionType
    value: Decimal
    quantity: int | UnsetType = UNSET
    min_quantity: int | UnsetType = UNSET
    max_quantity: int | UnsetType = UNSET
    include: list[FilterToSet] | UnsetType = UNSET
    exclude: list[FilterToSet] | UnsetType = UNSET


class ConditionToSet(Part, kw_only=True):
    """When a new promotion applies."""

    type: Literal["product_set", "sale_price"]
    quantity: Annotated[int, Meta(ge=1)]
    min_price: Decimal | UnsetType = UNSET
    min_quantity: int | UnsetType = UNSET
    max_quantity: int | UnsetType = UNSET
    include: list[FilterToSet] | UnsetType = UNSET
    exclude: list[FilterToSet] | UnsetType = UNSET


class PromoCode(Part, kw_only=True):
    """A code for a new promotion."""

    code: str
    limit: int | UnsetType = UNSET
    group_name: str | UnsetType = UNSET


@get("/promotions", scope="promotions:read", title="List Promotions")
class ListPromotions(Unpaged[Promotion]):
    """List promotions, if wished those whose end is in bounds (vendor: archived ones are left out).

    There is no cursor: what is beyond `page_size` cannot be listed.
    """

    end_time_from: Moment | UnsetType = UNSET
    end_time_to: Moment | UnsetType = UNSET
    page_size: Annotated[int, Meta(ge=1)] | UnsetType = UNSET

    def check(self) -> None:
        """Refuse both bounds together."""
        first, last = self.end_time_from, self.end_time_to
        if first is not UNSET and last is not UNSET:
            raise ValueError(
                "end_time_from and end_time_to must not be given together,"
                f" but are {first.isoformat()} and {last.isoformat()}."
            )


@get("/promotions/{promotion_id}", scope="promotions:read", title="Get A Promotion By ID")
class GetPromotion(Action[Promotion]):
    """Read one promotion, archived or not. The id is a number here, and text in the answer."""

    promotion_id: int


@post("/promotions", scope="promotions:write", title="Create A Promotion", answer="bare")
class CreatePromotion(Action[Promotion]):
    """Create a promotion. Its times are sent in UTC, to the second."""

    name: str
    start_time: Moment
    use_promo_code: bool
    action: ActionToSet
    condition: ConditionToSet
    description: str | UnsetType = UNSET
    end_time: Moment | UnsetType | None = UNSET
    outlet_ids: list[str] | UnsetType = UNSET
    channels: list[Literal["Register", "Ecommerce"]] | UnsetType = UNSET
    customer_group_ids: list[str] | UnsetType = UNSET
    loyalty_multiplier: Decimal | UnsetType = UNSET
    status: str | UnsetType = UNSET
    add_promo_code: list[PromoCode] | UnsetType = UNSET

    def request(self) -> Request:
        """Write times without an offset, as the vendor wants them: 2006-01-02T15:04:05."""
        end = self.end_time
        sent = replace(
            self,
            start_time=_without_offset(self.start_time),
            end_time=_without_offset(end) if isinstance(end, datetime) else end,
        )
        return Action.request(sent)


def _without_offset(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
