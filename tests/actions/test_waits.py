"""How waits are said: never too short, and by the clock on the wall."""

import math
import time
from collections.abc import Callable, Iterator

import pytest

from actions import waits
from actions.errors import RateLimited, TryLater
from actions.oauth import TokensLater


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in New Zealand, in its winter."""
    monkeypatch.setenv("TZ", "NZST-12")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (0, "0.1 s"),
        (0.05, "0.1 s"),
        (0.3, "0.3 s"),
        (0.31, "0.4 s"),
        (1, "1 s"),
        (9.96, "10 s"),
        (10, "10 s"),
        (10.01, "11 s"),
        (29.9, "30 s"),
        (30.0000001, "30 s"),
        (1233.2, "1,234 s"),
        (math.inf, "1,000,000,000 s"),
    ],
)
def test_seconds_are_said_as_finely_as_they_matter_and_never_too_few(
    wait: float, said: str
) -> None:
    assert waits.seconds(wait) == said


@pytest.mark.usefixtures("zone")
def test_a_moment_is_said_in_local_time_and_with_its_day_unless_that_is_today() -> None:
    assert waits.clock(0) == "1970-01-01 12:00:00"
    assert waits.clock(86399.2) == "1970-01-02 12:00:00"
    now = math.floor(time.time())
    assert waits.clock(now) == time.strftime("%H:%M:%S", time.localtime(now))


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: RateLimited("ListSales", "kowhai", 1e9),
            "the rate limit is reached; it opens in ",
        ),
        (lambda: TryLater("ListSales", "kowhai", 1e9), "nothing was sent. It is tried in "),
        (lambda: TokensLater(1e9), "Lightspeed gives no tokens for "),
    ],
    ids=["rate limit", "outage", "tokens"],
)
def test_whoever_has_to_wait_is_told_for_how_long_and_until_when_on_which_clock(
    make: Callable[[], Exception], said: str
) -> None:
    _, told, rest = str(make()).partition(said)
    assert told
    seconds, _, until = rest.partition(" s (")
    assert seconds == "1,000,000,000"
    shown = time.strptime(until.removesuffix(" NZST)."), "%Y-%m-%d %H:%M:%S")
    assert time.mktime(shown) - time.time() == pytest.approx(1e9, abs=10)
