"""Claims on the jobs of a queue: taken and ended in batches, one round trip for both."""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from actions.database import Database, Script

LEASE_SECONDS: Final = 4.5
"""How long a claim lasts without being renewed: a killed worker's jobs run again within 5 s."""
MOST_AT_ONCE: Final = 128
"""Jobs claimed or ended in one round trip: Redis serves nobody else meanwhile."""
MOST_CLAIMS: Final = 5
"""A job is given up once so many workers have died while they ran it."""
SUSPECT_CLAIMS: Final = 3
"""From this claim on a job runs with no other of its kind beside it; `turn.lua` says so too."""


class Effects(Struct, frozen=True):
    """What a queue's claims bring along and its ends change: Lua, and the keys it is given."""

    turn: Script
    cancel: Script
    keys: tuple[str, ...] = ()

    @classmethod
    def load(cls, *names: str, keys: tuple[str, ...] = ()) -> "Effects":
        """Load scripts of ours that define `bring` and `effect`."""
        turn, cancel = (
            Script.load("workers.scripts", "clock", "later", "wake", "args", *names, last)
            for last in ("turn", "cancel")
        )
        return cls(turn, cancel, keys)


PLAIN: Final = Effects.load("plain")


class Claimed(Struct, frozen=True):
    """A job that is ours until its lease ends."""

    job_id: str
    job: bytes
    claims: int
    """How often it was claimed without being ended: above 1, a worker died of it or with it."""
    brought: list[Any]
    """What the queue's `bring` found for it."""
    owner: str
    """By what the claim is known: who has lost it cannot end it."""

    @property
    def key(self) -> tuple[str, str]:
        """The job's id and who has claimed it."""
        return self.job_id, self.owner


class Ending(Struct):
    """A claim that is to end."""

    claimed: Claimed
    after: float | None
    """Seconds until it runs again; None when it is over."""
    words: Sequence[str | bytes | float]
    """What the queue's `effect` is told."""
    told: asyncio.Future[str | None]
    """What it answered; None when the claim was lost, and nothing was changed."""


class Turn(Struct, frozen=True):
    """What came of one round trip."""

    claimed: list[Claimed]
    due: float | None
    """Seconds until the next is due, if any waits."""
    lost: list[tuple[str, str]]
    """The ids of claims that could not be ended, and why: those jobs run again."""
    trouble: str = ""
    """Why Redis could claim no more."""


class Claims:
    """One worker's claims on one queue."""

    def __init__(self, database: Database, queue: str, effects: Effects = PLAIN) -> None:
        self.queue = queue
        self._database = database
        self._script = effects.turn
        self._keys = (queue, f"{queue}:woken", *effects.keys)
        self._worker = secrets.token_hex(6)
        self._turns = 0

    async def turn(self, ends: Sequence[Ending], most: int, suspects: int = 1) -> Turn:
        """End claims and take `most` new ones, `suspects` of them such as cost workers their lives.

        Raises:
            DatabaseAway: nobody knows whether it was done; ends may be given again.
        """
        self._turns += 1
        owner = f"{self._worker}:{self._turns}"
        args: list[str | bytes | float] = [owner, int(LEASE_SECONDS * 1000), most, suspects]
        for one in ends:
            after = -1 if one.after is None else int(one.after * 1000)
            args += (one.claimed.job_id, one.claimed.owner, after, len(one.words), *one.words)
        answer = await self._database.run(self._script, self._keys, args)
        due, answers, claims, trouble = answer
        lost = [row for row in map(_told, ends, answers) if row]
        claimed = [
            Claimed(id_.decode(), job, count, found[0] if found else [], owner)
            for id_, job, count, *found in claims
        ]
        return Turn(claimed, None if due < 0 else due / 1000, lost, (trouble or b"").decode())


def _told(ending: Ending, answer: bytes) -> tuple[str, str] | None:
    """Tell a run how it ended; return its id and why where it could not."""
    why = "its lease went to another worker" if answer == b"lost" else answer[1:].decode()
    is_lost = answer == b"lost" or answer.startswith(b"!")
    if not ending.told.done():  # who waited for it may have been cancelled
        ending.told.set_result(None if is_lost else answer.decode())
    return (ending.claimed.job_id, why) if is_lost else None
