"""Sending stock adjustments: one request at a time, and nothing again before it was looked for.

A request is kept before it is sent. Whoever finds one that may have been sent, because its answer
was lost or its sender was killed, reads back what is there before anything is sent.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeVar

import structlog
from msgspec import structs

from actions.action import Action
from actions.database import Database
from actions.errors import (
    BadAction,
    ConnectionFailed,
    MissingScope,
    NotConnected,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TryLater,
    Unauthorized,
    Unreadable,
)
from actions.oauth import TokensLater, TokensUnanswered
from actions.permit import Permit
from actions.resources.stock_adjustments import CreateStockAdjustments, StockAdjustment
from actions.tokens import NeedsRelink
from workers.stock import segments, turn
from workers.stock.items import Item, Result
from workers.stock.looking import since
from workers.stock.matching import match
from workers.stock.noting import newest, results_of
from workers.stock.requests import Open, Requests, Seen, Taken

R = TypeVar("R")

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

SETTLE_SECONDS: Final = 20.0
"""What is not there is looked for again after so long: a slow vendor may yet apply it."""
_NOTHING_DONE: Final = (
    *(RateLimited, TryLater, Unauthorized, MissingScope, NotConnected, NeedsRelink),
    *(TokensLater, TokensUnanswered, ConnectionFailed, BadAction),
)
"""Lightspeed has taken none of it, or nothing has left us: it may be sent again."""
_SAID: Final = 200


class Way(Protocol):
    """How a sender reaches a retailer's store, under its budget."""

    async def link(self, retailer: str) -> str:
        """Return a name for the link that calls are made under: until it changes, one user's."""

    async def permit(self, action: Action[Any], retailer: str) -> Permit:
        """Take a permit for a call that is to come."""

    async def call(self, action: Action[R], retailer: str, permit: Permit | None = None) -> R:
        """Run an action now."""


