"""After a 429 nobody is let through until its date, and then one: in virtual time."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from actions.answers import wait
from actions.exchange import Refused
from tests.actions.desk import KOWHAI, LATENCY, Desk, Shop

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
WINDOW = 300.0


def date(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


async def refused(shop: Shop, after: float | None) -> None:
    """Have a call refused, whatever the vendor's limit says."""
    if not shop.free["bulk"]:
        assert await shop.ask(bulk=1) == (0, 1)
    shop.send()
    (call,) = shop.underway
    shop.desk.wait(LATENCY)
    shop.underway = []
    shop.report.refused = Refused(after, call.sent)
    await shop.ask()


async def opens_after(desk: Desk, shop: Shop) -> float:
    """Wait until somebody is let through; return how long that took."""
    began = desk.clock.now()
    while await shop.ask(bulk=1) == (0, 0):
        assert shop.standing.why == "shut"
        desk.wait(max(0.01, shop.standing.look - desk.clock.now()))
        assert desk.clock.now() - began < 2 * WINDOW
    return desk.clock.now() - began


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": date(40), "Date": date(0)}, 40),
        ({"Retry-After": "40"}, 40),
        ({"Retry-After": "0.2"}, 1),
        ({"Retry-After": date(-40), "Date": date(0)}, 1),
        ({"Retry-After": "-40"}, 1),
        ({"Retry-After": date(90_000), "Date": date(0)}, 330),
        ({"Retry-After": "1e12"}, 330),
        ({"Retry-After": "inf"}, 330),
        ({"Retry-After": "nan"}, 30),
        ({"Retry-After": "soon"}, 30),
        ({"Retry-After": ""}, 30),
        ({}, 30),
    ],
    ids=str,
)
async def test_the_gate_opens_when_the_answer_says_within_1_and_330_seconds(
    desk: Desk, headers: dict[str, str], seconds: float
) -> None:
    shop = desk.shop()
    await refused(shop, wait(headers))
    assert shop.standing.why == "shut"
    assert await opens_after(desk, shop) == pytest.approx(seconds, abs=0.1)


async def test_a_429_that_does_not_say_when_waits_for_the_end_of_a_window_that_is_known(
    desk: Desk,
) -> None:
    began, shop = desk.clock.now(), desk.shop()
    desk.plan.phase = began % WINDOW
    await desk.saturate([shop, desk.shop()], 620)
    desk.wait(300)
    await refused(shop, None)
    await opens_after(desk, shop)
    assert desk.clock.now() == pytest.approx(began + 4 * WINDOW, abs=3)


async def test_a_429_shuts_the_gate_for_every_process(desk: Desk) -> None:
    shop, other = desk.shop(), desk.shop()
    await refused(shop, 100.0)
    for _ in range(9):
        assert await other.ask(bulk=32, interactive=32) == (0, 0)
        assert other.standing.why == "shut"
        desk.wait(11)


async def test_one_call_re_opens_the_gate_and_the_others_wait_for_it(desk: Desk) -> None:
    shop, other = desk.shop(), desk.shop()
    await refused(shop, 20.0)
    desk.wait(20.1)
    assert await shop.ask(bulk=32) == (0, 1)
    for _ in range(3):
        assert await other.ask(bulk=32, interactive=32) == (0, 0)
        assert other.standing.why == "probe"
        desk.wait(1)
    shop.send()
    shop.hear()
    await shop.ask()
    assert await other.ask(bulk=32) == (0, 32)


async def test_who_is_refused_again_although_the_time_has_come_waits_a_whole_window(
    desk: Desk,
) -> None:
    shop = desk.shop()
    waits = []
    await refused(shop, 1.0)
    for _ in range(4):
        waits.append(round(await opens_after(desk, shop)))
        await refused(shop, 1.0)
    assert waits == [1, 300, 300, 300]


async def test_a_storm_is_asked_no_more_than_once_in_a_window(desk: Desk) -> None:
    shops = [desk.shop() for _ in range(4)]
    asked = 0
    began = desk.clock.now()
    while desk.clock.now() < began + 10 * WINDOW:
        for shop in shops:
            if await shop.ask(bulk=32) != (0, 0):
                asked += shop.free["bulk"]
                shop.send(shop.free["bulk"])
                desk.wait(LATENCY)
                shop.report.refused = Refused(1.0, shop.underway[0].sent)
                shop.underway = []
                await shop.ask()
        desk.wait(4)
    assert asked <= 2 + 10


async def test_calls_that_were_under_way_together_are_one_refusal_not_two(desk: Desk) -> None:
    shop, other = desk.shop(), desk.shop()
    await shop.spend(1)
    for one in (shop, other):
        await one.ask(bulk=4)
        one.send(4)
    desk.wait(LATENCY)
    for one in (shop, other):
        one.report.refused = Refused(10.0, one.underway[0].sent)
        one.underway = []
        await one.ask()
    assert await opens_after(desk, other) == pytest.approx(10, abs=0.1)


async def test_an_answer_to_a_call_that_was_sent_before_the_refusal_opens_nothing(
    desk: Desk,
) -> None:
    early, shop = desk.shop(), desk.shop()
    await early.spend(1)
    await early.ask(bulk=1)
    early.send()
    await refused(shop, 60.0)
    early.hear()
    await early.ask()
    assert await shop.ask(bulk=1) == (0, 0)
    assert shop.standing.why == "shut"


async def test_what_a_process_still_holds_goes_back_when_it_is_refused(desk: Desk) -> None:
    shop = desk.shop()
    await shop.spend(1)
    await shop.ask(bulk=32)
    shop.send(1)
    desk.wait(LATENCY)
    shop.report.refused, shop.underway = Refused(5.0, shop.underway[0].sent), []
    await shop.ask()
    desk.wait(5.1)
    other = desk.shop()
    await other.spend(1)
    assert other.standing.left >= 350 - 3
    assert desk.limits.refused[KOWHAI] == 0
