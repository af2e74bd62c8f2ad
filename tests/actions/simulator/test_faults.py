import asyncio
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from actions.simulator.faults import Fault, Faults, parse
from tests.actions.simulator.conftest import Browser, Got, Start

NAME = {"name": "Moa"}


async def brands(kowhai: Browser) -> list[str]:
    rows = await kowhai.control("GET", "/state/kowhai/brands")
    return [row["name"] for row in rows]


async def dropped(kowhai: Browser, method: str, path: str, **more: Any) -> bool:
    """Whether the connection is cut before an answer."""
    try:
        await kowhai.call(method, path, **more)
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return True
    return False


async def stormed(start: Start, *faults: str) -> Got:
    kowhai = await start(faults=("429-storm", *faults))
    got = await kowhai.call("GET", "/brands")
    assert got.status == 429
    return got


async def test_a_storm_refuses_although_there_is_room(start: Start) -> None:
    got = await stormed(start)
    assert got.json["error"] == "Too Many Requests"
    until = parsedate_to_datetime(got.headers["Retry-After"])
    assert 0 < (until - parsedate_to_datetime(got.headers["Date"])).total_seconds() <= 32


async def test_retry_after_can_be_missing(start: Start) -> None:
    assert "Retry-After" not in (await stormed(start, "retry-after-missing")).headers


async def test_retry_after_can_be_seconds(start: Start) -> None:
    got = await stormed(start, "retry-after-seconds")
    assert 1 <= int(got.headers["Retry-After"]) <= 31
    got = await stormed(start, "retry-after-negative")
    assert int(got.headers["Retry-After"]) < 0


async def test_retry_after_can_be_past_or_far(start: Start) -> None:
    got = await stormed(start, "retry-after-past")
    date = parsedate_to_datetime(got.headers["Date"])
    assert parsedate_to_datetime(got.headers["Retry-After"]) < date
    got = await stormed(start, "retry-after-far")
    assert parsedate_to_datetime(got.headers["Retry-After"]).year == 2099


async def test_retry_after_can_be_garbage(start: Start) -> None:
    got = await stormed(start, "retry-after-garbage")
    with pytest.raises(ValueError, match="date"):
        parsedate_to_datetime(got.headers["Retry-After"])


async def test_an_outage_answers_5xx_and_applies_nothing(start: Start) -> None:
    kowhai = await start(faults=("5xx:1:POST /brands",))
    statuses = {(await kowhai.call("POST", "/brands", json=NAME)).status for _ in range(30)}
    assert statuses == {500, 502, 503, 504}
    assert "Moa" not in await brands(kowhai)
    assert (await kowhai.call("GET", "/brands")).status == 200


async def test_an_error_can_be_html(start: Start) -> None:
    kowhai = await start(faults=("html-error",))
    got = await kowhai.call("GET", "/brands")
    assert got.status == 502
    assert got.headers["Content-Type"] == "text/html; charset=utf-8"
    assert got.body.startswith(b"<!DOCTYPE html>")


async def test_a_slow_answer_takes_simulated_seconds(kowhai: Browser) -> None:
    await kowhai.control("POST", "/faults", {"name": "slow", "seconds": 600, "path": "/brands"})
    slow = asyncio.create_task(kowhai.call("GET", "/brands"))
    assert (await kowhai.call("GET", "/outlets")).status == 200
    while not kowhai.simulator.stage.faults.struck["slow"]:
        await kowhai.call("GET", "/outlets")
    assert not slow.done()
    await kowhai.control("POST", "/clock", {"advance": 600})
    assert (await slow).status == 200


async def test_a_reset_cuts_the_connection_and_applies_nothing(start: Start) -> None:
    kowhai = await start(faults=("reset:1:POST /brands",))
    assert await dropped(kowhai, "POST", "/brands", json=NAME)
    assert "Moa" not in await brands(kowhai)


async def test_a_lost_answer_is_applied(start: Start) -> None:
    kowhai = await start(faults=("lost-answer:1:POST /brands",))
    assert await dropped(kowhai, "POST", "/brands", json=NAME)
    assert (await brands(kowhai)).count("Moa") == 1
    report = await kowhai.control("GET", "/ledger?route=/brands")
    (applied,) = report["applied"]
    assert (applied["route"], applied["answered"]) == ("POST /brands", False)
    assert report["lost"] == [{"retailer": "kowhai", "route": "POST /brands", "count": 1}]


