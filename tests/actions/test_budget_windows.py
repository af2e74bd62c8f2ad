"""What is learnt of the vendor's window from each answer: in virtual time, with its own limits."""

from typing import Literal

import pytest

from tests.actions.desk import KOWHAI, Desk, Shop

Kind = Literal["fixed", "sliding"]


async def opened(desk: Desk, calls: int = 1) -> Shop:
    """A process that has spent so many calls."""
    shop = desk.shop()
    assert await shop.spend(calls) == calls
    return shop


async def test_before_anything_is_known_one_call_goes_ahead_and_the_others_wait(desk: Desk) -> None:
    first, second = desk.shop(), desk.shop()
    assert await first.ask(bulk=32) == (0, 1)
    assert (first.standing.limit, first.standing.why) == (350, "probe")
    assert await second.ask(bulk=32) == (0, 0)
    assert second.standing.why == "probe"


async def test_the_first_answer_tells_the_limit(desk: Desk) -> None:
    desk.plan.registers = 3
    shop = await opened(desk)
    assert (shop.standing.limit, shop.standing.left) == (950, 949)


async def test_a_limit_that_changes_is_heeded_from_the_next_answer(desk: Desk) -> None:
    shop = await opened(desk)
    desk.plan.registers = 2
    await shop.spend(1)
    assert (shop.standing.limit, shop.standing.left) == (650, 648)
    desk.plan.limit = 100
    await shop.spend(1)
    assert (shop.standing.limit, shop.standing.left) == (100, 97)


async def test_what_is_left_goes_down_at_once_when_an_answer_says_so(desk: Desk) -> None:
    shop = await opened(desk)
    desk.others(200)
    await shop.spend(1)
    assert shop.standing.left == 350 - 2 - 200


async def test_what_is_left_does_not_go_up_before_a_new_window_is_proven(desk: Desk) -> None:
    shop = await opened(desk, 200)
    before = shop.standing.left
    for _ in range(5):
        desk.wait(10)
        await shop.ask()
        assert shop.standing.left <= before


@pytest.mark.parametrize("kind", ["fixed", "sliding"])
async def test_a_sole_consumer_uses_each_window_whole_and_is_never_refused(
    desk: Desk, kind: Kind
) -> None:
    desk.switches.window = kind
    await desk.saturate([desk.shop() for _ in range(3)], 1600)
    assert desk.windows() == [(350, 0)] * 5


@pytest.mark.parametrize("phase", [1.0, 77.0, 150.0, 299.0])
async def test_windows_whose_phase_nobody_tells_are_learnt_without_a_refusal(
    desk: Desk, phase: float
) -> None:
    desk.plan.phase = (desk.clock.now() + phase) % 300
    await desk.saturate([desk.shop() for _ in range(3)], 3000)
    windows = desk.windows()[1:]  # the first had begun long before
    assert [refused for _, refused in desk.windows()] == [0] * (len(windows) + 1)
    assert sum(used for used, _ in windows) >= 0.97 * 350 * len(windows)
    assert max(used for used, _ in windows) == 350


async def test_a_new_window_is_recognised_by_the_first_answer_that_has_room_for_nothing_old(
    desk: Desk,
) -> None:
    desk.plan.phase = (desk.clock.now() + 60) % 300
    shop = await opened(desk, 200)
    desk.wait(65)
    assert await shop.ask(bulk=1) == (0, 1)  # it is as old as that
    shop.send()
    shop.hear()
    await shop.ask()
    assert shop.standing.left == 349


async def test_where_windows_slide_what_is_free_is_what_fell_out(desk: Desk) -> None:
    desk.switches.window = "sliding"
    shop = await opened(desk, 100)
    desk.wait(150)
    assert await shop.spend(10**6) > 200
    used = desk.limits.state()[0]["used"]
    desk.wait(155)
    assert await shop.spend(10**6) <= 100 + 350 - used
    assert desk.limits.refused[KOWHAI] == 0


@pytest.mark.parametrize("kind", ["fixed", "sliding"])
async def test_a_limit_that_goes_down_costs_a_refusal_or_two(desk: Desk, kind: Kind) -> None:
    desk.switches.window = kind
    shops = [desk.shop() for _ in range(3)]
    desk.plan.registers = 2
    await desk.saturate(shops, 700)
    desk.plan.registers = 1
    await desk.saturate(shops, 1500)
    assert desk.limits.refused[KOWHAI] <= 2
    assert max(used for used, _ in desk.windows()[-3:]) == 350


