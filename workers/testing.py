"""What a plugin author tests with: `make_event` and `FakeContext`. No Redis, no network."""

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar, overload

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType
from structlog.testing import LogCapture

from actions.action import Action
from actions.checking import checked
from actions.resources.stock_adjustments import NewStockAdjustment, Reason
from workers.deliveries import read
from workers.events import PING, Event, EventType, Ping
from workers.keys import KEEP_SECONDS
from workers.plugins import Context, Lifespan, NoSettings
from workers.samples import form, sample
from workers.stock.items import Result, adjustment, check

__all__ = ["FakeContext", "make_event"]

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")
S = TypeVar("S", bound=Struct)


def make_event(
    event_type: EventType[P],
    payload: P | None = None,
    *,
    retailer: str = "kowhai",
    event_id: str = "",
    received_at: datetime | None = None,
) -> Event[P]:
    """Make an event as a subscriber is given it; without a payload, one of a sample shop."""
    given, raw = _sample(event_type, retailer) if payload is None else (payload, None)
    return Event(
        id=event_id or secrets.token_hex(12),
        type=event_type,
        retailer=retailer,
        received_at=received_at or datetime.now(UTC),
        read=lambda: given,
        read_raw=lambda: msgspec.to_builtins(given) if raw is None else raw,
    )


def _sample(event_type: EventType[Any], retailer: str) -> tuple[Any, Any]:
    if event_type is PING:
        return Ping("stock.counted", "The type is unknown."), {"id": "1"}
    name = event_type.name
    reading = read(name, form(name, sample(name), retailer, "06a1c9e4-7b20-11f0-f381-eb84145c8007"))
    return reading.payload, reading.raw


class FakeContext(Context[S], Generic[S]):
    """A context that remembers what the subscriber did: `logged`, `calls`, `enqueued`."""

    @overload
    def __init__(self: "FakeContext[NoSettings]", *, attempt: int = 1) -> None: ...
    @overload
    def __init__(self, settings: S, *, attempt: int = 1) -> None: ...
    def __init__(self, settings: Any = None, *, attempt: int = 1) -> None:
        """Stand for run number `attempt` of a subscriber with these settings."""
        capture = LogCapture()
        log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
            None,
            processors=[capture],
            wrapper_class=structlog.make_filtering_bound_logger(0),
        )
        given: Any = NoSettings() if settings is None else settings
        super().__init__(given, log, attempt, {})
        self.logged = capture.entries
        self.calls: list[Action[Any]] = []
        """The actions that were called, in order; they compare by value."""
        self.enqueued: list[Action[Any]] = []
        self.adjusted: list[NewStockAdjustment] = []
        """The adjustments of stock, in order."""
        self._returned: dict[type[Action[Any]], list[Any]] = {}

    def returns(self, action: type[Action[R]], *results: R | Exception) -> None:
        """Let `ctx.call` of that action return these, one after the other, the last for ever.

        An exception is raised instead.
        """
        self._returned[action] = list(results)

    async def call(self, action: Action[R]) -> R:
        """Note the action and return what was set with `returns`."""
        self.calls.append(checked(action))
        results = self._returned.get(type(action))
        if not results:
            name = type(action).__name__
            raise LookupError(f"Say what it answers: ctx.returns({name}, …).")
        result: R | Exception = results.pop(0) if len(results) > 1 else results[0]
        if isinstance(result, Exception):
            raise result
        return result

    async def enqueue(self, action: Action[Any], *, keep: int = KEEP_SECONDS) -> str:
        """Note the action and return an id."""
        del keep
        self.enqueued.append(checked(action))
        return secrets.token_hex(12)

    async def adjust_stock(
        self,
        product_id: str,
        outlet_id: str,
        quantity: Decimal | int,
        reason: Reason,
        custom_reason_id: str | UnsetType = UNSET,
    ) -> str:
        """Note the adjustment and return an id; it counts as applied."""
        one = adjustment(product_id, outlet_id, quantity, reason, custom_reason_id)
        check([one])
        self.adjusted.append(one)
        return str(len(self.adjusted) - 1)

    async def stock_outcome(self, adjustment: str) -> Result:
        """Say that it was applied."""
        return Result(0, "applied", f"adjustment-{adjustment}")

    def opens(self, lifespan: Lifespan[T], value: T) -> None:
        """Let `ctx.opened(lifespan)` return this value."""
        self._opened = {**self._opened, lifespan.name: value}
