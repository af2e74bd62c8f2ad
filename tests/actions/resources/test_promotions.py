from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from actions.action import Page
from actions.lenient import decode
from actions.resources.promotions import (
    ActionToSet,
    ConditionToSet,
    CreatePromotion,
    FilterToSet,
    GetPromotion,
    ListPromotions,
    PromoCode,
    PromoCodeSummary,
    Promotion,
    PromotionAction,
    PromotionCondition,
    PromotionFilter,
)

NOON = datetime(2026, 9, 14, 12, 0, 30, tzinfo=UTC)
IN_AUCKLAND = datetime(2026, 9, 15, 0, 0, 30, 999, tzinfo=timezone(timedelta(hours=12)))

ANSWER = b"""{
 "id": "17", "name": "Spring", "start_time": "2026-09-14T12:00:30", "end_time": null,
 "use_promo_code": true, "status": "active",
 "action": {"type": "percent_discount", "value": "0.15", "include": [], "exclude": null},
 "condition": {"type": "product_set", "quantity": "2", "min_price": 5.5,
               "include": [{"field": "brand_id", "value": "b1"}]},
 "outlet_ids": null, "channels": ["Register"], "customer_group_ids": ["g1"],
 "loyalty_multiplier": null, "promo_code_summary": {"total_promo_code": 3, "redeemed_amount": "1"},
 "recurring_promotion": null, "show_potential": false, "combinable_with_coupon": null,
 "online_channel_ids": [1, "2"]
}"""


def promotion(end_time: datetime | UnsetType | None = UNSET) -> CreatePromotion:
    return CreatePromotion(
        "Spring",
        IN_AUCKLAND,
        use_promo_code=True,
        action=ActionToSet(type="percent_discount", value=Decimal("0.15")),
        condition=ConditionToSet(
            type="product_set",
            quantity=2,
            include=[FilterToSet(field="brand_id", value="b1")],
        ),
        channels=["Register"],
        add_promo_code=[PromoCode(code="SPRING", limit=5)],
        end_time=end_time,
    )


def test_a_promotion_is_read() -> None:
    assert decode(ANSWER, Promotion) == Promotion(
        id="17",
        name="Spring",
        start_time=NOON,
        use_promo_code=True,
        status="active",
        action=PromotionAction(type="percent_discount", value=Decimal("0.15"), include=[]),
        condition=PromotionCondition(
            type="product_set",
            quantity=2,
            min_price=Decimal("5.5"),
            include=[PromotionFilter(field="brand_id", value="b1")],
        ),
        channels=["Register"],
        customer_group_ids=["g1"],
        promo_code_summary=PromoCodeSummary(total_promo_code=3, redeemed_amount=Decimal(1)),
        show_potential=False,
        online_channel_ids=[1, 2],
    )


def test_the_times_of_a_promotion_are_sent_in_utc_without_an_offset() -> None:
    assert promotion(end_time=IN_AUCKLAND + timedelta(days=1)).request().body == (
        b'{"name":"Spring","start_time":"2026-09-14T12:00:30","use_promo_code":true,'
        b'"action":{"type":"percent_discount","value":0.15},'
        b'"condition":{"type":"product_set","quantity":2,'
        b'"include":[{"field":"brand_id","value":"b1"}]},'
        b'"end_time":"2026-09-15T12:00:30","channels":["Register"],'
        b'"add_promo_code":[{"code":"SPRING","limit":5}]}'
    )


def test_a_promotion_without_end_says_null_only_when_told_so() -> None:
    assert b'"end_time":null' in (promotion(end_time=None).request().body or b"")
    assert b"end_time" not in (promotion().request().body or b"")


def test_a_promotion_is_found_by_its_number() -> None:
    assert GetPromotion(17).request().path == "/promotions/17"


def test_a_list_of_promotions_takes_one_bound_and_has_no_next_page() -> None:
    ended = ListPromotions(end_time_to=NOON, page_size=50)
    ended.check()
    assert ended.request().path == ("/promotions?end_time_to=2026-09-14T12%3A00%3A30Z&page_size=50")
    assert ended.following(Page([Promotion(id="17")])) is None


def test_a_list_of_promotions_between_two_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="end_time_from and end_time_to must not be given"):
        ListPromotions(end_time_from=NOON, end_time_to=NOON).check()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("start_time", "2026-09-14T12:00:30"),
        ("condition", {"type": "product_set", "quantity": 0}),
        ("action", {"type": "gift", "value": 1}),
        ("channels", ["Shop"]),
    ],
)
def test_a_promotion_beyond_the_contract_is_refused(field: str, wrong: object) -> None:
    plain = msgspec.to_builtins(promotion()) | {field: wrong}
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(plain, CreatePromotion)
