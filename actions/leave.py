"""Under what terms a call gets its permits: from which budget, in which lane, and how soon."""

import time
from math import inf

from msgspec import Struct

from actions.budget import Budget
from actions.exchange import Lane
from actions.permit import UNMETERED, Permit


class Leave(Struct, frozen=True):
    """The terms of one call, over all its tries."""

    budget: Budget | None
    """None sends without asking anybody."""
    retailer: str
    lane: Lane = "interactive"
    until: float = inf
    """By the clock of `time.monotonic`: until then it waits for a permit."""

    @property
    def is_metered(self) -> bool:
        """Whether a budget says when to send."""
        return self.budget is not None

    async def take(self, action: str) -> Permit:
        """Return a permit; raises what `Budget.take` raises."""
        if self.budget is None:
            return UNMETERED
        patience = max(0.0, self.until - time.monotonic())
        return await self.budget.take(action, self.retailer, self.lane, patience)
