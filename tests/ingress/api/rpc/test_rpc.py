"""`POST /actions/rpc`: actions now, in StackOne's form, each error with its status and words."""

import json
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

import actions.sending
from actions.database import Database
from actions.grants import Grants, Pair
from actions.secret import Secret
from actions.vault import Vault
from ingress.api.envelope import MOST_VALUES, opened
from ingress.api.keys import ApiKeys
from ingress.api.rpc import MOST_BYTES
from ingress.app import create_app
from tests.ingress.api.conftest import api_key, basic
from tests.ingress.api.rpc.conftest import Api, OpenApi, Told
from tests.stores import Store
from workers.embedded import EmbeddedRedis
from workers.environment import load
from workers.settings import Settings

RPC = "/actions/rpc"


async def test_a_write_and_a_read_go_through_as_stackones_clients_send_them(
    api: Api, store: Store
) -> None:
    headers = {"x-account-id": "kowhai"}
    made = await api.rpc(
        "lightspeed_create_brand", body={"name": "Tussock"}, headers=headers, path=None
    )
    assert made.keys() == {"data", "next"}
    assert made["next"] is None
    read = await api.rpc("lightspeed_get_brand", path={"brand_id": made["data"]}, body={})
    assert read["data"]["name"] == "Tussock"
    assert store.written == [("kowhai", "POST /brands")]


async def test_our_own_names_and_any_place_of_a_parameter_do_as_well(
    api: Api, store: Store
) -> None:
    made = await api.rpc("CreateBrand", query={"name": "Tussock"}, body={"description": "7"})
    read = await api.rpc("GetBrand", body={"brand_id": made["data"]})
    assert (read["data"]["name"], read["data"]["description"]) == ("Tussock", "7")
    assert len(store.written) == 1


async def test_a_list_is_walked_to_its_end_with_what_each_page_gives(api: Api) -> None:
    for action, query in LISTS.items():
        rows: list[str] = []
        pages = 0
        following: str | None = ""
        while following is not None:
            page = await api.rpc(action, query=query | {"next": following})
            assert len(page["data"]) <= int(query.get("page_size", query.get("size", 10_000)))
            rows += [row["id"] for row in page["data"]]
            pages, following = pages + 1, page["next"]
        assert len(rows) == len(set(rows)) > 0, action
        assert pages > 2 or action == "ListPromotions", action


LISTS: dict[str, dict[str, Any]] = {
    "lightspeed_list_customers": {"page_size": "9"},
    "lightspeed_list_products": {"page_size": 2, "deleted": "false"},
    "lightspeed_list_inventory": {"size": "4", "sort_direction": "desc"},
    "ListProductCategories": {"page_size": 5},
    "ListPromotions": {},
}


async def test_the_next_page_needs_nothing_but_its_place(api: Api) -> None:
    first = await api.rpc("lightspeed_list_products", query={"page_size": 2})
    rest = await api.rpc("lightspeed_list_products", query={"next": first["next"]})
    assert [len(page["data"]) for page in (first, rest)] == [2, 2]
    all_of_them = await api.rpc("ListProducts", query={"next": first["next"], "page_size": "500"})
    assert len(all_of_them["data"]) > 2


async def test_a_list_that_repeats_its_last_row_does_not_here(api: Api, store: Store) -> None:
    store.simulator.stage.switches.change({"gift_card_before_inclusive": True})
    known = [row["id"] for row in store.rows("gift_cards")]
    assert len(known) > 2
    rows: list[str] = []
    following = None
    for _ in range(len(known) + 2):
        page = await api.rpc("ListGiftCards", query={"page_size": 2, "next": following})
        rows += [row["id"] for row in page["data"]]
        following = page["next"]
        if following is None:
            break
    assert following is None
    assert sorted(rows) == sorted(known)


async def test_a_place_that_is_none_is_refused(api: Api) -> None:
    places: tuple[Any, ...] = ("x", "e30", "ä", "[]", 0, False, {}, ["x"], "A" * 100_000)
    for cursor in places:
        problem = await api.rpc("ListBrands", query={"next": cursor}, status=400)
        assert "as it came" in problem["detail"]


