import json
from collections.abc import Callable
from typing import Any

import pytest

from actions.simulator.options import Options
from actions.simulator.routing import Answer, Ask, Route, bare
from actions.simulator.server import located
from actions.simulator.shop import Shop
from actions.simulator.simulator import Simulator
from actions.simulator.trie import Tree
from tests.actions.simulator.conftest import Browser, Start

JSON = {"Content-Type": "application/json"}


async def test_a_store_is_told_by_host_or_by_path(start: Start) -> None:
    kowhai = await start(retailers=("kowhai", "rimu"))
    origin, session = kowhai.simulator.origin, kowhai.session
    brands = []
    for prefix in ("kowhai", "rimu"):
        token = {"Authorization": f"Bearer {kowhai.simulator.personal_token(prefix)}"}
        for url, host in (
            (f"{origin}/{prefix}/api/2026-07/brands", {}),
            (f"{origin}/api/2026-07/brands", {"Host": f"{prefix}.localhost:8089"}),
        ):
            async with session.get(url, headers=token | host) as answer:
                brands.append((await answer.json())["data"][0]["id"])
    assert brands[0] == brands[1] != brands[2] == brands[3]


@pytest.mark.parametrize("path", ["/", "/nobody", "/nobody/api/2026-07/brands", "/kowhai"])
async def test_a_store_that_is_not_there_is_not_found(kowhai: Browser, path: str) -> None:
    async with kowhai.session.get(kowhai.simulator.origin + path) as answer:
        assert answer.status == 404
        assert list(await answer.json()) == ["error"]


async def test_a_token_of_another_store_is_not_valid(start: Start) -> None:
    kowhai = await start(retailers=("kowhai", "rimu"))
    got = await kowhai.call("GET", "/brands", token=kowhai.simulator.personal_token("rimu"))
    assert (got.status, got.json) == (401, {"error": "Access token is not valid"})


@pytest.mark.parametrize("version", ["2023-01", "2025-10", "2026-01", "2026-07", "2.0"])
async def test_a_version_past_its_end_is_answered_by_the_oldest_live_one(
    kowhai: Browser, version: str
) -> None:
    assert (await kowhai.call("GET", f"/api/{version}/brands")).status == 200


async def test_a_broken_rule_is_refused_as_the_switch_says(kowhai: Browser) -> None:
    assert (await kowhai.call("POST", "/brands", json={})).status == 422
    await kowhai.control("POST", "/switches", {"field_rule_status": 400})
    assert (await kowhai.call("POST", "/brands", json={})).status == 400


async def test_a_version_that_never_was_is_refused_as_the_switch_says(kowhai: Browser) -> None:
    for version in ("2025-11", "2026-10", "9.9"):
        assert (await kowhai.call("GET", f"/api/{version}/brands")).status == 404
    await kowhai.control("POST", "/switches", {"unknown_version_status": 400})
    assert (await kowhai.call("GET", "/api/2025-11/brands")).status == 400


REFUSED: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "path": (404, "GET", "/nothing", {}),
    "empty path": (404, "GET", "/api/", {}),
    "method": (405, "DELETE", "/brands", {}),
    "odd method": (405, "PROPFIND", "/brands", {}),
    "no JSON": (415, "POST", "/brands", {"data": "name=x"}),
    "form": (415, "POST", "/brands", {"data": {"name": "x"}}),
    "broken": (400, "POST", "/brands", {"data": "{", "headers": JSON}),
    "not UTF-8": (400, "POST", "/brands", {"data": b'{"name": "\xff"}', "headers": JSON}),
    "too deep": (400, "POST", "/brands", {"data": "[" * 100_000, "headers": JSON}),
    "JSON for a form": (415, "POST", "/api/webhooks", {"json": {}}),
    "scope": (403, "GET", "/brands", {"scope": "sales:read"}),
    "a number beyond reason": (
        400,
        "POST",
        "/brands",
        {"data": b"1e9999999999999999999999", "headers": JSON},
    ),
    "an integer of another alphabet": (400, "GET", "/brands?after=%D9%A3", {}),
}


@pytest.mark.parametrize(("status", "method", "path", "more"), REFUSED.values(), ids=REFUSED)
async def test_what_is_wrong_is_said_as_the_vendor_says_it(
    kowhai: Browser, status: int, method: str, path: str, more: dict[str, Any]
) -> None:
    if scope := more.pop("scope", None):
        more["token"] = kowhai.simulator.personal_token("kowhai", scope)
    got = await kowhai.call(method, path, **more)
    assert got.status == status
    assert got.json["error"]
    assert got.headers["Content-Type"] == "application/json"
    assert int(got.headers["X-RateLimit-Limit"]) == 650


