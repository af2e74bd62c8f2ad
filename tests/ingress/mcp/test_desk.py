"""Reads, writes in two steps, and errors in words."""

import time
from datetime import timedelta
from typing import Any

import pytest

from actions.database import Database
from actions.errors import DatabaseAway
from actions.resources.brands import CreateBrand
from actions.secret import Secret
from actions.vault import Vault, new_key
from ingress.mcp.desk import Desk
from ingress.mcp.previews import LIVES_SECONDS, Previews
from tests.ingress.mcp.conftest import MADE, Call, granted, here
from tests.stores import Store

LATER = MADE + timedelta(days=1)


async def test_a_read_answers_the_data_as_text_and_as_structure(call: Call, store: Store) -> None:
    row = store.rows("products")[0]
    result = await call("get_product", product_id=row["id"])
    assert not result.is_error
    assert result.structure["action"] == "GetProduct"
    assert result.structure["retailer"] == "kowhai"
    assert result.structure["data"]["name"] == row["name"]
    assert None not in result.structure["data"].values()
    assert row["name"] in result.text
    assert store.seen == [("GET /products/{product_id}", 200)]


async def test_a_tool_may_be_called_by_the_name_that_we_give_the_action(
    call: Call, store: Store
) -> None:
    assert not (await call("get_retailer")).is_error
    assert store.seen == [("GET /retailer", 200)]


async def test_a_write_without_a_token_changes_nothing_and_answers_a_preview(
    call: Call, store: Store
) -> None:
    result = await call("create_brand", name="Koru")
    assert not result.is_error
    assert result.structure["done"] is False
    assert result.structure["preview"] == {
        "action": "CreateBrand",
        "retailer": "kowhai",
        "request": "POST /brands",
        "changes": "adds a brand",
        "count": 1,
        "reversible": "no",
        "undo": "no action takes a brand away again",
        "requests": 1,
        "expires_in": LIVES_SECONDS,
    }
    assert "nothing was changed yet" in result.text
    assert result.structure["preview_token"] in result.text
    assert store.seen == []


async def test_with_the_token_and_the_same_arguments_it_is_done_once(
    call: Call, store: Store
) -> None:
    token = (await call("create_brand", name="Koru")).structure["preview_token"]
    done = await call("create_brand", name="Koru", preview_token=token)
    assert done.structure["done"] is True
    assert "Koru" in [row["name"] for row in store.rows("brands")]
    again = await call("create_brand", name="Koru", preview_token=token)
    assert again.is_error
    assert "it was used before" in again.text
    assert store.written == [("kowhai", "POST /brands")]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"by": here(created_at=LATER)}, "it was made for another API key"),
        ({"name": "Kea"}, "the parameters are not those of the preview"),
        ({"description": "x"}, "the parameters are not those of the preview"),
        ({"by": here("torea")}, "it was made for another store"),
        ({"by": here(name="other")}, "it was made for another API key"),
    ],
)
async def test_a_token_is_for_the_call_that_was_previewed(
    call: Call, store: Store, changed: dict[str, Any], said: str
) -> None:
    given = {"name": "Koru", "by": here()}
    token = (await call("create_brand", **given)).structure["preview_token"]
    refused = await call("create_brand", **given | changed, preview_token=token)
    assert refused.is_error
    assert said in refused.text
    assert "nothing was changed" in refused.text
    assert store.seen == []


async def test_a_token_is_for_its_action(call: Call, store: Store) -> None:
    token = (await call("create_brand", name="Koru")).structure["preview_token"]
    refused = await call("create_supplier", name="Koru", preview_token=token)
    assert "it was made for another tool" in refused.text
    assert store.seen == []


async def test_a_token_holds_for_ten_minutes(call: Call, store: Store, previews: Previews) -> None:
    by = here()
    action = CreateBrand("Koru")
    late = previews.token(by, action, time.time() - LIVES_SECONDS)
    refused = await call("create_brand", by, name="Koru", preview_token=late)
    assert "its 10 minutes are over" in refused.text
    assert store.seen == []
    just = previews.token(by, action, time.time() - LIVES_SECONDS + 60)
    assert not (await call("create_brand", by, name="Koru", preview_token=just)).is_error


@pytest.mark.parametrize("token", ["", "x", "ä", 7, [], "A" * 5000, "AAAA-___"])
async def test_what_is_no_token_is_refused(call: Call, store: Store, token: Any) -> None:
    refused = await call("create_brand", name="Koru", preview_token=token)
    assert refused.is_error
    assert "preview_token is none that was given out here" in refused.text
    assert store.seen == []


async def test_a_token_of_another_vault_is_refused(
    call: Call, store: Store, database: Database
) -> None:
    foreign = Previews(database, Vault([Secret(new_key())])).token(here(), CreateBrand("Koru"))
    refused = await call("create_brand", name="Koru", preview_token=foreign)
    assert "none that was given out here" in refused.text
    assert store.seen == []


