"""An outage of a retailer's: some failures in a row open the breaker, single calls close it."""

import asyncio

import pytest

from actions.database import Database
from tests.actions.desk import Desk, Shop

PAUSES = [10, 20, 40, 60, 60, 60]
"""Seconds between looks."""

TIMEOUT = 30.0


async def failed(shop: Shop, count: int = 1) -> None:
    """Have so many calls fail, one after the other."""
    for _ in range(count):
        assert await shop.ask(bulk=1) == (0, 1)
        shop.send()
        shop.fail()
    await shop.ask()


async def broken(shop: Shop) -> None:
    """Have the breaker open."""
    await failed(shop, 5)
    assert await shop.ask(bulk=1) == (0, 0)
    assert shop.standing.why == "broken"


async def next_look(desk: Desk, shop: Shop) -> float:
    """Wait until a call may look whether it is over; return how long that took."""
    began = desk.clock.now()
    while await shop.ask(bulk=1) == (0, 0):
        desk.wait(max(0.01, shop.standing.look - desk.clock.now()))
    return desk.clock.now() - began


async def test_five_failures_in_a_row_open_the_breaker_for_every_process(desk: Desk) -> None:
    shop, other = desk.shop(), desk.shop()
    await failed(shop, 4)
    assert await shop.ask(bulk=1) == (0, 1)
    await shop.ask()
    await failed(shop)
    for one in (shop, other):
        assert await one.ask(bulk=1, interactive=1) == (0, 0)
        assert one.standing.why == "broken"


async def test_failures_of_several_processes_count_together(desk: Desk) -> None:
    shops = [desk.shop() for _ in range(5)]
    for shop in shops:
        await failed(shop)
    assert await shops[0].ask(bulk=1) == (0, 0)
    assert shops[0].standing.why == "broken"


async def test_one_bad_call_among_good_ones_opens_nothing(desk: Desk) -> None:
    shop = desk.shop()
    for _ in range(20):
        await failed(shop, 2)
        await shop.spend(1)
    assert await shop.ask(bulk=1) == (0, 1)


async def test_looks_are_10_20_40_and_then_60_seconds_apart(desk: Desk) -> None:
    shop = desk.shop()
    await broken(shop)
    waits = []
    for _ in PAUSES:
        waits.append(round(await next_look(desk, shop)))
        shop.send()
        shop.fail()
        await shop.ask()
    assert waits == PAUSES


async def test_an_outage_of_ten_minutes_is_looked_at_twelve_times_at_most(desk: Desk) -> None:
    shops = [desk.shop() for _ in range(4)]
    await broken(shops[0])
    began, looks = desk.clock.now(), 0
    while desk.clock.now() < began + 600:
        for shop in shops:
            if await shop.ask(bulk=32) != (0, 0):
                looks += shop.free["bulk"]
                shop.send(shop.free["bulk"])
                shop.fail(len(shop.underway))
        desk.wait(2)
    assert 5 <= looks <= 12


async def test_a_vendor_that_does_not_answer_at_all_is_looked_at_no_more_often(desk: Desk) -> None:
    shops = [desk.shop() for _ in range(4)]
    await broken(shops[0])
    began, looks = desk.clock.now(), 0
    while desk.clock.now() < began + 600:
        for shop in shops:
            late = [one for one in shop.underway if desk.clock.now() - one.sent > TIMEOUT]
            shop.fail(len(late))
            if await shop.ask(bulk=32) != (0, 0):
                looks += shop.free["bulk"]
                shop.send(shop.free["bulk"])
        desk.wait(1)
    assert 5 <= looks <= 12


async def test_one_call_looks_and_the_others_wait_for_what_it_finds(desk: Desk) -> None:
    shop, other = desk.shop(), desk.shop()
    await broken(shop)
    assert await next_look(desk, shop) > 0
    assert await other.ask(bulk=32) == (0, 0)
    shop.send()
    shop.hear()
    await shop.ask()
    assert await other.ask(bulk=32) == (0, 32)
    assert await next_look(desk, shop) == 0


async def test_after_it_was_well_the_next_outage_begins_with_a_short_pause(desk: Desk) -> None:
    shop = desk.shop()
    await broken(shop)
    for _ in range(3):
        await next_look(desk, shop)
        shop.send()
        shop.fail()
        await shop.ask()
    await next_look(desk, shop)
    shop.send()
    shop.hear()
    await shop.ask()
    await broken(shop)
    assert round(await next_look(desk, shop)) == PAUSES[0]


async def test_one_retailer_that_is_well_again_lets_the_others_look_at_once(desk: Desk) -> None:
    shop, torea = desk.shop(), desk.shop("torea")
    await broken(torea)
    for _ in range(3):
        await next_look(desk, torea)
        torea.send()
        torea.fail()
        await torea.ask()
    await broken(shop)
    await next_look(desk, shop)
    shop.send()
    assert await torea.ask(bulk=32) == (0, 0)
    shop.hear()
    await shop.ask()
    assert await torea.ask(bulk=32) == (0, 1)


async def test_an_outage_of_one_retailer_stops_no_other(desk: Desk) -> None:
    await broken(desk.shop())
    torea = desk.shop("torea")
    assert await torea.spend(10) == 10


async def test_an_outage_and_its_end_are_published(desk: Desk, database: Database) -> None:
    heard: asyncio.Queue[bytes | None] = asyncio.Queue()
    listening = asyncio.create_task(database.listen("backroom:budgets", heard.put_nowait))
    assert await heard.get() is None
    shop = desk.shop()
    await broken(shop)
    async with asyncio.timeout(10):
        assert await heard.get() == b"backroom:budget:kowhai"
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
