"""The rate limits: 300 calls for each register and 50 more in five minutes (vendor: Rate limiting).

There is a window for each retailer and application. Personal tokens have no application: a
retailer's users share one window. A fixed window opens with its first call unless a phase is set.
"""

from collections import Counter, defaultdict, deque
from typing import Any, Final, NamedTuple

from msgspec import Struct, structs

from actions.simulator.clock import Clock
from actions.simulator.faults import Faults
from actions.simulator.switches import Switches
from actions.simulator.windows import Fixed, Sliding, Use, Window

SECONDS: Final = 300.0
TOKEN_SECONDS: Final = 60.0
_PER_REGISTER: Final = 300
_FREE: Final = 50
_WINDOWS_KEPT = 10_000


class Verdict(NamedTuple):
    """What a window says to a call."""

    allowed: bool
    limit: int
    remaining: int
    until: float
    """When there is room again, in simulated seconds since 1970."""


class Plan(Struct, forbid_unknown_fields=True):
    """What one retailer may do; it can change while the simulator runs."""

    registers: int = 1
    limit: int | None = None
    """Instead of what the registers give."""
    total: int | None = None
    """A second limit, for all the applications and users of the retailer together."""
    neighbour: float | None = None
    """The share of each window that a hidden program takes; None leaves it to the fault."""
    phase: float | None = None
    """Where fixed windows begin, in seconds past multiples of 300; None: at their first call."""

    def calls(self) -> int:
        """Return the calls of a window."""
        return _PER_REGISTER * self.registers + _FREE if self.limit is None else self.limit


class _Bucket(Struct):
    window: Window
    use: Use
    seen: float = 0.0
    owed: float = 0.0
    share: float = 0.0


class Limits:
    """Every window of every retailer."""

    def __init__(self, clock: Clock, switches: Switches, faults: Faults, registers: int) -> None:
        self.plans: defaultdict[str, Plan] = defaultdict(lambda: Plan(registers))
        self.ended: deque[dict[str, Any]] = deque(maxlen=_WINDOWS_KEPT)
        """What became of the windows that are over, the newest last."""
        self.refused: Counter[str] = Counter()
        """429s by retailer."""
        self._clock = clock
        self._switches = switches
        self._faults = faults
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}
        self._tokens: dict[str, Fixed] = {}

    def check(self, prefix: str, application: str) -> Verdict:
        """Count a call of an application, or refuse it; what is refused costs nothing."""
        now, plan = self._clock.now(), self.plans[prefix]
        places = [(self._bucket(prefix, application), plan.calls())]
        if plan.total is not None:
            places.append((self._bucket(prefix, "*"), plan.total))
        for bucket, limit in places:
            self._pass_time(bucket, prefix, limit, now)
        full = [bucket for bucket, limit in places if bucket.window.total() >= limit]
        for bucket, _ in places:
            if full:
                bucket.window.use.refused += 1
            else:
                bucket.window.take(now)
        self.refused[prefix] += bool(full)
        remaining = min(limit - bucket.window.total() for bucket, limit in places)
        until = max(bucket.window.free(now) for bucket in full or [places[0][0]])
        return Verdict(not full, places[0][1], max(0, remaining), until)

    def token(self, application: str) -> Verdict:
        """Count a call of the token endpoint, which has its own limit (vendor: Authorization)."""
        now, limit = self._clock.now(), self._switches.token_limit
        window = self._tokens.setdefault(application, Fixed(TOKEN_SECONDS))
        window.at(now)
        allowed = window.total() < limit
        if allowed:
            window.take(now)
        return Verdict(allowed, limit, max(0, limit - window.total()), window.free(now))

    def state(self) -> list[dict[str, Any]]:
        """Return how far every window is used."""
        return [
            {"retailer": prefix, "application": application, "limit": self.plans[prefix].calls()}
            | structs.asdict(bucket.window.use)
            for (prefix, application, _), bucket in self._buckets.items()
        ]

    def _bucket(self, prefix: str, application: str) -> _Bucket:
        key = (prefix, application, self._switches.window)
        if key not in self._buckets:
            kind = Fixed if self._switches.window == "fixed" else Sliding

            def ended(use: Use) -> None:
                who = {"retailer": prefix, "application": application}
                self.ended.append(who | {"limit": self.plans[prefix].calls()} | structs.asdict(use))

            window = kind(SECONDS, ended)
            self._buckets[key] = _Bucket(window, window.use)
        return self._buckets[key]

    def _pass_time(self, bucket: _Bucket, prefix: str, limit: int, now: float) -> None:
        """Roll the window on; the neighbour takes what it would have taken, in the old one too."""
        window, plan = bucket.window, self.plans[prefix]
        if isinstance(window, Fixed):
            window.phase = plan.phase
            self._let_take(bucket, limit, min(now, window.use.begun + SECONDS))
        window.at(now, kept_open=bucket.share > 0)
        if window.use is not bucket.use:
            bucket.use, bucket.seen, bucket.owed = window.use, window.use.begun, 0.0
            bucket.share = self._faults.neighbour(prefix)
        if plan.neighbour is not None:
            bucket.share = plan.neighbour
        self._let_take(bucket, limit, now)

    def _let_take(self, bucket: _Bucket, limit: int, now: float) -> None:
        """Let the neighbour take what it would have taken since it was last seen."""
        bucket.owed += max(0.0, now - bucket.seen) * bucket.share * limit / SECONDS
        bucket.seen = max(now, bucket.seen)
        whole = int(bucket.owed)
        bucket.owed -= whole
        if whole:
            room = limit - bucket.window.total()
            bucket.window.take(now, max(0, min(whole, room)), neighbour=True)
