"""Bad rows are found with few requests, whatever they are."""

import random
from collections.abc import Set as AbstractSet

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.stock.segments import Segment, after_refusal, after_success, next_up, worth

batches = st.integers(1, 1000).flatmap(
    lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1)))
)


def sent(size: int, bad: AbstractSet[int], *, names_rows: bool) -> tuple[set[int], set[int], int]:
    """Play the vendor: return what was applied, what was refused, and how many requests it took."""
    pending, applied, refused, count = [Segment(list(range(size)))], set[int](), set[int](), 0
    while pending:
        count += 1
        places = pending[0].places
        wrong = [row for row, place in enumerate(places) if place in bad]
        most = worth(size - sum(len(one.places) for one in pending), len(refused))
        if not wrong:
            assert not applied & set(places)
            applied |= set(places)
            pending, found = next_up(after_success(pending), most)
        else:
            fields = {f"stock_adjustments[{row}]": ["no"] for row in wrong} if names_rows else {}
            pending, found = after_refusal(pending, "no", fields, most)
        refused |= set(found)
    return applied, refused, count


@given(
    st.integers(1, 1000).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1))))
)
def test_exactly_the_bad_rows_are_refused_by_halving(case: tuple[int, set[int]]) -> None:
    size, bad = case
    applied, refused, count = sent(size, bad, names_rows=False)
    assert refused == bad
    assert applied == set(range(size)) - bad
    assert count <= 2 + len(bad) * 13


@pytest.mark.parametrize(("share", "requests"), [(0.5, 1100), (0.1, 650), (0.01, 160)])
def test_where_many_are_bad_it_takes_little_more_than_one_request_each(
    share: float, requests: int
) -> None:
    for seed in range(20):
        draw = random.Random(seed)  # noqa: S311 - the same each time
        bad = {place for place in range(1000) if draw.random() < share}
        applied, refused, count = sent(1000, bad, names_rows=False)
        assert (refused, len(applied)) == (bad, 1000 - len(bad))
        assert count <= requests


@given(
    st.integers(1, 1000).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1))))
)
def test_named_rows_take_one_request_more(case: tuple[int, set[int]]) -> None:
    size, bad = case
    applied, refused, count = sent(size, bad, names_rows=True)
    assert refused == bad
    assert applied == set(range(size)) - bad
    assert count <= 2
