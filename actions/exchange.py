"""What a process says to the shared budget, and what it is told: one script, one round trip."""

import math
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, field, structs

from actions.database import Database, Script

Lane: TypeAlias = Literal["interactive", "bulk"]
"""`interactive`: somebody waits for it; `bulk`: everything else."""
Why: TypeAlias = Literal["spent", "probe", "shut", "broken"]
"""Why there is no permit: the window is used up; one call goes ahead; 429; an outage."""
LANES: Final[tuple[Lane, ...]] = ("interactive", "bulk")
WINDOW_SECONDS: Final = 300.0
"""The vendor's window (vendor: Rate Limiting)."""
FIRST_LIMIT: Final = 350
"""A shop with one register (vendor: 300 x registers + 50); the first answer tells the true one."""
LEASE_SECONDS: Final = 5.0
"""Permits of a process that is not heard of for so long come back."""
CHANNEL: Final = "backroom:budgets"
"""Where it is published that a budget has changed: its key, and the process that sees it itself."""
SINCE: Final = "backroom:budgets:since"
"""When this Redis first kept a budget, in ms: in its first moments it is careful."""
_AT_ONCE: Final[Mapping[Lane, float]] = {"interactive": 0.0, "bulk": 0.0}
_LIMIT, _REMAINING = "X-RateLimit-Limit", "X-RateLimit-Remaining"
_DIGITS: Final = 9
_PROBE_SECONDS: Final = 1.0
"""To come back while one call goes ahead."""
_GRAIN_SECONDS: Final = 0.1
_EXCHANGE: Final = Script.load("actions.scripts", "budget", "permits")


class Scheme(Struct, frozen=True):
    """What is known of a limit before anything was answered."""

    window: float = WINDOW_SECONDS
    """In the vendor's seconds."""
    limit: int = FIRST_LIMIT


class Told(Struct, frozen=True):
    """What Lightspeed said of its limit, and when the call was sent and answered."""

    limit: int
    remaining: int
    sent: float
    at: float


def told(headers: Mapping[str, str], sent: float, at: float) -> Told | None:
    """Return what an answer's headers say; None when that is nothing, or no number of calls."""
    limit, remaining = headers.get(_LIMIT, ""), headers.get(_REMAINING, "")
    if not (limit.isdecimal() and remaining.isdecimal()):
        return None
    if max(len(limit), len(remaining)) > _DIGITS:
        return None
    return Told(int(limit), int(remaining), sent, at)


class Refused(Struct, frozen=True):
    """A 429: the vendor's seconds to wait, None where it does not say."""

    after: float | None
    sent: float


class Report(Struct):
    """What became of permits since the last exchange. Moments are by this process' own clock."""

    answered: list[tuple[float, int]] = field(default_factory=list)
    told: Told | None = None
    refused: Refused | None = None
    failures: int = 0
    """Calls that failed since one was answered."""
    turned_away: int = 0

    def __bool__(self) -> bool:
        return bool(self.answered or self.refused or self.failures or self.turned_away)

    @property
    def is_urgent(self) -> bool:
        """Whether others should know it at once."""
        return bool(self.refused or self.failures)

    def joined(self, later: "Report") -> "Report":
        """Return what this one and a later one say together."""
        return Report(
            self.answered + later.answered,
            later.told or self.told,
            later.refused or self.refused,
            later.failures + (0 if later.answered else self.failures),
            self.turned_away + later.turned_away,
        )

    def note(self, at: float) -> None:
        """Count a call that was answered."""
        self.failures = 0
        if self.answered and at < self.answered[-1][0] + _GRAIN_SECONDS:
            self.answered[-1] = (at, self.answered[-1][1] + 1)
        else:
            self.answered.append((at, 1))

    def tell(self, told: Told) -> None:
        """Keep the last word; of calls that were under way together, the least remaining."""
        known = self.told
        if known is None or told.sent > known.at or told.remaining <= known.remaining:
            self.told = told


