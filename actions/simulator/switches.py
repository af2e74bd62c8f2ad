"""What the vendor does not say: each guess is a switch, with the likeliest answer as default."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct


class Switches(Struct, kw_only=True, forbid_unknown_fields=True):
    """Every behaviour that is inferred and not documented. `--describe` lists them."""

    window: Annotated[
        Literal["fixed", "sliding"],
        Meta(description="whether the 300 s of the rate limit are a fixed or a sliding window"),
    ] = "fixed"
    missing_scope_status: Annotated[
        int, Meta(description="status when the token lacks a scope")
    ] = 403
    field_rule_status: Annotated[
        int, Meta(description="status when a field breaks a rule, such as a missing name")
    ] = 422
    page_size_default: Annotated[
        int, Meta(ge=1, description="rows of a plain list when page_size is not given")
    ] = 200
    page_size_limit: Annotated[
        int, Meta(ge=1, description="page_size of a plain list is cut to this")
    ] = 5000
    sales_page_size_limit: Annotated[
        int, Meta(ge=1, description="page_size of sales is cut to this")
    ] = 500
    before_inclusive: Annotated[
        bool, Meta(description="whether `before` of a plain list includes that version")
    ] = False
    bad_batch: Annotated[
        Literal["nothing", "good-rows"],
        Meta(description="what a stock adjustment batch with one bad row stores"),
    ] = "nothing"
    bad_batch_names_rows: Annotated[
        bool, Meta(description="whether the 422 of a bad batch names the rows")
    ] = False
    same_sale_id: Annotated[
        Literal["conflict", "same-sale"],
        Meta(description="what a second sale with one id gets: 409, or the first sale"),
    ] = "conflict"
    gift_card_wrapped: Annotated[
        bool, Meta(description="whether Find Gift Card wraps its answer in data")
    ] = False
    gift_card_before_inclusive: Annotated[
        bool, Meta(description="whether a page of gift cards repeats the last card")
    ] = False
    store_credits_wrapped: Annotated[
        bool, Meta(description="whether store credits of a dated version are wrapped in data")
    ] = False
    promotion_create_status: Annotated[
        int, Meta(description="status when a promotion is created: 200 or 201")
    ] = 201
    categories_nested: Annotated[
        bool, Meta(description="whether product categories are nested one data deeper")
    ] = False
    user_in_array: Annotated[
        bool, Meta(description="whether a single user comes as a one-element array")
    ] = False
    retry_4xx: Annotated[
        bool, Meta(description="whether a webhook answered with 4xx is sent again")
    ] = False
    black_hole: Annotated[
        bool, Meta(description="whether a receiver that fails for an hour is silenced for a day")
    ] = True
    signature_encoding: Annotated[
        Literal["hex", "base64"], Meta(description="how the digest of a webhook is written")
    ] = "hex"
    signature_form: Annotated[
        Literal["plain", "spaced", "reversed", "none", "wrong"],
        Meta(description="how the signature header is put together, if it is right at all"),
    ] = "plain"
    webhook_form: Annotated[
        Literal[
            "captured", "shuffled", "payload-only", "more-fields", "percent-20", "lower-case-hex"
        ],
        Meta(description="which fields a webhook's form has, and how they are escaped"),
    ] = "captured"
    unknown_version_status: Annotated[
        int, Meta(description="status for a version that never was")
    ] = 404
    state_on_refusal: Annotated[
        bool, Meta(description="whether the redirect of a refused consent carries state")
    ] = False
    token_limit: Annotated[
        int, Meta(ge=1, description="token requests per minute and application")
    ] = 10

    def change(self, changes: dict[str, Any]) -> None:
        """Set switches by name.

        Raises:
            msgspec.ValidationError: there is no such switch, or it cannot have that value.
        """
        changed = msgspec.convert(msgspec.structs.asdict(self) | changes, Switches)
        for name, value in msgspec.structs.asdict(changed).items():
            setattr(self, name, value)


def described() -> list[tuple[str, Any, str]]:
    """Return each switch's name, default and question."""
    rows = []
    for field in msgspec.structs.fields(Switches):
        info = msgspec.inspect.type_info(field.type)
        schema = info.extra_json_schema if isinstance(info, msgspec.inspect.Metadata) else None
        rows.append((field.name, field.default, (schema or {})["description"]))
    return rows
