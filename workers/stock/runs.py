"""Stock adjustments on a worker: the job that sends what waits for one retailer."""

from typing import Any, Final, TypeVar

import structlog

from actions.action import Action
from actions.client import Client
from actions.errors import BackroomError
from actions.exchange import Lane
from actions.permit import Permit
from workers.run import Run
from workers.stock import keys
from workers.stock.orders import StockOrders
from workers.stock.requests import LostTurn
from workers.stock.sender import SETTLE_SECONDS, Sender
from workers.stock.turn import NotYourTurn

R = TypeVar("R")

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_PATIENCE_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 30.0
"""How often it looks whether somebody has mended what it waits for."""
_BUSY_SECONDS: Final = 1.0
"""Until it looks whether another sender is done."""


class ClientWay:
    """A way to a store: in one lane, with some patience for the rate limit."""

    def __init__(self, client: Client, lane: Lane, patience: float) -> None:
        self._client = client
        self._lane = lane
        self._patience = patience

    async def link(self, retailer: str) -> str:
        """Return a name for the link that calls are made under: until it changes, one user's."""
        return await self._client.link(retailer)

    async def permit(self, action: Action[Any], retailer: str) -> Permit:
        """Take a permit for a call that is to come."""
        return await self._client.permit(action, retailer, lane=self._lane, patience=self._patience)

    async def call(self, action: Action[R], retailer: str, permit: Permit | None = None) -> R:
        """Run an action now."""
        return await self._client.call(
            action, retailer, lane=self._lane, patience=self._patience, permit=permit
        )


class StockRuns:
    """Sends, job by job, what waits."""

    def __init__(
        self, orders: StockOrders, client: Client, *, settle: float = SETTLE_SECONDS
    ) -> None:
        self._orders = orders
        self._way = ClientWay(client, "bulk", _PATIENCE_SECONDS)
        self._settle = settle

    async def run(self, run: Run) -> None:
        """Send one request. The job goes on until nothing waits."""
        retailer = str(run.args[0])
        sender = Sender(
            self._orders.database,
            self._way,
            retailer,
            keys.waiting(retailer),
            linger=self._orders.linger,
            settle=self._settle,
        )
        try:
            await run.end(await sender.step())
        except NotYourTurn as error:
            await run.end(min(error.after, _BUSY_SECONDS))
        except LostTurn:
            await run.end(_BUSY_SECONDS)
        except BackroomError as error:
            after = getattr(error, "retry_after", _LOOK_SECONDS)
            log.warning("stock.waited", retailer=retailer, error=type(error).__name__, after=after)
            await run.end(after)
