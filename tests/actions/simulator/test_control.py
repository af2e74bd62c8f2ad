from typing import Any

import pytest

from tests.actions.simulator.conftest import Browser, Start

NAMES = {"first_name": "Bo", "last_name": "Rua"}


async def test_the_door_lists_its_routes(kowhai: Browser) -> None:
    routes = await kowhai.control("GET", "/")
    assert any(line.startswith("GET /ledger: ") for line in routes)


async def test_requests_are_booked_by_route_and_status(kowhai: Browser) -> None:
    (brand, *_) = (await kowhai.call("GET", "/brands")).json["data"]
    for path in (f"/brands/{brand['id']}", "/brands/none", "/brands/none", "/nothing"):
        await kowhai.call("GET", path)
    report = await kowhai.control("GET", "/ledger?route=/brands/&status=404")
    assert report["counts"] == [
        {"retailer": "kowhai", "route": "GET /brands/{brand_id}", "status": 404, "count": 2}
    ]
    assert [one["path"] for one in report["requests"]] == ["/brands/none"] * 2
    assert len((await kowhai.control("GET", "/ledger?last=1"))["requests"]) == 1
    whole = await kowhai.control("GET", "/ledger")
    assert sum(one["count"] for one in whole["counts"]) == 5
    assert whole["bugs"] == []


async def test_writes_are_booked_with_what_they_led_to(kowhai: Browser) -> None:
    customer_id = await kowhai.change()
    await kowhai.call("PUT", f"/customers/{customer_id}", json=NAMES)
    await kowhai.call("PUT", "/customers/none", json=NAMES)
    report = await kowhai.control("GET", "/ledger")
    made, changed = report["applied"]
    assert (made["route"], made["ids"]) == ("POST /customers", [customer_id])
    assert made["events"] == [["customer.update", customer_id]]
    assert changed["ids"] == [customer_id]
    assert [one["count"] for one in report["writes"]] == [1, 1]


async def test_a_read_by_post_is_no_write(kowhai: Browser) -> None:
    assert (await kowhai.call("POST", "/inventory", json={})).status == 200
    assert (await kowhai.control("GET", "/ledger"))["applied"] == []


async def test_a_new_ledger_can_be_opened(kowhai: Browser) -> None:
    await kowhai.change()
    await kowhai.control("POST", "/reset")
    report = await kowhai.control("GET", "/ledger")
    assert (report["counts"], report["applied"], report["requests"]) == ([], [], [])


async def test_the_clock_can_be_moved_and_sped_up(kowhai: Browser) -> None:
    before = await kowhai.control("GET", "/clock")
    after = await kowhai.control("POST", "/clock", {"advance": 3600, "scale": 300})
    assert after["now"] - before["now"] >= 3600
    assert after["scale"] == 300
    got = await kowhai.call("GET", "/brands")
    assert got.headers["Date"].endswith(" GMT")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("sale", "sale.update"),
        ("parked", "sale.update"),
        ("layby", "sale.update"),
        ("onaccount", "sale.update"),
        ("return", "sale.update"),
        ("void", "sale.update"),
        ("closure", "register_closure.create"),
    ],
)
async def test_a_till_sells_when_asked(kowhai: Browser, kind: str, told: str) -> None:
    count = {} if kind == "closure" else {"count": 2}
    sold = await kowhai.control("POST", "/sell", {"kind": kind} | count)
    assert len(sold["ids"]) == 2
    assert told in {event for event, _ in kowhai.simulator.stage.heard}


async def test_tills_sell_by_themselves_at_a_speed(start: Start) -> None:
    kowhai = await start(speed=60)
    before = len(await kowhai.control("GET", "/state/kowhai/sales"))
    await kowhai.control("POST", "/clock", {"advance": 60})
    while len(await kowhai.control("GET", "/state/kowhai/sales")) < before + 20:
        assert not kowhai.simulator.bugs


async def test_the_state_shows_rows_deleted_ones_too(kowhai: Browser) -> None:
    customer_id = await kowhai.change()
    await kowhai.call("DELETE", f"/customers/{customer_id}")
    row = await kowhai.control("GET", f"/state/kowhai/customers?id={customer_id}")
    assert row["deleted_at"]
    rows = await kowhai.control("GET", "/state/kowhai/customers")
    assert customer_id in {one["id"] for one in rows}
    assert await kowhai.control("GET", "/state/kowhai/customers?id=none") is None


async def test_switches_are_listed_and_set(kowhai: Browser) -> None:
    assert (await kowhai.control("GET", "/switches"))["window"] == "fixed"
    changed = await kowhai.control("POST", "/switches", {"window": "sliding"})
    assert changed["window"] == "sliding"


WRONG: dict[str, tuple[str, str, Any]] = {
    "fault": ("POST", "/faults", "gremlins"),
    "fault member": ("POST", "/faults", {"name": "5xx", "colour": "red"}),
    "no fault": ("POST", "/faults", None),
    "clock": ("POST", "/clock", {"advance": "soon"}),
    "clock back": ("POST", "/clock", {"advance": -1}),
    "clock stands": ("POST", "/clock", {"scale": 0}),
    "switch": ("POST", "/switches", {"no_such": True}),
    "switch value": ("POST", "/switches", {"window": "round"}),
    "switches": ("POST", "/switches", [1]),
    "limits": ("POST", "/limits", {"registers": "many"}),
    "limits member": ("POST", "/limits", {"colour": "red"}),
    "limits store": ("POST", "/limits", {"retailer": "nobody"}),
    "sell kind": ("POST", "/sell", {"kind": "steal"}),
    "sell count": ("POST", "/sell", {"count": "x"}),
    "store": ("GET", "/state/nobody/brands", None),
    "ledger": ("GET", "/ledger?status=x", None),
}


@pytest.mark.parametrize(("method", "path", "body"), WRONG.values(), ids=WRONG)
async def test_what_the_door_cannot_do_is_said(
    kowhai: Browser, method: str, path: str, body: Any
) -> None:
    url = kowhai.simulator.control_url + path
    async with kowhai.session.request(method, url, json=body) as answer:
        assert answer.status == 400
        said = (await answer.json())["error"]
    assert said
    assert "\n" not in said
