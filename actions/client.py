"""The client: an action in, its result out, for every retailer that is linked."""

import time
from collections.abc import AsyncIterator
from math import inf
from typing import Any, TypeVar

import aiohttp
import structlog
from yarl import URL

from actions.action import Action, PagedAction
from actions.answers import read
from actions.budget import Budget
from actions.checking import checked
from actions.errors import MissingScope
from actions.exchange import Lane
from actions.grants import Grant
from actions.leave import Leave
from actions.oauth import host
from actions.permit import Permit
from actions.sending import Sending
from actions.tokens import Tokens
from actions.vendor import API_VERSION, ORIGIN

R = TypeVar("R")
T = TypeVar("T")

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Client:
    """Calls actions. One for a process: it keeps connections and tokens."""

    def __init__(
        self,
        tokens: Tokens,
        session: aiohttp.ClientSession,
        budget: Budget | None = None,
        *,
        origin: str = ORIGIN,
        version: str = API_VERSION,
        link: str = "",
    ) -> None:
        """Use a session of `open_session`: it alone sends a write once when the connection breaks.

        Without a `budget` calls are sent whatever the rate limit. `origin` holds `{domain_prefix}`.
        `link` is where a retailer grants more scopes, for the words of an error.
        """
        self.odd_shapes = 0
        """Answers that could be read and had another shape than the contract's."""
        self.budget = budget
        self._tokens = tokens
        self._session = session
        self._origin = origin
        self._version = version
        self._log = log.bind()  # bound once: a proxy would be made anew for every call
        self._link = link
        self._roots: dict[str, str] = {}

    async def call(
        self,
        action: Action[R],
        retailer: str,
        *,
        version: str = "",
        lane: Lane = "interactive",
        patience: float = inf,
        permit: Permit | None = None,
    ) -> R:
        """Run an action now and return its result.

        It waits for the rate limit, `patience` seconds at most; a permit that was taken before is
        used up in any case.

        Reads, and writes that do no harm twice, are sent again when the connection breaks or
        Lightspeed answers 5xx; every action once more when its token is refused.

        Raises:
            BadAction: its parameters break a rule; nothing was sent.
            LightspeedError: one of its kinds, by what one must do; of them RateLimited and TryLater
                say that nothing was sent, and when to come back.
            NotConnected, NeedsRelink: the retailer is to be linked first.
            TokensUnanswered, TokensLater: its token has expired, and no other is to be had now.
        """
        version = version or self._version
        leave = Leave(self.budget, retailer, lane, time.monotonic() + patience)
        try:
            action = checked(action)
            grant = await self._granted(action, retailer)
            request = action.request()
            url = URL(f"{self._root(retailer)}/api/{version}{request.path}", encoded=True)
        except BaseException:
            if permit is not None:
                permit.unsent()
            raise
        sending = Sending(action, retailer, request, url, self._log, leave)
        body = await sending.answered(self._session, self._tokens, grant, permit)
        reading = read(action, retailer, body)
        if not reading.as_promised:
            self._note(action, version)
        result: R = reading.result
        return result

    async def _granted(self, action: Action[Any], retailer: str) -> Grant:
        grant = await self._tokens.get(retailer)
        if _lacking(action, grant):
            grant = await self._tokens.latest(retailer)
            if lacking := _lacking(action, grant):
                raise MissingScope(action.operation.name, retailer, lacking, self._link)
        return grant

    async def reread(self, retailer: str) -> None:
        """Have calls heed that a retailer was linked again, maybe with a token of another kind.

        Raises:
            NotConnected: it is not linked any more.
        """
        await self._tokens.latest(retailer)

    async def link(self, retailer: str) -> str:
        """Return a name for the link that calls are made under: until it changes, one user's.

        Raises what `Tokens.get` raises.
        """
        return (await self._tokens.get(retailer)).link

    async def permit(
        self, action: Action[Any], retailer: str, *, lane: Lane, patience: float
    ) -> Permit:
        """Take a permit for a call that is to come; whoever does not call gives it back.

        Raises what `Budget.take` raises.
        """
        leave = Leave(self.budget, retailer, lane, time.monotonic() + patience)
        return await leave.take(action.operation.name)

    async def items(
        self,
        action: PagedAction[T],
        retailer: str,
        *,
        lane: Lane = "interactive",
        patience: float = inf,
    ) -> AsyncIterator[T]:
        """Yield every item of a list, over all its pages; raises what `call` raises.

        It waits for the rate limit, `patience` seconds for each page at most.
        """
        going: PagedAction[T] | None = action
        known: set[object] = set()
        while going is not None:
            page = await self.call(going, retailer, lane=lane, patience=patience)
            for item in page.data:
                if getattr(item, "id", None) not in known:
                    yield item
            if action.overlaps:
                known = {getattr(item, "id", None) for item in page.data}
            going = going.following(page)

    def _root(self, retailer: str) -> str:
        root = self._roots.get(retailer)
        if root is None:
            root = self._roots[retailer] = host(self._origin, retailer)
        return root

    def _note(self, action: Action[Any], version: str) -> None:
        self.odd_shapes += 1
        operation = action.operation
        log.warning("action.odd_shape", action=operation.name, version=version, path=operation.path)


def _lacking(action: Action[Any], grant: Grant) -> tuple[str, ...]:
    """Return the scopes that an action needs and that are known not to be granted."""
    granted = grant.pair.scopes
    if granted is None or granted.issuperset(needed := action.needs()):
        return ()
    return tuple(scope for scope in needed if scope not in granted)
