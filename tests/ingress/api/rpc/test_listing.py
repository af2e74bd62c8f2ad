"""`GET /actions`: what a key may run, found by words, kind and scope."""

from actions.catalog import CATALOG
from ingress.api.naming import snake
from ingress.describing import described, result_schema
from tests.ingress.api.rpc.conftest import Api, OpenApi


async def names(api: Api, query: str = "") -> list[str]:
    told = await api.ask("GET", f"/actions{query}")
    assert (told.status, told.body["next"]) == (200, None), told.body
    return [one["name"] for one in told.body["data"]]


async def test_all_57_are_listed_with_what_is_known_of_each(api: Api) -> None:
    told = await api.ask("GET", "/actions")
    assert [one["alias"] for one in told.body["data"]] == [snake(one) for one in CATALOG.values()]
    (brand,) = [one for one in told.body["data"] if one["name"] == "CreateBrand"]
    known = described(CATALOG["CreateBrand"])
    assert brand == known | {
        "alias": "lightspeed_create_brand",
        "scopes": ["products:write"],
        "result": result_schema(CATALOG["CreateBrand"]),
    }
    for name in ("CreateBrand", "lightspeed_create_brand"):
        assert (await api.ask("GET", f"/actions/{name}")).body == brand


async def test_they_are_found_by_words_by_kind_and_by_scope(api: Api) -> None:
    assert await names(api, "?search=gift%20CARD") == ["ListGiftCards", "FindGiftCard"]
    assert await names(api, "?search=lightspeed_get_tax") == ["GetTax"]
    assert await names(api, "?scope=products:write&search=delete") == ["DeleteProduct"]
    assert await names(api, "?scope=nothing") == []
    reads = await names(api, "?reads=true")
    writes = await names(api, "?reads=false")
    assert "ListInventory" in reads
    assert sorted(reads + writes) == sorted(CATALOG)


async def test_a_key_sees_what_it_may_run_and_no_more(open_api: OpenApi) -> None:
    reader = await open_api("reader", read_only=True, actions=("*Brand*", "GetTax"))
    assert await names(reader) == ["ListBrands", "GetBrand", "GetTax"]
    said = {
        (await reader.ask("GET", f"/actions/{name}")).body["detail"].replace(name, "it")
        for name in ("CreateBrand", "CreateBrend")
    }
    assert said == {
        "There is no action 'it' for this key; near it are GetBrand, ListBrands, GetTax."
    }


async def test_what_is_not_asked_for_right_is_told_in_words(api: Api) -> None:
    for query in ("?reads=yes", "?reads=", "?serach=x", "?scope=a&scope=b"):
        told = await api.ask("GET", f"/actions{query}")
        assert told.status == 400
        assert told.body["detail"].startswith("?")
    async with api.client.get("/actions/rpc", headers=api.key) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
