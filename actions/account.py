"""One retailer's account in this process: permits at hand, who waits, what became of them."""

import time
from collections.abc import Callable, Mapping
from math import inf
from typing import Final

from actions.asking import Asking
from actions.callers import Callers
from actions.concurrency import Concurrency
from actions.errors import DatabaseAway
from actions.exchange import LANES, Exchange, Granted, Lane, Refused, Scheme, Standing, told
from actions.permit import Permit

MOST_WAITING: Final = 64
"""Callers that may wait a short while; more are turned away at once."""
_HURRIED: Final = 4
"""Interactive calls that may be under way however many others are."""
AGAIN_SECONDS: Final = 0.05
"""Nobody is told to come back sooner."""
_FAILS: Final = 5
"""So many calls in a row that fail are reported at once."""
_GAP_SECONDS: Final = 0.25
"""While most of its calls are under way a process asks for more no sooner than so."""
_REST_SECONDS: Final = 1.0
"""Unused permits go back, and reports leave, after so long."""


class Account:
    """What this process holds of one budget."""

    def __init__(
        self, who: str, scheme: Scheme, exchange: Exchange, roomy: Callable[[str], None]
    ) -> None:
        """Call `roomy` when there is room that nobody here waits for."""
        self.underway = 0
        self._who = who
        self._roomy = roomy
        self.standing = Standing()
        self._hurried = 0
        self._window = scheme.window / exchange.pace
        self._concurrency = Concurrency()
        self._free: dict[Lane, int] = {"interactive": 0, "bulk": 0}
        self._waiting: dict[Lane, Callers] = {lane: Callers() for lane in LANES}
        self._asking = Asking(who, scheme, exchange, self)
        self._is_passed_over = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is held, waited for or unsaid."""
        return not (self.is_unsettled or any(self._waiting.values()))

    @property
    def holds(self) -> int:
        """Permits that are under way or free."""
        return self.underway + self._free["interactive"] + self._free["bulk"]

    @property
    def is_unsettled(self) -> bool:
        """Whether something is held or unsaid."""
        return bool(self.holds or self._asking.is_needed)

    def at_once(self, lane: Lane) -> Permit | None:
        """Return a permit if one is here and may be used now."""
        return None if self._waiting[lane] else self._next(lane)

    def opens(self, lane: Lane) -> float:
        """Return in how many seconds there may be a permit, as far as is known."""
        return max(0.0, self.standing.next[lane] - time.monotonic())

    async def wait(self, lane: Lane, patience: float) -> Permit | None:
        """Wait for a permit, in the order of asking; None when there is none in time.

        Raises:
            DatabaseAway: nobody knows what is left.
        """
        waiting = self._waiting[lane]
        if patience < inf and (self.opens(lane) > patience or len(waiting) >= MOST_WAITING):
            return None
        coming = waiting.join()
        self.pump()
        if not coming.done() and not self._free["bulk"] and self._may_ask(lane):
            self._asking.ask()
        return await waiting.come(coming, patience, self._asking.word)

    def turn_away(self) -> float:
        """Return in how many seconds one who cannot wait is to come back: not all at once."""
        now = time.monotonic()
        moment = self.standing.place(self._asking.turned_away(), self._window, now)
        return max(AGAIN_SECONDS, moment - now, self._crowded())

    def answered(self, permit: Permit, headers: Mapping[str, str]) -> None:
        """Count a permit that was used, and heed at once what it says is left."""
        now = time.monotonic()
        self._concurrency.ended(now - permit.sent, self.underway)
        self._end(permit)
        heard = told(headers, permit.sent, now)
        if heard is not None and heard.remaining < self.holds:
            self.clamp(heard.remaining)
        self._asking.answered(now, heard)
        if self.standing.why == "probe":
            self._asking.ask()  # others wait for what it was told
        if self._waiting["bulk"] or self._waiting["interactive"]:
            self.pump()

    def refused(self, permit: Permit, headers: Mapping[str, str], after: float | None) -> None:
        """Hand everything back at once: Lightspeed lets nobody through."""
        self._end(permit)
        self.clamp(0)
        heard = told(headers, permit.sent, time.monotonic())
        self._asking.refused(Refused(after, permit.sent), heard)

    def failed(self, permit: Permit) -> None:
        """Count a call that failed; some in a row are an outage."""
        self._end(permit)
        self._concurrency.failed()
        is_outage = self._asking.failed() >= _FAILS
        if is_outage:
            self.clamp(0)
        if is_outage or self.standing.why == "probe":
            self._asking.ask()  # others wait for what became of it
        self.pump()

    def abandoned(self, permit: Permit) -> None:
        """Let go of a permit: if its call has arrived, the next answer shows it."""
        self._end(permit)
        self.pump()

    def unsent(self, permit: Permit) -> None:
        """Take a permit back."""
        self._end(permit)
        self._free["bulk"] += 1
        self.pump()

    def changed(self) -> None:
        """Heed that others have changed the budget: what was known of it is old."""
        self.standing = self.standing.reopened()
        self._asking.stale()
        if sum(self._free.values()):
            self._asking.ask()
        self.pump()

    def forget_free(self) -> None:
        """Drop what is not sent: the Redis that gave it may be gone with its count."""
        self.clamp(0)
        self.changed()
        if self.underway:
            self._asking.ask()  # so that a new Redis counts them

    def tick(self, now: float) -> None:
        """Hand back what nobody uses, say what is unsaid, and renew the lease."""
        if now - self._asking.last >= _REST_SECONDS and self.is_unsettled:
            self._asking.ask()

    async def close(self) -> None:
        """Say what is unsaid and hand back the rest; what is under way counts as sent."""
        self.clamp(0)
        await self._asking.close()

    def pump(self) -> None:
        """Give permits to those who wait, and ask for more where that may help."""
        for lane in LANES:
            if waiting := self._waiting[lane]:
                waiting.serve(lane, self._next)
        if self._asking.is_out:
            return  # it ends here again
        if self._waiting["interactive"] and not any(self._free.values()):
            look = self.standing.look - time.monotonic()
            self._asking.ask_in(look if self._is_passed_over else self.opens("interactive"))
        elif self._waiting["bulk"] and not self._free["bulk"]:
            moment = max(self.standing.look, self._asking.last + self._gap)
            self._asking.ask_in(moment - time.monotonic())

    def wanted(self) -> tuple[int, int]:
        """Return how many wait in each lane."""
        return len(self._waiting["interactive"]), len(self._waiting["bulk"])

    def clamp(self, most: int) -> int:
        """Keep so many free permits at most, and return how many; others go back in time."""
        for lane in LANES:
            self._free[lane] = min(self._free[lane], most)
            most -= self._free[lane]
        return sum(self._free.values())

    def granted(self, granted: Granted) -> None:
        """Take what an exchange brought."""
        self.standing = granted.standing
        is_ahead, waits = granted.standing.why == "probe", bool(self._waiting["interactive"])
        self._is_passed_over = is_ahead and waits and not granted.interactive
        self._free["interactive"] += granted.interactive
        self._free["bulk"] += granted.bulk
        if self.standing.has_room and len(self._waiting["bulk"]) <= granted.bulk:
            self._roomy(self._who)

    def away(self, error: DatabaseAway) -> None:
        """Tell those who wait that nobody knows what is left."""
        for waiting in self._waiting.values():
            waiting.fail(error)

    def _next(self, lane: Lane) -> Permit | None:
        source: Lane = lane if self._free[lane] else "bulk"
        if not self._free[source] or not self._may(lane):
            return None
        self._free[source] -= 1
        self.underway += 1
        self._hurried += lane == "interactive"
        self._asking.used += 1
        return Permit(self, lane)

    def _end(self, permit: Permit) -> None:
        self.underway -= 1
        self._hurried -= permit.lane == "interactive"

    def _may(self, lane: Lane) -> bool:
        if self.underway < int(self._concurrency.limit):
            return True
        return lane == "interactive" and self._hurried < _HURRIED

    def _may_ask(self, lane: Lane) -> bool:
        """Say whether an exchange may bring something: not while one call goes ahead."""
        now = time.monotonic()
        is_ahead = self.standing.why == "probe" and now < self.standing.look
        is_early = lane == "bulk" and now < self._asking.last + self._gap
        return self.opens(lane) == 0 and not is_ahead and not is_early

    @property
    def _gap(self) -> float:
        """How long bulk leaves between exchanges: none where as many may leave as are under way."""
        could_leave = min(len(self._waiting["bulk"]), int(self._concurrency.limit) - self.underway)
        return 0.0 if could_leave >= self.underway else _GAP_SECONDS

    def _crowded(self) -> float:
        """Return how long those take who are before one, where Lightspeed is slow."""
        if self._may("bulk"):
            return 0.0
        calls = self.underway + len(self._waiting["bulk"])
        return min(30.0, self._concurrency.seconds * calls / self._concurrency.limit)
