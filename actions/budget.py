"""The budget: the vendor's rate limits, shared by all processes that use one Redis.

A permit is leave to send one request. Processes lease permits in blocks, hand back what they do
not use, and say what Lightspeed answered; the state is one key for each retailer.
"""

import asyncio
import time
from collections.abc import Callable
from math import inf
from types import TracebackType
from typing import Final, Self

from actions.account import AGAIN_SECONDS, Account
from actions.database import Database
from actions.errors import RateLimited, TryLater
from actions.exchange import CHANNEL, Exchange, Lane, Scheme, key
from actions.listening import cancelled
from actions.permit import Permit

TOKENS: Final = "/token"
"""Whose budget the token endpoint has: no retailer can have this name."""
_SCHEMES: Final = {TOKENS: Scheme(window=60.0, limit=10)}
"""The token endpoint's own limit (vendor: Authorization, whose example says 10)."""
_RETAILER: Final = Scheme()
_TICK_SECONDS: Final = 0.5
_MOST_IDLE: Final = 1_000
"""Retailers that are kept in memory although nothing goes on."""


def scheme(who: str) -> Scheme:
    """Return what is known of a limit before anything was answered."""
    return _SCHEMES.get(who, _RETAILER)


class Budget:
    """This process' permits. Open it as a context: what it holds goes back at its end."""

    def __init__(
        self,
        database: Database,
        *,
        pace: float = 1.0,
        roomy: Callable[[str], None] | None = None,
    ) -> None:
        """Where a simulator's time passes `pace` times as fast as ours, say so.

        `roomy` is called with a retailer that may have room which nobody here waits for.
        """
        self.pace = pace
        self._roomy = roomy or (lambda _: None)
        self._database = database
        self._exchange = Exchange(database, pace)
        self._accounts: dict[str, Account] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._hears = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def take(
        self, action: str, retailer: str, lane: Lane = "interactive", patience: float = inf
    ) -> Permit:
        """Return a permit for one request, waiting `patience` seconds for it at most.

        Raises:
            RateLimited: there is none so soon; it says when there will be.
            TryLater: Lightspeed has answered with errors only; it says when it is tried again.
            DatabaseAway: nobody knows what is left.
        """
        account = self._accounts.get(retailer) or self._open(retailer)
        permit = account.at_once(lane) or await account.wait(lane, patience)
        if permit is None:
            raise self._refusal(account, action, retailer, lane)
        return permit

    def opens(self, retailer: str, lane: Lane = "interactive") -> float:
        """Return in how many seconds there may be a permit, as far as is known; 0 for now."""
        account = self._accounts.get(retailer)
        return account.opens(lane) if account else 0.0

    def holdup(
        self, action: str, retailer: str, lane: Lane = "interactive"
    ) -> RateLimited | TryLater | None:
        """Return what callers of this process wait for, in words; None when none has to wait."""
        account = self._accounts.get(retailer)
        if account is None or not any(account.wanted()) or not account.opens(lane):
            return None
        return self._kind(account)(action, retailer, account.opens(lane))

    def known(self, retailer: str) -> tuple[int, int]:
        """Return the limit of a window and how much of it is left, as far as is known."""
        account = self._accounts.get(retailer) or self._open(retailer)
        return account.standing.limit, account.standing.left

    async def close(self) -> None:
        """Hand back what is not used and say what is unsaid, unless Redis is away."""
        for task in self._tasks:
            await cancelled(task)
        self._tasks.clear()
        await asyncio.gather(*(account.close() for account in self._accounts.values()))
        self._accounts.clear()

    def _refusal(
        self, account: Account, action: str, retailer: str, lane: Lane
    ) -> RateLimited | TryLater:
        after = account.turn_away() if lane == "bulk" else max(account.opens(lane), AGAIN_SECONDS)
        return self._kind(account)(action, retailer, after)

    @staticmethod
    def _kind(account: Account) -> type[RateLimited] | type[TryLater]:
        return TryLater if account.standing.why == "broken" else RateLimited

    def _open(self, retailer: str) -> Account:
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._database.listen(CHANNEL, self._heard), name="budgets"),
                asyncio.create_task(self._keep(), name="budgets kept"),
            ]
        if len(self._accounts) >= _MOST_IDLE:
            self._accounts = {who: one for who, one in self._accounts.items() if not one.is_idle}
        account = self._accounts[retailer] = Account(
            retailer, scheme(retailer), self._exchange, self._roomy
        )
        return account

    def _heard(self, message: bytes | None) -> None:
        """Heed that a budget has changed, or that Redis went away or is back."""
        if message is None and not self._hears:
            self._hears = True
        elif message is None:
            for one in list(self._accounts.values()):
                one.forget_free()
        else:
            who, _, by = message.decode().removeprefix(key("")).rpartition(" ")
            account = self._accounts.get(who)
            if account is not None and by != self._exchange.process:
                account.changed()
            self._roomy(who)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = time.monotonic()
            for account in list(self._accounts.values()):
                account.tick(now)
