"""One run of a job: what a queue's function is given, and how it says what follows."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from workers.claims import MOST_CLAIMS, SUSPECT_CLAIMS, Claimed, Ending

Verdict: TypeAlias = Literal["lost", "late", "cancelled", "handed back"]
"""Its lease is another worker's by now; it took longer than it may; somebody cancelled it; its
worker is being stopped."""


class _Job(Struct):
    """arq's own format of a job, as much of it as is read."""

    f: str
    a: list[Any]


_decoder = msgspec.msgpack.Decoder(_Job)


class Owner(Protocol):
    """Who runs it."""

    def ended(self, run: "Run", ending: Ending) -> None:
        """Take note that a run is over."""

    def held(self, run: "Run", seconds: float) -> None:
        """Keep a run's lease for so many seconds from now at most."""


class Run:
    """One run of a job that is claimed."""

    __slots__ = ("_owner", "args", "claimed", "ending", "function", "stopped")

    def __init__(self, claimed: Claimed, owner: Owner) -> None:
        self.claimed = claimed
        self.function = ""
        self.args: list[Any] = []
        self.ending: Ending | None = None
        self.stopped: Verdict | None = None
        """Why we have cut it short, if we have."""
        self._owner = owner

    def read(self) -> None:
        """Read the job.

        Raises:
            msgspec.MsgspecError: its bytes are none.
        """
        job = _decoder.decode(self.claimed.job)
        self.function, self.args = job.f, job.a

    @property
    def brought(self) -> list[Any]:
        """What the queue's `bring` found for it."""
        return self.claimed.brought

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.claimed.job_id

    @property
    def is_lost(self) -> bool:
        """Whether its lease is another's by now: whatever it does, it can end nothing."""
        return self.stopped == "lost"

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody wants it to be over."""
        return self.stopped == "cancelled"

    @property
    def deaths(self) -> int:
        """How many workers have died while they ran it, since it last ended."""
        return self.claimed.claims - 1

    @property
    def is_poison(self) -> bool:
        """Whether it has cost so many workers their lives that it must be given up."""
        return self.claimed.claims > MOST_CLAIMS

    @property
    def is_suspect(self) -> bool:
        """Whether it may cost this worker its life, as it has others."""
        return self.claimed.claims >= SUSPECT_CLAIMS

    def hold(self, seconds: float) -> None:
        """Say how long it may take from now; then another worker takes it over."""
        self._owner.held(self, seconds)

    def end(
        self, after: float | None = None, *words: str | bytes | float
    ) -> asyncio.Future[str | None]:
        """End it: the job is over, or runs again `after` so many seconds; it cannot end twice.

        Returns what the queue's `effect` answers to `words`, or None when the lease was lost and
        nothing was changed. It leaves with the next round trip, whether awaited or not.
        """
        if self.ending is None:
            told = asyncio.get_running_loop().create_future()
            self.ending = Ending(self.claimed, after, words, told)
            self._owner.ended(self, self.ending)
        return self.ending.told


Functions: TypeAlias = Mapping[str, Callable[[Run], Awaitable[None]]]
"""By name. One that returns without ending its run has ended it for good."""
