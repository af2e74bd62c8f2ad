"""What follows a subscriber's failure: one pure function from exception to decision."""

import random
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from workers.plugins import GiveUp, Retry, Subscriber

LONGEST_WAIT = 3600.0
"""Seconds between two attempts at most, where the author asked for nothing else."""
_GROWTH = 5.0
_MOST_GROWTH = 20
"""Beyond that every wait is the longest, and the power would not fit a float."""


class Again(Struct, frozen=True):
    """Run it once more after so many seconds."""

    after: float


class Over(Struct, frozen=True):
    """Stop for good; the event is failed."""


Decision: TypeAlias = Again | Over


def decide(
    error: BaseException,
    attempt: int,
    subscriber: Subscriber,
    chance: Callable[[], float] = random.random,
) -> Decision:
    """Say what follows when attempt number `attempt` of a subscriber ended with `error`.

    `chance` gives a number from 0 to 1 for the jitter: up to a fifth more, so that subscribers
    that failed together do not come back together.
    """
    if isinstance(error, GiveUp) or attempt >= subscriber.attempts:
        return Over()
    if isinstance(error, Retry):
        return Again(error.after)
    wait = min(LONGEST_WAIT, subscriber.backoff * _GROWTH ** min(attempt - 1, _MOST_GROWTH))
    return Again(wait * (1 + chance() / 5))
