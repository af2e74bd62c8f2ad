"""How many calls may be under way: a pure function of how long they took."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.concurrency import CEILING, FLOOR, Concurrency

USUAL = 0.1


def after(concurrency: Concurrency, seconds: float, calls: int) -> float:
    """Let so many calls take so long, while as many are under way as may be."""
    for _ in range(calls):
        concurrency.ended(seconds, int(concurrency.limit))
    return concurrency.limit


def usual() -> Concurrency:
    """What has seen many calls of the usual length."""
    concurrency = Concurrency()
    assert after(concurrency, USUAL, 1000) == CEILING
    return concurrency


def test_it_grows_to_its_ceiling_while_calls_take_as_long_as_usual() -> None:
    usual()


def test_it_does_not_grow_where_nobody_needs_more() -> None:
    concurrency = Concurrency()
    before = concurrency.limit
    for _ in range(1000):
        concurrency.ended(USUAL, 1)
    assert concurrency.limit == before


def test_a_call_that_takes_twice_as_long_is_no_trouble() -> None:
    concurrency = usual()
    concurrency.ended(1.9 * USUAL, CEILING)
    assert concurrency.limit == CEILING


def test_it_shrinks_while_calls_get_slower_than_twice_the_usual() -> None:
    assert after(usual(), 10 * USUAL, 60) < CEILING / 2


def test_it_grows_again_when_calls_are_fast_again() -> None:
    concurrency = usual()
    after(concurrency, 10 * USUAL, 30)
    assert after(concurrency, USUAL, 1000) == CEILING


def test_a_slow_time_does_not_become_what_is_usual_for_ever() -> None:
    concurrency = usual()
    after(concurrency, 10 * USUAL, 5000)
    after(concurrency, USUAL, 500)
    assert after(concurrency, 10 * USUAL, 60) < CEILING / 2


def test_failures_shrink_it_to_one_and_no_further() -> None:
    concurrency = usual()
    for _ in range(100):
        concurrency.failed()
    assert concurrency.limit == FLOOR == 1
    assert after(concurrency, USUAL, 1000) == CEILING


def test_it_says_how_long_a_call_takes_at_present() -> None:
    concurrency = Concurrency()
    assert concurrency.seconds == 0
    after(concurrency, USUAL, 1)
    assert concurrency.seconds == USUAL
    after(concurrency, 3 * USUAL, 100)
    assert concurrency.seconds == pytest.approx(3 * USUAL, rel=0.01)


@given(st.lists(st.one_of(st.none(), st.tuples(st.floats(0, 1e6), st.integers(1, CEILING)))))
def test_it_keeps_within_its_bounds_whatever_happens(calls: list[tuple[float, int] | None]) -> None:
    concurrency = Concurrency()
    for call in calls:
        if call is None:
            concurrency.failed()
        else:
            concurrency.ended(*call)
        assert FLOOR <= concurrency.limit <= CEILING