async def test_a_list_in_an_order_of_its_own_has_one_page(api: Api) -> None:
    page = await api.rpc("ListPriceBooks", query={"order": "name", "page_size": 1})
    assert (len(page["data"]), page["next"]) == (1, None)


async def test_a_place_in_another_list_is_refused(api: Api) -> None:
    first = await api.rpc("ListProducts", query={"page_size": 2})
    problem = await api.rpc("ListBrands", query={"next": first["next"]}, status=400)
    assert problem["detail"] == "query.next is of ListProducts, not of ListBrands."
    problem = await api.rpc("GetBrand", query={"next": first["next"]}, status=400)
    assert "GetBrand has no 'next'" in problem["detail"]


async def test_numbers_go_in_and_out_exactly(api: Api) -> None:
    body = b'{"action": "CreateCustomer", "body": {"on_account_limit": 98765432109876543210.17}}'
    assert opened(body).body == {"on_account_limit": Decimal("98765432109876543210.17")}
    made = await api.rpc("CreateCustomer", body=MERE | {"on_account_limit": 12.5})
    assert made["data"]["on_account_limit"] == 12.5


async def refused(api: Api, status: int, body: bytes | str | BytesIO, **more: Any) -> Told:
    headers = {"Content-Type": "application/json"} | more.pop("headers", {})
    data = body.encode() if isinstance(body, str) else body
    told = await api.ask("POST", RPC + more.pop("query", ""), data=data, headers=headers, **more)
    assert told.status == status, told.body
    assert told.body["status"] == status
    assert told.body["detail"].endswith((".", ". Try again later."))
    return told


RUBBISH: list[tuple[str | bytes, str]] = [
    ("", "no JSON"),
    ("{", "no JSON"),
    (b"\xff\xfe", "no JSON"),
    ("[" * 50_000, "no call"),
    ('{"action": "GetBrand", "body": {"a": ' + "[" * 50_000, "no JSON"),
    ("[]", "no call: Expected object"),
    ('"GetBrand"', "no call"),
    ("{}", "action"),
    ('{"action": 7}', "action"),
    ('{"action": "GetBrand", "params": {}}', "params"),
    ('{"action": "GetBrand", "path": []}', "path"),
    ('{"action": "GetBrand", "path": {"brand_id": 7}}', "brand_id: Expected str"),
    ('{"action": "GetBrand", "path": {"brand_id": ".."}}', "brand_id"),
    ('{"action": "GetBrand"}', "brand_id"),
    ('{"action": "GetBrand", "path": {"brand_id": "1"}, "query": {"id": 1}}', "no 'id'"),
    ('{"action": "GetBrand", "path": {"brand_id": "1"}, "body": {"brand_id": "1"}}', "twice"),
    ('{"action": "ListBrands", "query": {"after": "x"}}', "after: Expected int"),
    ('{"action": "ListBrands", "body": {"after": "1"}}', "after: Expected int"),
    ('{"action": "ListBrands", "query": {"page_size": 0}}', "page_size"),
    ('{"action": "ListBrands", "query": {"after": 1e400}}', "too large"),
    ('{"action": "ListBrands", "query": {"after": 1e99999999999999999999}}', "no JSON"),
    ('{"action": "ListBrands", "query": {"after": ' + "1" * 5000 + "}}", "out of range"),
    ('{"action": "CreateBrand", "body": {"name": "\\ud800"}}', ""),
    ('{"action": "ListBrands", "headers": {"x-account-id": 7}}', "it is text"),
    ('{"action": "ListBrands", "headers": {"x-account-id": "torea"}}', "name one"),
    (
        '{"action": "ListBrands", "headers": {"X-Account-Id": "kowhai", "x-account-id": ""}}',
        "it is text",
    ),
]


async def test_rubbish_is_told_in_words(api: Api, store: Store) -> None:
    for body, said in RUBBISH:
        told = await refused(api, 400, body)
        assert said in told.body["detail"], body[:80]
        assert len(told.body["detail"]) < 400
    assert store.seen == []


