"""What a subscriber is given besides the event."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from msgspec import UNSET, Struct, UnsetType
from structlog.typing import FilteringBoundLogger

from actions.action import Action
from actions.resources.stock_adjustments import NewStockAdjustment, Reason
from workers.keys import KEEP_SECONDS
from workers.stock.items import Result, adjustment

R = TypeVar("R")
S = TypeVar("S", bound=Struct)
T = TypeVar("T")


class Lifespan(Struct, Generic[T], frozen=True):
    """Something that a plugin opens when the worker starts and closes when it ends."""

    name: str
    open: Callable[[Any], AsyncGenerator[T, None]]


class Reach(Protocol):
    """How a context reaches a retailer's store."""

    async def call(self, action: Action[R], retailer: str) -> R:
        """Run an action now."""

    async def enqueue(self, action: Action[Any], retailer: str, *, keep: int) -> str:
        """Run it as a job that is kept `keep` seconds after its end; return the job's id."""

    async def adjust_stock(self, adjustments: Sequence[NewStockAdjustment], retailer: str) -> str:
        """Adjust stock together with what others adjust; return the order's id."""

    async def stock_outcome(self, order_id: str) -> list[Result]:
        """Wait until it is over, and return what became of each adjustment."""


class Context(Generic[S]):
    """What a subscriber is given besides the event."""

    def __init__(
        self,
        settings: S,
        log: FilteringBoundLogger,
        attempt: int = 1,
        opened: Mapping[str, Any] | None = None,
        retailer: str = "",
        reach: Reach | None = None,
    ) -> None:
        self.settings = settings
        """The plugin's own settings, read from the environment at start."""
        self.log = log
        """A logger that already knows the event, the retailer and the subscriber."""
        self.attempt = attempt
        """Which run this is, counted from 1. Above 1, an earlier run may have got half-way."""
        self._opened = opened or {}
        self._retailer = retailer
        self._reach = reach

    async def call(self, action: Action[R]) -> R:
        """Run an action at the event's retailer now, and return its result.

        Raises what `actions.client.Client.call` raises; let it pass, and the run is tried again.
        """
        return await self._reached().call(action, self._retailer)

    async def enqueue(self, action: Action[Any], *, keep: int = KEEP_SECONDS) -> str:
        """Run an action at the event's retailer later, as a job of its own; return its id.

        Its result is kept for `keep` seconds once it is over.
        """
        return await self._reached().enqueue(action, self._retailer, keep=keep)

    async def adjust_stock(
        self,
        product_id: str,
        outlet_id: str,
        quantity: Decimal | int,
        reason: Reason,
        custom_reason_id: str | UnsetType = UNSET,
    ) -> str:
        """Adjust stock at the event's retailer, and return an id to ask `stock_outcome` with.

        Adjustments of all plugins and processes leave together: within 2 seconds, or as soon as
        1000 are there. Two of the same product are two. A run that is tried again adjusts again,
        unless `ctx.attempt` keeps it from that.

        Raises:
            BadItem: the quantity does not fit the reason, or the like; nothing is adjusted.
        """
        one = adjustment(product_id, outlet_id, quantity, reason, custom_reason_id)
        return await self._reached().adjust_stock([one], self._retailer)

    async def stock_outcome(self, adjustment: str) -> Result:
        """Wait for what becomes of an adjustment: applied, refused, or unknown and why.

        It takes seconds, and as long as the rate limit makes it: mind the subscriber's timeout.
        """
        (result,) = await self._reached().stock_outcome(adjustment)
        return result

    def _reached(self) -> Reach:
        if self._reach is None:
            raise RuntimeError("This context was made without a way to Lightspeed.")
        return self._reach

    def opened(self, lifespan: Lifespan[T]) -> T:
        """Return what a `@plugin.lifespan` function of this plugin has opened."""
        value: T = self._opened[lifespan.name]
        return value
