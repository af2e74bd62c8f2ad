"""Whose store a call is about: its key's, linked here, and else there is no such retailer."""

from actions.connections import CONNECTIONS, BadDomainPrefix, domain_prefix, retailers
from actions.database import Database
from ingress.api.gate import Caller, absent


class Whose:
    """Finds out, within one call, which retailers it may be about."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self.caller = caller
        self._database = database
        self._linked: dict[str, bool] = {}

    async def __call__(self, named: str | None) -> str:
        """Return the retailer that is named, or else the call's own.

        Where the call's header names one, there is no other for it.

        Raises:
            Problem: it is not linked or not the key's, which look the same; or none is named.
        """
        if named is None:
            named = self.caller.store()
        try:
            retailer = domain_prefix(named)
        except BadDomainPrefix:
            raise absent(named) from None
        if not self.reaches(retailer) or not await self._is_linked(retailer):
            raise absent(named)
        return retailer

    def reaches(self, retailer: str) -> bool:
        """Say whether the call may be about a retailer."""
        return self.caller.key.reaches(retailer) and self.caller.retailer in {None, retailer}

    async def all(self) -> list[str]:
        """Return every retailer that the call may be about."""
        return [one for one in await retailers(self._database) if self.reaches(one)]

    async def _is_linked(self, retailer: str) -> bool:
        known = self._linked.get(retailer)
        if known is None:
            known = bool(await self._database.do("HEXISTS", CONNECTIONS, retailer))
            self._linked[retailer] = known
        return known