@pytest.mark.parametrize("share", [0.1, 0.3, 0.4])
@pytest.mark.parametrize("kind", ["fixed", "sliding"])
async def test_others_use_is_noticed_and_left_to_them(desk: Desk, share: float, kind: Kind) -> None:
    desk.switches.window, desk.plan.neighbour = kind, share
    shops = [desk.shop() for _ in range(3)]
    for _ in range(100):
        for shop in shops:
            await shop.spend(5)
            desk.wait(5)
    assert max(refused for _, refused in desk.windows()) <= 1


async def test_a_block_is_leased_and_what_is_not_sent_goes_back(desk: Desk) -> None:
    shop, other = await opened(desk), desk.shop()
    assert await shop.ask(bulk=32) == (0, 32)
    assert await other.ask(bulk=32) == (0, 32)
    assert other.standing.left == 349 - 64
    shop.send(2)
    await shop.ask()  # 30 are not sent
    await other.ask()
    assert other.standing.left == 347


async def test_what_a_dead_process_held_comes_back_after_a_lease_and_an_answer_tells_what_it_sent(
    desk: Desk,
) -> None:
    dead, other = await opened(desk), desk.shop()
    assert await dead.ask(bulk=32) == (0, 32)
    dead.send(3)
    desk.wait(4.9)
    await other.ask()
    assert other.standing.left == 349 - 32
    desk.wait(0.2)
    assert await other.ask(bulk=32) == (0, 1)  # the dead one may have sent some
    other.send()
    other.hear()
    await other.ask()
    assert other.standing.left == 349 - 3 - 1


async def test_a_process_that_is_heard_of_keeps_what_is_under_way(desk: Desk) -> None:
    slow, other = await opened(desk), desk.shop()
    await slow.ask(bulk=10)
    slow.send(10)
    for _ in range(10):
        desk.wait(1)
        await slow.ask()
    await other.ask()
    assert other.standing.left == 349 - 10


async def test_after_five_seconds_without_a_word_one_call_goes_ahead(desk: Desk) -> None:
    shop, other = await opened(desk), desk.shop()
    desk.wait(4.8)
    assert await shop.ask(bulk=2) == (0, 2)
    await shop.ask()
    desk.wait(0.3)
    assert await shop.ask(bulk=2) == (0, 1)
    assert await other.ask(bulk=2) == (0, 0)
    assert other.standing.why == "probe"


async def test_a_word_of_another_process_goes_for_all(desk: Desk) -> None:
    shop, other = await opened(desk), desk.shop()
    desk.wait(4)
    await other.spend(1)
    desk.wait(4)
    assert await shop.ask(bulk=32) == (0, 32)


async def test_a_call_that_goes_ahead_and_is_never_heard_of_again_is_followed_by_another(
    desk: Desk,
) -> None:
    lost, other = desk.shop(), desk.shop()
    assert await lost.ask(bulk=1) == (0, 1)
    lost.send()
    desk.wait(5.1)
    assert await other.ask(bulk=1) == (0, 1)


async def test_answers_without_a_limit_leave_our_own_count(desk: Desk) -> None:
    shop = desk.shop()
    for _ in range(3):
        await shop.ask(bulk=20)
        shop.send(shop.free["bulk"])
        shop.hear()
        shop.report.told = None
    await shop.ask()
    assert shop.standing.left == 350 - 1 - 20 - 20


async def test_one_retailers_calls_do_not_touch_anothers_budget(desk: Desk) -> None:
    await opened(desk, 300)
    other = desk.shop("torea")
    await other.spend(1)
    assert (other.standing.left, desk.limits.refused["torea"]) == (349, 0)


async def test_who_waits_while_others_hold_permits_looks_when_their_lease_is_over(
    desk: Desk,
) -> None:
    dead, other = await opened(desk), desk.shop()
    await dead.ask(bulk=32)
    began = desk.clock.now()
    await other.spend(10**6)
    assert await other.ask(bulk=1, interactive=32) == (0, 18)
    other.free["interactive"] = 0
    assert other.standing.look <= began + 5.01
    desk.wait(other.standing.look - desk.clock.now())
    assert await other.ask(bulk=1) == (0, 1)