async def test_what_is_no_json_or_too_much_is_told_apart(api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        await refused(api, 415, "{}", headers={"Content-Type": kind, "X": "1"})
    await refused(api, 415, "{}", headers={"Content-Encoding": "br"})
    await refused(api, 413, BytesIO(b" " * (MOST_BYTES + 1)))


async def test_what_would_take_long_to_check_is_refused_at_once(api: Api, store: Store) -> None:
    many = ",".join(["1"] * MOST_VALUES)
    told = await refused(api, 413, f'{{"action": "ListBrands", "query": {{"a": [{many}]}}}}')
    assert "100,000 values" in told.body["detail"]
    few = [{"product_id": "1", "outlet_id": "1", "quantity": "1", "reason": "FOUND"}] * 1000
    body = {"action": "CreateStockAdjustments", "body": {"stock_adjustments": few}}
    told = await refused(api, 400, json.dumps(body))
    assert "stock_adjustments[0].reason" in told.body["detail"]
    assert store.seen == []


async def test_an_address_that_asks_for_what_is_not_there_is_refused(api: Api) -> None:
    for query in ("?wait=x", "?wait=26", "?wait=-1", "?wait=1&wait=2", "?w=1"):
        told = await refused(api, 400, '{"action": "ListBrands"}', query=query)
        assert "?w" in told.body["detail"]


async def test_the_retailer_may_stand_in_the_header_or_in_the_call(api: Api, store: Store) -> None:
    call = {"action": "CreateBrand", "body": {"name": "X"}, "headers": {"X-Account-ID": "torea"}}
    told = await api.ask("POST", RPC, json=call, headers={"x-account-id": ""})
    assert told.status == 200
    assert store.written == [("torea", "POST /brands")]
    del call["headers"]
    told = await api.ask("POST", RPC, json=call, headers={"x-account-id": ""})
    assert (told.status, "x-account-id" in told.body["detail"]) == (400, True)


async def test_a_retailer_that_is_not_linked_looks_like_one_that_is_not_ones_own(
    open_api: OpenApi, store: Store
) -> None:
    narrow = await open_api("narrow", retailers=("kowhai", "nobody"))
    said = set()
    for name in ("torea", "nobody", "evil.example"):
        for place in ("header", "call"):
            told = await narrow.ask(
                "POST",
                RPC,
                json={"action": "ListBrands"}
                | ({"headers": {"x-account-id": name}} if place == "call" else {}),
                headers={"x-account-id": name if place == "header" else ""},
            )
            assert told.status == 404
            said.add(str(told.body).replace(name, "it"))
    assert len(said) == 1
    assert store.seen == []


async def test_a_retailer_that_was_disconnected_is_absent_at_once(
    api: Api, database: Database, vault: Vault
) -> None:
    await api.rpc("lightspeed_list_brands")
    await Grants(database, vault).forget("kowhai")
    gone = await api.rpc("lightspeed_list_brands", status=404)
    assert gone["detail"] == "No retailer 'kowhai' is linked here for this key."


async def test_an_action_that_a_key_may_not_run_looks_absent(
    open_api: OpenApi, store: Store
) -> None:
    reader = await open_api("reader", read_only=True, actions=("*Brand*",))
    details = [
        (await reader.rpc(name, status=404, body={}))["detail"]
        for name in ("CreateBrand", "ListSales", "MakeBrand")
    ]
    assert all("for this key; near it are " in one for one in details)
    assert not any("CreateBrand," in one or "ListSales," in one for one in details)
    assert details[0].endswith("near it are GetBrand, ListBrands.")
    said = (await reader.rpc("lightspeed_create_brand", status=404))["detail"]
    assert said.endswith("near it are lightspeed_get_brand, lightspeed_list_brands.")
    await reader.rpc("lightspeed_list_brands")
    assert store.written == []
    nothing = await open_api("nothing", actions=("x",))
    assert (await nothing.rpc("ListBrands", status=404))["detail"].endswith("for this key.")


MERE = {"first_name": "Mere", "last_name": None}
ERRORS: list[tuple[str, dict[str, Any], int, str]] = [
    ("GetBrand", {"path": {"brand_id": "none"}}, 404, "NotFound"),
    ("CreateSale", {"body": {"source": {}, "state": "closed"}}, 400, "BadAction"),
    ("CreateCustomer", {"body": MERE | {"on_account_limit": 1e17}}, 422, "Rejected"),
]


async def test_what_lightspeed_says_no_to_is_told_with_its_status(api: Api) -> None:
    for action, call, status, kind in ERRORS:
        problem = await api.rpc(action, status=status, **call)
        assert problem["type"] == f"urn:backroom:{kind}"


async def test_what_is_there_already_is_a_conflict(api: Api) -> None:
    hook = {"url": "https://example.com/hook", "active": True, "type": "sale.update"}
    await api.rpc("CreateWebhook", body=hook)
    problem = await api.rpc("CreateWebhook", body=hook, status=409)
    assert problem["type"] == "urn:backroom:Conflict"


async def test_a_scope_that_lacks_and_a_token_that_is_dead_say_how_to_link_again(
    api: Api, store: Store, grants: Grants
) -> None:
    await grants.keep("kowhai", store.pair("kowhai", "sales:read"))
    problem = await api.rpc("ListBrands", status=403)
    assert "products:read" in problem["detail"]
    await grants.keep("torea", Pair(access=Secret("dead")))
    other = Api(api.client, api.key, "torea")
    problem = await other.rpc("ListBrands", status=409)
    assert "again" in problem["detail"]


async def test_an_outage_says_when_to_come_back_and_a_read_survives_one_error(
    api: Api, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.strike("5xx", path="/brands")
    await api.rpc("ListBrands")
    monkeypatch.setattr(actions.sending, "_PAUSES", ())
    store.strike("5xx", path="/brands")
    told = await api.ask("POST", RPC, json={"action": "ListBrands"})
    assert (told.status, told.body["type"]) == (503, "urn:backroom:ServerError")
    assert int(told.headers["Retry-After"]) == told.body["retry_after"] == 5


async def test_a_write_whose_answer_was_lost_is_sent_once_and_says_look_first(
    api: Api, store: Store
) -> None:
    store.strike("lost-answer", path="POST /brands")
    with capture_logs() as lines:
        problem = await api.rpc("CreateBrand", body={"name": "Tussock"}, status=504)
    assert problem["type"] == "urn:backroom:OutcomeUnknown"
    assert "look before you send it again" in problem["detail"]
    assert len(store.written) == 1
    assert {"key": "erp", "action": "CreateBrand", "retailer": "kowhai"}.items() <= lines[0].items()
    assert "Tussock" not in str(lines)


async def test_where_the_rate_limit_has_no_room_in_time_a_caller_is_told_when(
    api: Api, store: Store
) -> None:
    store.strike("429-storm", path="/brands", times=1000)
    for query, headers in (("?wait=0", {}), ("", {"Prefer": "respond-async, wait=0"})):
        call = {"json": {"action": "ListBrands"}, "headers": headers}
        told = await api.ask("POST", RPC + query, **call)
        assert (told.status, told.body["type"]) == (429, "urn:backroom:RateLimited")
        assert int(told.headers["Retry-After"]) >= told.body["retry_after"] > 0
        assert "rate limit" in told.body["detail"]
    assert len(store.seen) == 1


async def test_who_waits_longer_is_answered_once_there_is_room(api: Api, store: Store) -> None:
    store.strike("429-storm", "retry-after-past", path="/brands")
    told = await api.ask("POST", f"{RPC}?wait=25", json={"action": "ListBrands"})
    assert told.status == 200, told.body
    assert [status for _, status in store.seen] == [429, 200]


async def test_while_redis_is_away_a_caller_is_told_to_come_back(
    environ: dict[str, str], vault: Vault, store: Store
) -> None:
    with EmbeddedRedis() as redis:
        settings = load(Settings, environ | {"REDIS_URL": redis.url})
        async with Database(redis.url, 0.5) as database:
            await Grants(database, vault).keep("kowhai", store.pair())
            key = basic((await ApiKeys(database).create(api_key("erp"))).reveal())
            async with TestClient(TestServer(await create_app(settings, database))) as client:
                api = Api(client, key)
                await api.rpc("ListBrands")
                redis.stop()
                told = await api.ask("POST", RPC, json={"action": "ListBrands"})
                assert (told.status, told.headers["Retry-After"]) == (503, "5")
                assert redis.url.removeprefix("unix://") not in str(told.body)
