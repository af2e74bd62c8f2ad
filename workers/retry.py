"""What follows a failure: one pure function from exception to decision."""

import random
from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec import Struct

from actions.errors import (
    BackroomError,
    CannotOpen,
    ConnectionFailed,
    DatabaseAway,
    NotConnected,
    RateLimited,
    ServerError,
    TryLater,
    Unauthorized,
)
from actions.oauth import ApplicationRefused, TokensLater, TokensUnanswered
from actions.tokens import NeedsRelink
from workers import plugins

LONGEST_WAIT: Final = 3600.0
"""Seconds between two attempts at most, where the author asked for nothing else."""
_MOST_GROWTH = 20
"""Beyond that every wait is the longest, and the power would not fit a float."""


class Wait(Struct, frozen=True):
    """Not now, and no failure: run it again after so many seconds; no attempt is spent."""

    after: float


class Retry(Struct, frozen=True):
    """It failed: run it again after so many seconds; one attempt is spent."""

    after: float


class GiveUp(Struct, frozen=True):
    """Stop for good."""


Decision: TypeAlias = Wait | Retry | GiveUp


class Policy(Struct, frozen=True):
    """How often and how soon something is tried again."""

    attempts: int
    """Runs that may fail before it is given up."""
    backoff: float
    """Seconds before the second run."""
    growth: float
    """How many times as long each later wait is."""

    @classmethod
    def of(cls, subscriber: plugins.Subscriber) -> "Policy":
        """Return what a subscriber's author asked for."""
        return cls(subscriber.attempts, subscriber.backoff, 5.0)


ACTION: Final = Policy(attempts=8, backoff=2.0, growth=2.0)
"""How an action's job is tried again."""
_LOOK_SECONDS: Final = 30.0
"""How often a job looks whether somebody has mended what it waits for."""
_TOLD = (RateLimited, TryLater, TokensLater)
"""They say when it is this one's turn, so there is no jitter."""
_TO_MEND = (
    NeedsRelink,
    NotConnected,
    Unauthorized,
    ApplicationRefused,
    CannotOpen,
    DatabaseAway,
)
"""Nothing was sent: a person or Redis has to come back, however long that takes."""
_PASSING = (ConnectionFailed, ServerError, TokensUnanswered)


def decide(
    error: BaseException,
    attempt: int,
    policy: Policy,
    chance: Callable[[], float] = random.random,
) -> Decision:
    """Say what follows when the run that may fail as number `attempt` ended with `error`.

    `chance` gives a number from 0 to 1 for the jitter: up to a fifth more, so that what failed
    together does not come back together.
    """
    if isinstance(error, _TOLD):
        return Wait(error.retry_after)
    if isinstance(error, _TO_MEND):
        return Wait(_LOOK_SECONDS * (1 + chance() / 5))
    if isinstance(error, plugins.GiveUp) or attempt >= policy.attempts:
        return GiveUp()
    if isinstance(error, plugins.Retry):
        return Retry(error.after)
    if isinstance(error, BackroomError) and not isinstance(error, _PASSING):
        return GiveUp()  # it says itself that another try changes nothing, or may do harm
    wait = policy.backoff * policy.growth ** min(attempt - 1, _MOST_GROWTH)
    return Retry(min(LONGEST_WAIT, wait) * (1 + chance() / 5))
