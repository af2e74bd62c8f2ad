"""What the processes that call are told, and what they tell."""

from typing import Literal, TypeAlias

from msgspec import Struct, field

from actions.exchange import Lane

Style: TypeAlias = Literal["budget", "retry-after", "back-off", "even"]
"""How a caller heeds the rate limit: ours, or one of the peers in `peers`."""


class Work(Struct, frozen=True, kw_only=True):
    """What each process does at one retailer, with a number of callers at once."""

    retailer: str
    origin: str
    token: str
    style: Style = "budget"
    lane: Lane = "bulk"
    callers: int = 32
    calls: int | None = None
    """In each process; None goes on until the end."""
    every: float = 0.0
    """Seconds that a caller rests between its calls, on average."""
    after: float = 0.0
    """Seconds after the start."""


class Order(Struct, frozen=True, kw_only=True):
    """What one process does."""

    redis: str
    pace: float
    seconds: float
    works: tuple[Work, ...]
    index: int = 0
    """Which of the processes it is."""
    processes: int = 8


class Done(Struct):
    """What became of one work in one process. Moments are by `time.monotonic`."""

    retailer: str
    lane: Lane
    taken: list[float] = field(default_factory=list)
    """When permits were taken."""
    waits: list[float] = field(default_factory=list)
    """Seconds until each."""
    exchanges: int = 0
    """Round trips to Redis about that retailer."""
