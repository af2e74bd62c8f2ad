"""Jobs to be: actions that somebody wants run, checked, and known again when they come again."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from actions.action import Action
from actions.checking import checked
from actions.connections import domain_prefix
from actions.exchange import Lane
from workers import keys
from workers.keys import KEEP_SECONDS
from workers.pauses import Pauses

REPEAT_SECONDS: Final = 72 * 3600
"""How long an idempotency key is remembered."""


class NewJob(Struct, frozen=True, kw_only=True):
    """An action that is to become a job."""

    action: Action[Any]
    retailer: str
    lane: Lane = "bulk"
    """`interactive` has no place in the retailer's line, and may use the budget's reserve."""
    keep: int = KEEP_SECONDS
    """How many seconds it is kept once it is over."""


class Ready(Struct, frozen=True, array_like=True):
    """A job to be, as it is kept, and as two of them are compared."""

    action: str
    retailer: str
    lane: Lane
    keep: int
    parameters: bytes


def ready(one: NewJob) -> Ready:
    """Return a job to be whose every word is right.

    Raises:
        BadAction, BadDomainPrefix: one is not.
    """
    parameters = msgspec.msgpack.encode(checked(one.action))
    name = one.action.operation.name
    return Ready(name, domain_prefix(one.retailer), one.lane, one.keep, parameters)


async def all_ready(jobs: Sequence[NewJob]) -> list[Ready]:
    """Return all of them checked; raises what `ready` raises."""
    found, pause = [], Pauses()
    for one in jobs:
        found.append(ready(one))
        await pause()
    return found


class Memory(Struct, frozen=True):
    """What tells in Redis that jobs were enqueued already."""

    name: str = ""
    """The key; nothing is remembered where it is empty."""
    digest: str = ""
    """Of what was asked for."""


def memory_of(once: str, jobs: Sequence[Ready]) -> Memory:
    """Return how jobs are known again that come with the same word.

    The word stands in Redis as a digest alone, and is the other digest's key: so nobody can find
    out from there what the number of a shopper's gift card may have been.
    """
    word = hashlib.sha256(once.encode()).digest()
    content = hashlib.blake2b(msgspec.msgpack.encode(jobs), key=word, digest_size=20)
    return Memory(keys.repeat(hashlib.sha256(word).hexdigest()), content.hexdigest())