class Standing(Struct, frozen=True):
    """How a budget stood at the last exchange. Moments are by this process' own clock."""

    next: Mapping[Lane, float] = field(default_factory=lambda: _AT_ONCE)
    """When there may be a permit for each lane; 0 for at once."""
    look: float = 0.0
    """When this process is to look whether there is one: not all at once."""
    why: Why = "spent"
    limit: int = 0
    left: int = 0
    kept: int = 0
    """Of what is left for interactive calls."""
    step: float = 0.0
    """When that shrinks."""
    stride: float = 0.0
    """And how many seconds lie between that and the next times; 0 when it shrinks once."""
    release: float = 0.0
    """When bulk gets the rest of it."""
    room: float = 0.0
    """When there is room again."""
    away: int = 0
    """How many were turned away in this window."""

    @property
    def has_room(self) -> bool:
        """Whether bulk may go on at once."""
        return self.why == "spent" and self.left > self.kept

    def reopened(self) -> "Standing":
        """Return it with nothing known of when there may be permits."""
        return structs.replace(self, next=_AT_ONCE, look=0.0)

    def place(self, before: int, window: float, now: float) -> float:
        """Return when there is room for one who has so many before them. Windows are in seconds."""
        if self.why == "probe":
            return now + _PROBE_SECONDS
        if self.why != "spent" or self.next["bulk"] <= now:
            return self.next["bulk"]
        if before < self.kept:
            moment = self.step + before * self.stride
            return min(moment, self.release) if self.stride else self.release
        return self.room + (before - self.kept) // max(1, self.limit) * window


class Granted(Struct, frozen=True):
    """Permits, and how the budget stands now."""

    interactive: int
    bulk: int
    standing: Standing


class Exchange:
    """This process' way to the budgets in Redis."""

    def __init__(self, database: Database, pace: float) -> None:
        self.database = database
        self.pace = pace
        """How many of the vendor's seconds pass in one of ours; 1 but before a fast simulator."""
        self.process = secrets.token_hex(6)
        """What the others know this one by."""

    async def __call__(
        self, who: str, scheme: Scheme, report: Report, underway: int, wanted: tuple[int, int]
    ) -> Granted:
        """Report on permits, hand back those not sent, and ask for others.

        Raises:
            DatabaseAway: whether the report has arrived is not known.
        """
        answer = await self.database.run(
            _EXCHANGE,
            [key(who)],
            [
                *(self.process, self.pace, scheme.window * 1000, scheme.limit),
                *(LEASE_SECONDS * 1000, underway, *wanted, report.turned_away),
                *self._words(report, time.monotonic()),
            ],
        )
        return _granted(answer, time.monotonic())

    def _ago(self, at: float, now: float) -> int:
        return math.floor((now - at) * 1000 * self.pace)

    def _words(self, report: Report, now: float) -> list[int]:
        word, refused = report.told, report.refused
        words = [-1, 0, 0]
        if word is not None:
            words = [word.limit, word.remaining, math.ceil((now - word.sent) * 1000 * self.pace)]
        if refused is None:
            words += [-1, 0]
        else:
            after = -2 if refused.after is None else math.ceil(refused.after * 1000)
            words += [after, self._ago(refused.sent, now)]
        words.append(report.failures)
        for at, count in report.answered:
            words += [self._ago(at, now), count]
        return words


def key(who: str) -> str:
    """Return the name of a budget in Redis: a string, MessagePack."""
    return f"backroom:budget:{who}"


def _granted(answer: list[Any], now: float) -> Granted:
    interactive, bulk, soon, soon_bulk, look, why, limit, left, *times, away = answer
    kept, step, stride, release, room = times
    standing = Standing(
        next={"interactive": now + soon / 1000, "bulk": now + soon_bulk / 1000},
        look=now + look / 1000,
        why=why.decode(),
        limit=limit,
        left=left,
        kept=kept,
        step=now + step / 1000,
        stride=stride / 1000,
        release=now + release / 1000,
        room=now + room / 1000,
        away=away,
    )
    return Granted(interactive, bulk, standing)
