"""What is kept for calls that somebody waits for, and when those come back that are turned away."""

from math import inf

import pytest

from actions.database import Database
from actions.exchange import Standing
from tests.actions.desk import KOWHAI, Desk, Shop

HOUR = 3600.0
WINDOW = 300.0
RESERVE = 18
"""5 % of 350."""


async def learnt(desk: Desk) -> Shop:
    """A process that knows where windows begin, at the beginning of one."""
    desk.plan.phase = desk.clock.now() % WINDOW
    shop = desk.shop()
    await desk.saturate([shop], 3 * WINDOW + 1)
    assert desk.windows()[-1] == (350, 0)
    return shop


async def interactive(shop: Shop, most: int = 1000) -> int:
    """Send calls that somebody waits for, one by one, while there is leave; return how many."""
    done = 0
    while done < most and await shop.ask(interactive=1) == (1, 0):
        shop.send()
        shop.hear()
        done += 1
    await shop.ask()
    return done


async def test_bulk_leaves_a_twentieth_of_the_window_to_calls_that_somebody_waits_for(
    desk: Desk,
) -> None:
    shop = await learnt(desk)
    desk.wait(10)
    assert await shop.spend(1) == 0
    assert shop.standing.left == shop.standing.kept == RESERVE
    assert await interactive(desk.shop()) == RESERVE
    assert desk.limits.refused[KOWHAI] == 0


async def test_what_interactive_calls_have_left_goes_to_bulk_ten_seconds_before_the_end(
    desk: Desk,
) -> None:
    shop = await learnt(desk)
    assert await interactive(shop, 5) == 5
    release = shop.standing.release
    assert release == pytest.approx(desk.clock.now() + WINDOW - 10, abs=5)
    desk.wait(release - desk.clock.now() - 0.1)
    assert await shop.spend(1) == 0
    desk.wait(0.2)
    assert await shop.spend(100) == RESERVE - 5


async def test_an_interactive_call_needs_no_reserve_while_there_is_room(desk: Desk) -> None:
    shop = desk.shop()
    await shop.spend(1)
    assert await interactive(shop) == 349


async def test_both_are_given_in_one_exchange_interactive_first(desk: Desk) -> None:
    shop = await learnt(desk)
    desk.wait(WINDOW)
    await shop.spend(320)
    assert await shop.ask(bulk=32, interactive=4) == (4, 350 - 320 - 4 - RESERVE)


def standing(**facts: object) -> Standing:
    """A window that is used up, with 3 kept for interactive calls and room at 300."""
    known = {"interactive": 0.0, "bulk": 50.0}
    return Standing(
        **({"next": known, "limit": 350, "left": 3, "kept": 3, "room": 300.0} | facts)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("known", "before", "moment"),
    [
        # The reserve shrinks at 50 and every 40 seconds: one more is let through each time.
        (standing(step=50.0, stride=40.0, release=inf), 0, 50.0),
        (standing(step=50.0, stride=40.0, release=inf), 1, 90.0),
        (standing(step=50.0, stride=40.0, release=inf), 2, 130.0),
        (standing(step=50.0, stride=40.0, release=100.0), 2, 100.0),
        # It goes at once.
        (standing(step=290.0, release=290.0), 0, 290.0),
        (standing(step=290.0, release=290.0), 2, 290.0),
        # After that the next window, and those after it.
        (standing(step=290.0, release=290.0), 3, 300.0),
        (standing(step=290.0, release=290.0), 352, 300.0),
        (standing(step=290.0, release=290.0), 353, 600.0),
        (standing(step=290.0, release=290.0), 3 + 350 * 20, 300.0 + 20 * WINDOW),
        (standing(kept=0, limit=0), 2, 300.0 + 2 * WINDOW),
        # What is shut or broken opens for all at one moment, and then they are told again.
        (standing(why="shut"), 1000, 50.0),
        (standing(why="broken"), 1000, 50.0),
        # While one call goes ahead it is soon known.
        (standing(why="probe"), 1000, 11.0),
        # There is room.
        (standing(next={"interactive": 0.0, "bulk": 9.0}), 5, 9.0),
    ],
)
def test_who_is_turned_away_is_told_a_moment_with_room_for_all_before_them(
    known: Standing, before: int, moment: float
) -> None:
    assert known.place(before, WINDOW, 10.0) == moment


async def test_those_turned_away_are_counted_over_all_processes(desk: Desk) -> None:
    shop, other = desk.shop(), desk.shop()
    await desk.saturate([shop, other], 5)
    shop.report.turned_away = 7
    await shop.ask()
    other.report.turned_away = 5
    await other.ask()
    assert (shop.standing.away, other.standing.away) == (7, 12)


async def test_machines_whose_clocks_are_hours_apart_share_a_budget_all_the_same(
    desk: Desk,
) -> None:
    await desk.saturate([desk.shop(ahead=one) for one in (-HOUR, 0, HOUR)], 1600)
    assert desk.windows() == [(350, 0)] * 5


async def test_a_call_that_nobody_waits_for_any_more_is_counted_if_it_arrived(desk: Desk) -> None:
    shop = desk.shop()
    await shop.spend(1)
    await shop.ask(bulk=10)
    shop.send(10)
    shop.underway.clear()  # cancelled
    await shop.spend(1)
    assert shop.standing.left == 350 - 12


async def test_a_call_that_was_cancelled_before_it_left_costs_nothing_for_ever(desk: Desk) -> None:
    shop = desk.shop()
    await shop.spend(1)
    for _ in range(50):
        assert await shop.ask(bulk=20) == (0, 20)
        await shop.ask()
    assert await shop.spend(1000) == 349 - RESERVE


@pytest.mark.parametrize("spent", [1, 200, 332])
async def test_a_redis_that_lost_its_count_lets_no_burst_through(
    desk: Desk, database: Database, spent: int
) -> None:
    shops = [desk.shop() for _ in range(3)]
    assert await shops[0].spend(spent) == spent
    for shop in shops:
        await shop.ask(bulk=5)
    await database.do("FLUSHALL")
    began = desk.clock.now()
    for shop in shops[:2]:
        shop.send(shop.free["bulk"])  # they have not heard of it
    for shop in shops:
        assert await shop.ask(bulk=32) == (0, int(shop is shops[0]))
    await desk.saturate(shops, 10)
    assert desk.limits.refused[KOWHAI] == 0
    assert desk.limits.state()[0]["used"] >= 332
    assert desk.clock.now() - began < WINDOW