async def test_the_oldest_webhooks_take_a_form(kowhai: Browser) -> None:
    hook = {"type": "sale.update", "url": "http://localhost:9/x", "active": True}
    got = await kowhai.call("POST", "/api/webhooks", data={"data": json.dumps(hook)})
    assert got.json["url"] == "http://localhost:9/x"
    assert len((await kowhai.call("GET", "/api/webhooks")).json) == 1


async def test_a_missing_scope_is_named(kowhai: Browser) -> None:
    token = kowhai.simulator.personal_token("kowhai", "sales:read")
    got = await kowhai.call("POST", "/brands", token=token, json={"name": "x"})
    assert got.json["error"] == "permission denied"
    assert "products:write" in got.json["message"]


async def test_numbers_reach_a_handler_exactly(kowhai: Browser) -> None:
    def echo(_: Shop, ask: Ask) -> Answer:
        return bare(ask.body)

    kowhai.simulator.stage.trees.add(Route("POST", "/echo", (), echo, ("2026-07",)))
    text = '{"a":0.10000000000000000001,"b":[123456789012345678901234567890,-0.50]}'
    assert (await kowhai.call("POST", "/echo", data=text, headers=JSON)).body == text.encode()


async def test_a_handlers_mistake_is_a_bug_that_tests_see(kowhai: Browser) -> None:
    def broken(_: Shop, __: Ask) -> Answer:
        raise KeyError("x")

    stage = kowhai.simulator.stage
    stage.trees.add(Route("GET", "/broken", (), broken, ("2026-07",)))
    got = await kowhai.call("GET", "/broken")
    assert got.status == 500
    assert "Traceback" not in got.body.decode()
    assert kowhai.simulator.bugs == ["GET /kowhai/api/2026-07/broken: KeyError('x')"]
    kowhai.simulator.bugs.clear()


async def test_the_same_seed_makes_the_same_store_and_tokens(start: Start) -> None:
    one, two, other = [await start(seed=seed) for seed in (5, 5, 6)]
    bodies = [(await store.call("GET", "/brands")).json["data"][0] for store in (one, two, other)]
    assert bodies[0] == bodies[1]
    assert bodies[0] != bodies[2]
    assert one.token == two.token != other.token
    assert one.token.startswith("lsxs_pt_")
    assert one.simulator.options.client_secret == two.simulator.options.client_secret


WRONG: dict[str, Callable[[], Options]] = {
    "prefix": lambda: Options(retailers=("evil.example",)),
    "taken prefix": lambda: Options(retailers=("secure",)),
    "twice": lambda: Options(retailers=("a", "a")),
    "none": lambda: Options(retailers=()),
    "registers": lambda: Options(registers=0),
    "switch": lambda: Options(switches={"no_such": 1}),
    "switch value": lambda: Options(switches={"window": "round"}),
    "fault": lambda: Options(faults=("gremlins",)),
    "share": lambda: Options(faults=("5xx:2",)),
    "scale": lambda: Options(time_scale=0),
    "scope": lambda: Options(scopes=("everything",)),
}


@pytest.mark.parametrize("options", WRONG.values(), ids=WRONG)
def test_a_wrong_option_is_one_sentence(options: Callable[[], Options]) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
        Simulator(options())


@pytest.mark.parametrize(
    ("host", "path", "place"),
    [
        ("127.0.0.1:80", "/kowhai/api/x", ("kowhai", ["api", "x"])),
        ("kowhai.localhost", "/api/x", ("kowhai", ["api", "x"])),
        ("KOWHAI.retail.lightspeed.app:443", "/api/x", ("kowhai", ["api", "x"])),
        ("secure.localhost:8089", "/connect", (None, ["connect"])),
        ("localhost:8089", "/connect", (None, ["connect"])),
        ("localhost:8089", "/kowhai/connect", ("kowhai", ["connect"])),
        ("[::1]:8089", "/kowhai/a%2Fb%20c", ("kowhai", ["a/b c"])),
    ],
)
def test_places_are_found(host: str, path: str, place: tuple[str | None, list[str]]) -> None:
    assert located(host, path) == place


def test_a_fixed_path_comes_before_a_variable_one() -> None:
    tree, handler = Tree(), lambda *_: Answer(200)
    for method, path in (("GET", "/a/{id}"), ("POST", "/a/bulk"), ("GET", "/a/{id}/b/{name}")):
        tree.add(Route(method, path, (), handler, ()))
    found = [
        tree.find(path.split("/"), method)
        for method, path in (("POST", "a/bulk"), ("GET", "a/bulk"), ("GET", "a/1/b/2"))
    ]
    assert [one.path for one in found if not isinstance(one, set)] == [
        {},
        {"id": "bulk"},
        {"id": "1", "name": "2"},
    ]
    assert tree.find(["a", "1"], "PUT") == {"GET"}
    assert tree.find(["a", ""], "GET") == set()
    with pytest.raises(ValueError, match="twice"):
        tree.add(Route("GET", "/a/{other}", (), handler, ()))
