"""What the budgets know, for people: as of now, read and not touched.

What is kept for each in Redis (`actions/scripts/budget.lua`), times in the vendor's ms by Redis'
clock: `limit`; `fixed`, whether a new window has been proven; `lo` and `hi`, between which this
one has begun; `used` and `log`, our calls that were answered, in it and by moment; `others` and
`before`, what other programs have used in it and in the last one; `known` and `told`, when we last
heard, and of a call sent when; `held`, each process' permits and when its lease ends; `shut` and
`struck`, until when and after how many 429s in a row; `probe`, which call goes ahead; `failures`,
`broken` and `pause` of an outage; `order` and `away`, who comes back when; `refused` and
`answered`, counts.
"""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from actions.budget import scheme
from actions.database import Database, Script
from actions.exchange import FIRST_LIMIT, WINDOW_SECONDS, key

Gate: TypeAlias = Literal["", "429", "outage"]
"""Why nobody gets through; empty while the gate is open."""
_LOOK: Final = Script.load("actions.scripts", "budget", "look")
_NOW: Final = -1
_CHUNK: Final = 32
"""Budgets for each round trip: Redis serves nobody else for up to half a millisecond each."""


class Outlook(Struct, frozen=True, kw_only=True):
    """How one budget stands. Waits and ages are in seconds from `at`.

    `limit` is the sum of `used`, `held`, `others`, `others_expected` and `left` unless that is 0.
    """

    at: float = 0.0
    """The moment of looking by Redis' clock, in seconds since 1970; 0 where nothing is kept."""
    window: float = WINDOW_SECONDS
    """The length of a window, in the vendor's seconds."""
    limit: int = FIRST_LIMIT
    """What Lightspeed said last; assumed while `heard` is None."""
    used: int = 0
    """Our calls that were answered in this window."""
    held: int = 0
    """Permits that processes hold: calls under way, and leave to send more."""
    processes: int = 0
    """How many processes hold them."""
    others: int = 0
    """What other programs have used of this window, as far as answers have shown."""
    others_expected: int = 0
    """What they have used since then if they go on as in the last window."""
    others_before: int = 0
    """What they used of the last window."""
    left: int = FIRST_LIMIT
    kept: int = 0
    """Of what is left for interactive calls."""
    reset: float | None = None
    """Until the next window has begun or, where none is proven, our oldest call counts no more.

    None where nothing is proven and nothing used.
    """
    proven: bool = False
    """Whether windows are known to be fixed; until then every call counts for a whole window."""
    phase: float | None = None
    """When windows begin, in seconds past multiples of their length since 1970; None: not known."""
    phase_error: float | None = None
    """How many seconds it may be earlier or later."""
    shut: float = 0.0
    """Until somebody gets through."""
    why: Gate = ""
    refused: int = 0
    """429s since the budget is kept."""
    heard: float | None = None
    """How long ago a call was sent that told limit and remaining; None: never."""

    def opens(self, before: int, pace: float = 1.0) -> float:
        """Return in how many seconds a bulk call may leave that has so many before it."""
        over = before - max(0, self.left - self.kept)
        if over < 0:
            return self.shut
        window = self.window / pace
        room = window if self.reset is None else self.reset
        return max(self.shut, room) + over // max(1, self.limit) * window


_decode: Final = msgspec.msgpack.Decoder(Outlook).decode


async def look(
    database: Database, who: Iterable[str], *, pace: float = 1.0, at: float | None = None
) -> dict[str, Outlook]:
    """Return how each of these budgets stands, at a moment in seconds since 1970 or else now.

    Raises:
        DatabaseAway: Redis is.
    """
    names = list(who)
    found: dict[str, Outlook] = {}
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        schemes = [scheme(name) for name in chunk]
        windows = [one.window * 1000 for one in schemes]
        moment = _NOW if at is None else at * 1000
        rows = await database.run(_LOOK, [key(name) for name in chunk], [pace, moment, *windows])
        for name, known, row in zip(chunk, schemes, rows, strict=True):
            nothing = Outlook(window=known.window, limit=known.limit, left=known.limit)
            found[name] = nothing if row is None else _decode(row)
    return found
