"""Lightspeed as this process reaches it: built from the settings, opened once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from msgspec import Struct

from actions.action import Action
from actions.budget import Budget
from actions.catalog import CATALOG
from actions.client import Client
from actions.database import Database
from actions.errors import WrongSetting
from actions.grants import Grants
from actions.oauth import Application, OAuth
from actions.resources.stock_adjustments import NewStockAdjustment
from actions.sending import open_session
from actions.tokens import Tokens
from actions.vault import Vault
from workers.action_jobs import ActionJobs
from workers.keys import KEEP_SECONDS
from workers.line import Line
from workers.settings import Settings
from workers.stock.items import Result
from workers.stock.orders import StockOrders

R = TypeVar("R")

CALLBACK = "/oauth/callback"
"""Where a retailer comes back to from the consent page."""
_PATIENCE_SECONDS = 2.0
SCOPES = tuple(sorted({scope for action in CATALOG.values() for scope in action.operation.scopes}))
"""What the actions need, all of them together."""


class Lightspeed(Struct, frozen=True):
    """What calls, what enqueues, and what knows who may."""

    client: Client
    jobs: ActionJobs
    grants: Grants
    oauth: OAuth | None
    """None when `LIGHTSPEED_CLIENT_ID` or the secret is not set."""
    stock: StockOrders
    line: Line | None = None
    """What is told of jobs that run; None where none do."""

    async def call(self, action: Action[R], retailer: str) -> R:
        """Run an action for a subscriber; raises what `Client.call` raises.

        If there is no permit within seconds the subscriber's run is to wait, as `RateLimited` says.
        """
        return await self.client.call(action, retailer, lane="bulk", patience=_PATIENCE_SECONDS)

    async def adjust_stock(self, adjustments: Sequence[NewStockAdjustment], retailer: str) -> str:
        """Adjust stock, together with what others adjust; return the order's id."""
        return await self.stock.submit(adjustments, retailer)

    async def stock_outcome(self, order_id: str) -> list[Result]:
        """Wait until an order of adjustments is over, and return what became of each."""
        return await self.stock.outcome(order_id)

    async def enqueue(self, action: Action[Any], retailer: str, *, keep: int = KEEP_SECONDS) -> str:
        """Run an action as a job that is kept `keep` seconds after its end; return its id."""
        return await self.jobs.enqueue(action, retailer, keep=keep)

    def consent(self) -> OAuth:
        """Return the way to new grants.

        Raises:
            WrongSetting: the application's id or secret is not set.
        """
        if self.oauth is None:
            raise WrongSetting(
                "LIGHTSPEED_CLIENT_ID and LIGHTSPEED_CLIENT_SECRET must be set to link retailers "
                "with OAuth: copy them from the developer portal."
            )
        return self.oauth


@asynccontextmanager
async def lightspeed(
    settings: Settings,
    database: Database,
    vault: Vault,
    line: Line | None = None,
) -> AsyncIterator[Lightspeed]:
    """Open connections to Lightspeed; at the end, refreshes under way are let end.

    `line` is told what jobs may be brought forward; who runs none needs no line.
    """
    grants = Grants(database, vault)
    async with (
        open_session() as session,
        Budget(database, roomy=line.notice if line else None) as budget,
    ):
        oauth = None
        if settings.lightspeed_client_id and settings.lightspeed_client_secret:
            application = Application(
                client_id=settings.lightspeed_client_id,
                client_secret=settings.lightspeed_client_secret[0],
                redirect_uri=settings.base_url + CALLBACK,
                scopes=SCOPES,
            )
            oauth = OAuth(session, application, settings.lightspeed_origin, budget)
        tokens = Tokens(grants, oauth)
        client = Client(
            tokens,
            session,
            budget,
            origin=settings.lightspeed_origin,
            version=settings.lightspeed_api_version,
            link=f"{settings.base_url}/connect" if oauth else "",
        )
        stock = StockOrders(database)
        try:
            yield Lightspeed(client, ActionJobs(database, vault), grants, oauth, stock, line)
        finally:
            await stock.close()
            await tokens.close()