async def test_a_token_holds_on_where_the_rate_limit_was_in_the_way(
    call: Call, store: Store, database: Database, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    monkeypatch.setattr(desk, "_patience", 0)
    token = (await call("create_brand", name="Koru")).structure["preview_token"]
    store.strike("429-storm", times=None)
    refused = await call("create_brand", name="Koru", preview_token=token)
    assert refused.is_error
    assert refused.structure["error"] == "RateLimited"
    assert refused.structure["retry_after"] > 10
    assert "Come back in" in refused.text
    assert store.written == []
    assert await database.do("KEYS", "backroom:mcp:used:*") == []


async def test_a_token_is_used_up_where_nobody_knows_what_became_of_the_write(
    call: Call, store: Store
) -> None:
    token = (await call("create_brand", name="Koru")).structure["preview_token"]
    store.strike("lost-answer")
    lost = await call("create_brand", name="Koru", preview_token=token)
    assert lost.structure["error"] == "OutcomeUnknown"
    again = await call("create_brand", name="Koru", preview_token=token)
    assert "it was used before" in again.text
    assert store.written == [("kowhai", "POST /brands")]


async def test_a_key_that_allows_writes_needs_no_preview(call: Call, store: Store) -> None:
    done = await call("create_brand", here(allow_writes=True), name="Koru")
    assert done.structure["done"] is True
    assert store.written == [("kowhai", "POST /brands")]


async def test_a_preview_counts_what_it_would_change(call: Call, store: Store) -> None:
    row = {
        "product_id": store.rows("products")[0]["id"],
        "outlet_id": store.rows("outlets")[0]["id"],
        "quantity": "2",
        "reason": "STOCK_FOUND",
    }
    result = await call("create_stock_adjustments", stock_adjustments=[row] * 70)
    assert result.structure["preview"]["count"] == 70
    assert "Things added or changed: 70." in result.text
    assert "Can be undone in part" in result.text


async def test_wrong_parameters_are_said_before_there_is_a_preview(call: Call) -> None:
    for wrong in ({}, {"name": 7}, {"name": "Koru", "nam": "Koru"}):
        result = await call("create_brand", **wrong)
        assert result.is_error
        assert "preview_token" not in result.structure
    assert "has no 'nam'" in result.text


async def test_a_key_runs_what_it_may_and_no_more(call: Call, store: Store) -> None:
    for by in (here(read_only=True), here(actions=("List*",))):
        refused = await call("create_brand", by, name="Koru")
        assert refused.structure["error"] == "NotYours"
        assert "is not among what this key may run" in refused.text
    assert not (await call("list_brands", here(actions=("List*",)))).is_error
    assert store.seen == [("GET /brands", 200)]


async def test_what_the_store_has_not_granted_is_refused_by_the_scopes_name(
    call: Call, store: Store, database: Database, vault: Vault
) -> None:
    by = await granted(store, database, vault, "products:read")
    refused = await call("create_brand", by, name="Koru")
    assert refused.structure["error"] == "MissingScope"
    assert "products:write" in refused.text
    assert not (await call("list_brands", by)).is_error


async def test_a_consignment_needs_the_scope_of_its_type(
    call: Call, store: Store, database: Database, vault: Vault
) -> None:
    by = await granted(store, database, vault, "consignments:write:stock_order")
    given = {"name": "July", "outlet_id": store.rows("outlets")[0]["id"]}
    refused = await call("create_consignment", by, type="OUTLET", **given)
    assert "consignments:write:stock_transfer" in refused.text
    assert "preview" in (await call("create_consignment", by, type="SUPPLIER", **given)).structure


async def test_an_error_is_one_sentence_without_what_lightspeed_made_of_it(call: Call) -> None:
    gone = await call("get_brand", brand_id="nothing")
    assert gone.is_error
    assert gone.structure["error"] == "NotFound"
    assert (
        gone.text
        == "GetBrand for kowhai: there is nothing for brand_id nothing: it is wrong, or gone."
    )


async def test_what_lightspeed_says_of_a_refusal_is_data(call: Call, store: Store) -> None:
    by = here(allow_writes=True)
    refused = await call("delete_webhook", by, webhook_id="x")
    assert refused.is_error
    made = await call("create_product", by, name=store.rows("products")[0]["name"], supplier_id="x")
    assert made.structure["error"] == "Rejected"
    assert "--- data " in made.text
    assert "note" in made.structure


async def test_a_tool_that_is_none_names_the_nearest(call: Call) -> None:
    result = await call("list_brand")
    assert "near it are lightspeed_list_brands" in result.text


async def test_a_mistake_of_ours_tells_nothing_of_itself(
    call: Call, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError("a shopper's secret")

    monkeypatch.setattr(desk, "_sent", fails)
    result = await call("get_retailer")
    assert result.text == "This is a mistake of ours; its log has the cause."


async def test_without_redis_nothing_of_its_address_is_told(
    call: Call, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    async def fails(*_: Any) -> None:
        raise DatabaseAway("No Redis answers at 10.0.0.7:6379")

    monkeypatch.setattr(desk, "_sent", fails)
    result = await call("get_retailer")
    assert result.is_error
    assert "10.0.0.7" not in result.text + str(result.structure)


async def test_null_is_as_if_left_out_except_where_it_clears_something(
    call: Call, store: Store
) -> None:
    by = here(allow_writes=True)
    made = await call("create_brand", by, name="Koru", description=None, preview_token=None)
    assert not made.is_error, made.text
    assert not (await call("list_products", by, limit=None, next=None, sku=None)).is_error
    missing = await call("create_brand", by, name=None)
    assert "missing required field name" in missing.text
    given = {"first_name": "Mere", "last_name": "Tane"}
    customer = await call("create_customer", by, **given, note="likes tea")
    changed = {**given, "customer_id": customer.structure["data"]["id"], "last_name": None}
    assert not (await call("update_customer", by, **changed)).is_error
    (row,) = [one for one in store.rows("customers") if one["id"] == changed["customer_id"]]
    assert row["last_name"] is None
