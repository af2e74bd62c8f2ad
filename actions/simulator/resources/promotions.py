"""Promotions (vendor: OpenAPI 2026-07, promotions): integers in the path, texts in the answer."""

from datetime import datetime
from typing import Any, Final

from actions.simulator.figures import as_utc
from actions.simulator.resources.fields import (
    amount,
    choice,
    flag,
    objects,
    section,
    text,
    texts,
    whole,
)
from actions.simulator.routing import Answer, Ask, Routes, bare, data, invalid, malformed, missing
from actions.simulator.shop import Shop

routes = Routes()
_ACTIONS: Final = (
    "basic_percent_discount",
    "basic_fixed_discount",
    "fixed_discount",
    "percent_discount",
    "loyalty",
    "fixed_price_discount",
    "fixed_pool_discount",
    "percent_pool_discount",
)
_CONDITIONS: Final = ("product_set", "sale_price")
_FIELDS: Final = ("brand_id", "product_id", "supplier_id", "tag_id", "type_id", "variant_parent_id")
_CHANNELS: Final = ("Register", "Ecommerce")
_FIRST_ID: Final = 1001


@routes.on("GET", "/promotions", "promotions:read")
def list_promotions(shop: Shop, ask: Ask) -> Answer:
    """List promotions that are not archived; there is no cursor."""
    since, until = _bound(ask, "end_time_from"), _bound(ask, "end_time_to")
    if since and until:
        raise malformed("end_time_from and end_time_to must not be combined")
    size = ask.number("page_size")
    if size is not None and size < 1:
        raise malformed("page_size must be at least 1")
    rows = [_shown(row) for row in shop.table("promotions").all() if _ends(row, since, until)]
    return data([row for row in rows if row["status"] != "archived"][:size])


@routes.on("GET", "/promotions/{promotion_id}", "promotions:read")
def get_promotion(shop: Shop, ask: Ask) -> Answer:
    """Read one promotion, archived or not."""
    row = shop.table("promotions").get(ask.path["promotion_id"])
    if row is None:
        raise missing("promotion")
    return bare(_shown(row)) if ask.classic else data(_shown(row))


@routes.on("POST", "/promotions", "promotions:write")
def create_promotion(shop: Shop, ask: Ask) -> Answer:
    """Create a promotion; the contract has no envelope here."""
    row = store(shop, ask.body, classic=ask.classic)
    return bare(_shown(row), 200 if ask.classic else shop.switches.promotion_create_status)


def store(shop: Shop, given: Any, *, classic: bool = False) -> dict[str, Any]:
    """Read and keep a promotion; what its condition is could be left open in 2.0."""
    row = {
        "name": text(given, "name", required=True),
        "description": text(given, "description"),
        "start_time": _time(given, "start_time", required=True),
        "end_time": _time(given, "end_time"),
        "use_promo_code": flag(given, "use_promo_code", required=True),
        "action": _rule(given, "action", _ACTIONS),
        "condition": _rule(given, "condition", _CONDITIONS, lenient=classic),
        "outlet_ids": texts(given, "outlet_ids"),
        "channels": _channels(given),
        "customer_group_ids": texts(given, "customer_group_ids"),
        "loyalty_multiplier": amount(given, "loyalty_multiplier"),
        "status": text(given, "status") or "active",
        "promo_code_summary": _codes(given),
        "recurring_promotion": None,
        "show_potential": False,
        "combinable_with_coupon": None,
        "online_channel_ids": [],
    }
    return shop.put("promotions", {"id": str(_FIRST_ID + len(shop.table("promotions")))} | row)


def _rule(
    given: Any, name: str, kinds: tuple[str, ...], *, lenient: bool = False
) -> dict[str, Any]:
    """Read what is discounted, or on what condition."""
    rule = section(given, name)
    read: dict[str, Any] = {"type": choice(rule, "type", kinds, required=not lenient)}
    for one in ("value", "min_price"):
        read[one] = amount(rule, one, required=one == "value" and name == "action")
    for one in ("quantity", "min_quantity", "max_quantity"):
        read[one] = whole(rule, one)
    least = 1 if lenient and read["quantity"] is None else read["quantity"] or 0
    if name == "condition" and least < 1:
        raise invalid("condition.quantity", "must be at least 1")
    for one in ("include", "exclude"):
        read[one] = [_set(item) for item in objects(rule, one)]
    return {key: value for key, value in read.items() if value is not None}


def _set(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "field": choice(item, "field", _FIELDS, required=True),
        "value": text(item, "value", required=True),
    }


def _channels(given: Any) -> list[str]:
    channels = texts(given, "channels")
    if not set(channels) <= set(_CHANNELS):
        raise invalid("channels", f"must be of {', '.join(_CHANNELS)}")
    return channels or list(_CHANNELS)


def _codes(given: Any) -> dict[str, Any] | None:
    """Read promo codes; the answer only sums them up."""
    codes = objects(given, "add_promo_code")
    for code in codes:
        text(code, "code", required=True)
        text(code, "group_name")
        whole(code, "limit")
    return {"total_promo_code": len(codes), "redeemed_amount": 0} if codes else None


def _time(given: Any, name: str, *, required: bool = False) -> str | None:
    """Read a time; promotions write theirs in UTC without a suffix."""
    value = text(given, name, required=required)
    try:
        if value is None:
            return None
        # Not strftime: it writes a year below 1000 with fewer than four digits.
        return as_utc(value).replace(tzinfo=None).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise invalid(name, "must be a time such as 2006-01-02T15:04:05") from None


def _bound(ask: Ask, name: str) -> datetime | None:
    """Read a bound of the list, with a Z or without."""
    try:
        return as_utc(ask.one(name) or "") if ask.one(name) else None
    except (ValueError, OverflowError):
        raise malformed(f"{name} must be a time") from None


def _ends(row: dict[str, Any], since: datetime | None, until: datetime | None) -> bool:
    """Whether a promotion ends within bounds; one without an end goes on for ever."""
    if row["end_time"] is None:
        return until is None
    end = as_utc(row["end_time"])
    return (since is None or end >= since) and (until is None or end <= until)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "version"}