class Sender:
    """Sends what waits for one retailer."""

    def __init__(
        self,
        database: Database,
        way: Way,
        retailer: str,
        source: str,
        *,
        linger: float = 0.0,
        settle: float = SETTLE_SECONDS,
    ) -> None:
        """Take items from the list `source`.

        Fewer than make a full request wait `linger` seconds for others.
        """
        self._database = database
        self._way = way
        self._retailer = retailer
        self._requests = Requests(database, retailer, source, linger)
        self._settle = int(settle * 1000)

    async def step(self) -> float | None:
        """Send one request, or find out about one; return when to step again, None: nothing waits.

        Raises:
            NotYourTurn, LostTurn: another sender is at work.
            LightspeedError, BackroomError: nothing was sent, or what was sent is looked for first.
        """
        async with turn.taken(self._database, self._retailer) as mine:
            link = await self._way.link(self._retailer)
            taken = await self._requests.take(mine.token, link)
            if not isinstance(taken, Taken):
                return taken
            if taken.request.state != "taken":
                return await self._found_out(mine.token, taken)
            return await self._sent(mine, taken)

    async def _sent(self, mine: turn.Turn, taken: Taken) -> float:
        """Send the first segment; of it one item only as long as nobody knows as whom we act."""
        token, items, pending = mine.token, taken.request.all_items, taken.request.pending
        if not taken.seen.user_id:
            pending = segments.one_ahead(pending)
        given = [items[place].adjustment for place in pending[0].places]
        action = CreateStockAdjustments(given)
        permit = await self._way.permit(action, self._retailer)
        before = {"version": taken.seen.version, "user_id": taken.seen.user_id, "at": taken.now}
        request = structs.replace(
            taken.request, state="sent", pending=pending, looked=0, found=0, **before
        )
        if not await self._kept(mine, structs.replace(taken, request=request), permit):
            return 0.0
        try:
            rows = await self._way.call(action, self._retailer, permit)
        except Rejected as error:
            return await self._refused(token, request, items, error)
        except (OutcomeUnknown, Unreadable):
            await self._requests.keep(token, structs.replace(request, state="lost"))
            return 0.0
        except _NOTHING_DONE:
            await self._requests.keep(token, structs.replace(request, state="taken"))
            raise
        return await self._applied(token, request, items, rows, taken.seen.link)

    async def _kept(self, mine: turn.Turn, taken: Taken, permit: Permit) -> bool:
        """Keep a request right before it leaves; False where we may act as another by now."""
        try:
            if await self._way.link(self._retailer) != taken.seen.link:
                permit.unsent()
                return False
            await self._requests.keep(mine.token, taken.request, fresh=taken.fresh)
            await self._requests.safe()
            mine.check()
        except BaseException:
            permit.unsent()
            raise
        return True

    async def _applied(
        self, token: str, request: Open, items: list[Item], rows: list[StockAdjustment], link: str
    ) -> float:
        first = request.pending[0]
        if len(rows) != len(first.places):  # it is no answer to what was sent
            await self._requests.keep(token, structs.replace(request, state="lost"))
            return 0.0
        left, refused = segments.next_up(segments.after_success(request.pending), request.worth)
        results = results_of(items, {}, refused)
        for place, row in zip(first.places, rows, strict=True):
            results[items[place].order].append(Result(items[place].place, "applied", row.id))
        seen = Seen(newest(rows, request.version), rows[-1].user_id or "", link)
        await self._go_on(token, request, left, results, seen)
        return 0.0

    async def _refused(
        self, token: str, request: Open, items: list[Item], error: Rejected
    ) -> float:
        """Look what was applied all the same; then find the rows that are at fault."""
        first = request.pending[0]
        reason = str(error)[:_SAID]
        if not request.is_whole and request.user_id:
            rows = await self._look(request)
            found = match([items[place] for place in first.places], rows, request.user_id)
            if found.applied or found.ambiguous:
                return await self._in_part(token, request, rows, reason)
            request = structs.replace(request, is_whole=True)
        left, refused = segments.after_refusal(request.pending, reason, error.fields, request.worth)
        await self._go_on(token, request, left, results_of(items, {}, refused))
        return 0.0

    async def _in_part(
        self, token: str, request: Open, rows: list[StockAdjustment], reason: str
    ) -> float:
        """Record what a refused batch has applied; what is not there was at fault."""
        first, *rest = request.pending
        items = request.all_items
        found = match([items[place] for place in first.places], rows, request.user_id)
        applied = {first.places[place]: row for place, row in found.applied.items()}
        unknown = {first.places[place] for place in found.ambiguous}
        over = set(applied) | unknown
        refused = {place: reason for place in first.places if place not in over}
        results = results_of(items, applied, refused, unknown)
        seen = Seen(newest(rows, request.version))
        await self._go_on(token, structs.replace(request, is_whole=False), rest, results, seen)
        return 0.0

    async def _found_out(self, token: str, taken: Taken) -> float:
        """Find out what became of a request whose answer nobody has."""
        request, items = taken.request, taken.request.all_items
        first = request.pending[0]
        rows = await self._look(request)
        found = match([items[place] for place in first.places], rows, request.user_id)
        if found.missing and (left := await self._settling(token, taken, len(found.applied))):
            return left
        applied = {first.places[place]: row for place, row in found.applied.items()}
        unknown = {first.places[place] for place in found.ambiguous}
        log.info(
            "stock.found_out",
            retailer=self._retailer,
            applied=len(applied),
            missing=len(found.missing),
            unknown=len(unknown),
        )
        pending = segments.without(request.pending, set(applied) | unknown)
        seen = Seen(newest(rows, request.version))
        await self._go_on(token, request, pending, results_of(items, applied, {}, unknown), seen)
        return 0.0

    async def _settling(self, token: str, taken: Taken, found: int) -> float:
        """Return seconds until it is looked for again; 0 once nothing has come for long enough."""
        request = taken.request
        if request.looked and request.found == found:
            return max(0, request.looked + self._settle - taken.now) / 1000
        looked = structs.replace(request, state="lost", looked=taken.now, found=found)
        await self._requests.keep(token, looked)
        return self._settle / 1000

    async def _look(self, request: Open) -> list[StockAdjustment]:
        async def call(action: Any) -> Any:
            return await self._way.call(action, self._retailer)

        return await since(call, request.version, request.at)

    async def _go_on(
        self,
        token: str,
        request: Open,
        pending: list[segments.Segment],
        results: Mapping[str, list[Result]],
        seen: Seen | None = None,
    ) -> None:
        """Record results, and keep what is left of the request."""
        bad = sum(row.outcome == "refused" for rows in results.values() for row in rows)
        left = structs.replace(
            request, state="taken", pending=pending, refused=request.refused + bad
        )
        await self._requests.keep(token, left if pending else None, results, seen=seen)
