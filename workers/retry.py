"""What follows a failure: pure functions from exception to decision."""

import random
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from actions.errors import (
    BackroomError,
    CannotOpen,
    ConnectionFailed,
    DatabaseAway,
    NotConnected,
    RateLimited,
    ServerError,
    Unauthorized,
)
from actions.oauth import ApplicationRefused, TokensLater, TokensUnanswered
from actions.tokens import NeedsRelink
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


class Wait(Struct, frozen=True):
    """Not now, and no failure: run it again after so many seconds, at no cost."""

    after: float


Decision: TypeAlias = Again | Over

ACTION_ATTEMPTS = 8
_ACTION_BACKOFF = 2.0
_LOOK_SECONDS = 30.0
"""How often a job looks whether somebody has mended what it waits for."""
_RELINK = (NeedsRelink, NotConnected, Unauthorized)
_OURS = (ApplicationRefused, CannotOpen, DatabaseAway)
"""Nothing was sent: a setting or Redis is to be mended."""
_AGAIN = (ConnectionFailed, ServerError, TokensUnanswered)


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


def decide_action(
    error: BackroomError, attempt: int, chance: Callable[[], float] = random.random
) -> Again | Wait | Over:
    """Say what follows when attempt number `attempt` of an action's job ended with `error`.

    The rate limit, a retailer that must be linked again and our own trouble are waited for,
    however long.
    """
    if isinstance(error, RateLimited | TokensLater):
        return Wait(error.retry_after * (1 + chance() / 50))
    if isinstance(error, _RELINK + _OURS):
        return Wait(_LOOK_SECONDS * (1 + chance() / 5))
    if isinstance(error, _AGAIN) and attempt < ACTION_ATTEMPTS:
        wait = min(LONGEST_WAIT, _ACTION_BACKOFF ** min(attempt, _MOST_GROWTH))
        return Again(wait * (1 + chance() / 5))
    return Over()