async def test_a_token_can_end_early_and_a_refresh_mends_it(kowhai: Browser) -> None:
    pair = await kowhai.granted()
    await kowhai.control("POST", "/faults", {"name": "token-expired", "times": 1})
    for _ in range(2):
        assert (await kowhai.call("GET", "/brands", token=pair["access_token"])).status == 401
    new = (await kowhai.tokens(refresh_token=pair["refresh_token"])).json
    assert (await kowhai.call("GET", "/brands", token=new["access_token"])).status == 200


async def test_the_answer_to_a_refresh_can_be_lost_after_the_rotation(kowhai: Browser) -> None:
    pair = await kowhai.granted()
    await kowhai.control("POST", "/faults", "refresh-lost")
    with pytest.raises(aiohttp.ClientConnectionError):
        await kowhai.tokens(refresh_token=pair["refresh_token"])
    await kowhai.control("DELETE", "/faults")
    assert (await kowhai.call("GET", "/brands", token=pair["access_token"])).status == 401
    assert (await kowhai.tokens(refresh_token=pair["refresh_token"])).status == 400
    report = await kowhai.control("GET", "/ledger?route=refresh")
    assert report["writes"][0]["count"] == 1


async def test_a_noisy_neighbour_takes_from_the_window(kowhai: Browser) -> None:
    await kowhai.control("POST", "/limits", {"limit": 1000})
    await kowhai.control("POST", "/faults", "noisy-neighbour:1")
    await kowhai.call("GET", "/brands")
    await kowhai.control("POST", "/clock", {"advance": 290})
    got = await kowhai.call("GET", "/brands")
    assert int(got.headers["X-RateLimit-Remaining"]) < 990


async def test_long_numbers_can_be_masked_in_whatever_is_written(start: Start) -> None:
    kowhai = await start(faults=("card-redaction",))
    for name in ("4111 1111 1111 1111 x", "9400000000001", "12 345", "call 0800123456"):
        await kowhai.call("POST", "/brands", json={"name": name})
    assert (await brands(kowhai))[-4:] == [f"{'*' * 19} x", "*" * 13, "12 345", "call 0800123456"]


async def test_a_fault_strikes_its_share_of_its_routes_the_same_for_a_seed() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(parse("5xx:0.25:/sales*"))
        return [
            bool(faults.drawn(frozenset({"5xx"}), "kowhai", "GET", "/sales/1")) for _ in range(2000)
        ]

    assert 400 < sum(struck(1)) < 600
    assert struck(1) == struck(1) != struck(2)


@pytest.mark.parametrize(
    ("path", "retailer", "concerns"),
    [
        ("*", "", True),
        ("/sales", "", True),
        ("/sales/?", "kowhai", True),
        ("PUT /sales/*", "", True),
        ("POST /sales", "", False),
        ("/products", "", False),
        ("/sales", "rimu", False),
    ],
)
def test_a_fault_concerns_the_routes_it_names(path: str, retailer: str, concerns: bool) -> None:  # noqa: FBT001
    fault = Fault(name="5xx", path=path, retailer=retailer)
    assert fault.concerns("kowhai", "PUT", "/sales/1") is concerns


async def test_a_fault_can_end_by_itself_and_be_switched_off(kowhai: Browser) -> None:
    await kowhai.control("POST", "/faults", {"name": "html-error", "times": 2})
    statuses = [(await kowhai.call("GET", "/brands")).status for _ in range(3)]
    assert statuses == [502, 502, 200]
    await kowhai.control("POST", "/faults", "html-error")
    assert await kowhai.control("DELETE", "/faults?name=html-error") == {"removed": 1}
    assert (await kowhai.call("GET", "/brands")).status == 200
    assert (await kowhai.control("GET", "/ledger"))["struck"] == {"html-error": 2}


@pytest.mark.parametrize("text", ["", "5xx:", "5xx:much", "5xx:1.5", "5xx:-1", "gremlins:1"])
def test_what_is_no_fault_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
        parse(text)
