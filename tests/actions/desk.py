"""The shared budget in virtual time: exchanges with a real Redis, and the simulator's own limits.

An hour passes in as many microseconds as it takes to say so, the same way each time.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from actions.database import Database, Script
from actions.exchange import Exchange, Granted, Lane, Refused, Report, Scheme, Standing, Told
from actions.simulator.clock import Clock
from actions.simulator.faults import Faults
from actions.simulator.limits import Limits, Verdict
from actions.simulator.switches import Switches

KOWHAI = "kowhai"
BEGAN = 1_800_000_000.0
LATENCY = 0.05
_ASKS = "redis.call('TIME')"


class Time(Clock):
    """A clock that stands still until it is moved. It is `time` to what asks for that."""

    def __init__(self) -> None:
        self.ahead = 0.0
        """How far the clock of the process at work is ahead of Redis'."""
        self._now = BEGAN

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now + self.ahead

    def pass_by(self, seconds: float) -> None:
        self._now += seconds


class Virtual:
    """Redis, whose scripts are told the time by us."""

    def __init__(self, database: Database, clock: Time) -> None:
        self._database, self._clock = database, clock

    async def run(self, script: Script, keys: list[str], args: list[Any]) -> Any:
        assert _ASKS in script.text
        told = Script(script.text.replace(_ASKS, "{KEYS[#KEYS - 1], KEYS[#KEYS]}"))
        seconds, rest = divmod(self._clock.now(), 1)
        moment = [str(int(seconds)), str(round(rest * 1e6))]
        return await self._database.run(told, [*keys, *moment], args)


class Call(Struct, frozen=True):
    """A call under way, and what the vendor has decided."""

    sent: float
    verdict: Verdict


class Shop(Struct):
    """One process, without any of its patience: it asks, sends and says what came of it."""

    desk: "Desk"
    exchange: Exchange
    who: str = KOWHAI
    scheme: Scheme = field(default_factory=Scheme)
    ahead: float = 0.0
    """How far its clock is ahead."""
    free: dict[Lane, int] = field(default_factory=lambda: {"interactive": 0, "bulk": 0})
    underway: list[Call] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    standing: Standing = field(default_factory=Standing)

    async def ask(self, bulk: int = 0, interactive: int = 0) -> tuple[int, int]:
        """Exchange; return what was granted: interactive, bulk."""
        report, self.report, self.desk.clock.ahead = self.report, Report(), self.ahead
        granted: Granted = await self.exchange(
            self.who, self.scheme, report, len(self.underway), (interactive, bulk)
        )
        self.standing = granted.standing
        self.free = {"interactive": granted.interactive, "bulk": granted.bulk}
        return granted.interactive, granted.bulk

    def send(self, count: int = 1) -> None:
        """Send so many of the calls there are permits for."""
        for _ in range(count):
            lane: Lane = "bulk" if self.free["bulk"] else "interactive"
            assert self.free[lane], "no permit"
            self.free[lane] -= 1
            self.underway.append(self.desk.arrive(self.who))

    def hear(self, count: int = 10**6) -> int:
        """Hear the answers to the oldest calls, in a while; return how many were refused."""
        self.desk.wait(LATENCY)
        refused = 0
        heard, self.underway = self.underway[:count], self.underway[count:]
        for call in heard:
            refused += not call.verdict.allowed
            self._note(call)
        return refused

    def fail(self, count: int = 1) -> None:
        """See the oldest calls fail."""
        self.underway = self.underway[count:]
        self.report.failures += count

    async def spend(self, bulk: int) -> int:
        """Send so many bulk calls, while there is leave for any; return how many that were."""
        done = 0
        while done < bulk:
            _, granted = await self.ask(min(32, bulk - done))
            if not granted:
                break
            self.send(granted)
            self.hear()
            done += granted
        if self.report:
            await self.ask()
        return done

    def _note(self, call: Call) -> None:
        verdict, sent = call.verdict, call.sent + self.ahead
        now = self.desk.clock.now() + self.ahead
        if verdict.allowed:
            self.report.note(now)
        else:
            self.report.refused = Refused(verdict.until - call.sent, sent)
        self.report.tell(Told(verdict.limit, verdict.remaining, sent, now))


class Desk:
    """A vendor with its limits, and the Redis that our processes share."""

    def __init__(self, database: Database) -> None:
        self.clock = Time()
        self.switches = Switches()
        self.limits = Limits(self.clock, self.switches, Faults(), 1)
        self.redis = Virtual(database, self.clock)

    def shop(self, who: str = KOWHAI, *, ahead: float = 0.0) -> Shop:
        """Return another process."""
        exchange = Exchange(self.redis, 1.0)  # type: ignore[arg-type]
        return Shop(self, exchange, who, ahead=ahead)

    def arrive(self, who: str = KOWHAI) -> Call:
        """Have a call arrive at the vendor."""
        return Call(self.clock.now(), self.limits.check(who, ""))

    def others(self, count: int) -> None:
        """Have another program use the same limit."""
        for _ in range(count):
            self.arrive()

    async def saturate(self, shops: Sequence[Shop], seconds: float) -> None:
        """Have processes send all they may, each asking when it was told to look."""
        end, looks = self.clock.now() + seconds, dict.fromkeys(range(len(shops)), 0.0)
        while self.clock.now() < end:
            for i, shop in enumerate(shops):
                if looks[i] <= self.clock.now():
                    await shop.spend(10**6)
                    looks[i] = max(shop.standing.look - shop.ahead, self.clock.now() + 0.5)
            self.wait(max(LATENCY, min(end, *looks.values()) - self.clock.now()))

    def windows(self) -> list[tuple[int, int]]:
        """Return how many calls each window that is over let through and refused."""
        return [(one["used"], one["refused"]) for one in self.limits.ended]

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.pass_by(seconds)

    @property
    def plan(self) -> Any:
        """What the vendor lets kowhai do."""
        return self.limits.plans[KOWHAI]
