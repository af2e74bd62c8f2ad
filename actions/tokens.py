"""Access tokens that are good now: refreshed before they expire, by one process for all."""

import asyncio
import random
import time
from math import inf
from typing import Final, Protocol

import structlog
from msgspec.structs import replace

from actions.errors import BackroomError, DatabaseAway, NotConnected
from actions.grants import Busy, Grant, Grants, Mine, Pair
from actions.oauth import TokensLater, TokensRefused, TokensUnanswered
from actions.secret import Secret

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

EARLY_SECONDS: Final = 600
"""A token is refreshed so long before it expires, and one of a short life half of it before."""
_PATIENCE: Final = 20.0
"""Seconds to wait for another process' turn: a little longer than a turn lasts."""
_LOOK_SECONDS: Final = 0.01
_REST_SECONDS: Final = 30.0
"""After a refresh that failed, a token that is good for some minutes yet is used so long."""
AGE_SECONDS: Final = 30.0
_KEEP_SECONDS: Final = 60.0
"""For Redis to come back, when a new pair is to be kept."""
_RELINK: Final = "link it again with `backroom connect {}`."


class NeedsRelink(BackroomError):
    """The retailer's grant is dead: nothing can be called until it is linked again."""

    exit_code = 5


class Refresher(Protocol):
    """What can refresh a pair."""

    async def refresh(self, retailer: str, refresh_token: Secret) -> Pair:
        """Return a new pair, or raise one of the errors of `actions.oauth`."""


class Tokens:
    """The grants of this process' retailers, kept in memory until they change."""

    def __init__(
        self, grants: Grants, oauth: Refresher | None = None, *, age: float = AGE_SECONDS
    ) -> None:
        """Without `oauth`, only personal tokens and pairs that are still good can be used.

        What was read more than `age` seconds ago is read again: the retailer may be forgotten by
        now, or linked anew.
        """
        self._age = age
        self._grants = grants
        self._oauth = oauth
        self._known: dict[str, Grant] = {}
        self._refreshing: dict[str, asyncio.Task[Grant]] = {}
        self._rests: dict[str, float] = {}
        self._read: dict[str, float] = {}

    async def get(self, retailer: str) -> Grant:
        """Return a grant whose access token is good now.

        Raises:
            NotConnected, NeedsRelink: there is none.
            TokensUnanswered, TokensLater: it has expired, and no new one is to be had now.
        """
        grant = self._known.get(retailer)
        if grant is None or grant.state != "linked":
            grant = await self.latest(retailer)
        elif time.monotonic() - self._read.get(retailer, -inf) > self._age:
            grant = await self._again(grant)
        if not _is_ending(grant.pair) or (
            _is_good(grant.pair) and time.monotonic() < self._rests.get(retailer, 0)
        ):
            return grant
        try:
            return await self._renewed(grant)
        except BackroomError as error:
            if not _is_good(grant.pair):
                raise
            pause = error.retry_after if isinstance(error, TokensLater) else _REST_SECONDS
            self._rests[retailer] = time.monotonic() + pause
            return await self.latest(retailer)  # it is good for some minutes yet

    async def after_refusal(self, grant: Grant) -> Grant:
        """Return a newer grant than one whose access token was answered with 401.

        Raises:
            NeedsRelink: there is none, nor will there be.
            TokensUnanswered, TokensLater: not now.
        """
        now = await self.latest(grant.retailer)
        if now.generation != grant.generation:
            return now  # somebody has refreshed it, which ended the one that we used
        if not now.pair.refresh:
            raise NeedsRelink(
                f"The token of {grant.retailer} is not accepted: {_RELINK.format(grant.retailer)}"
            )
        return await self._renewed(now)

    async def close(self) -> None:
        """Let refreshes that are under way end: a pair that is not stored is a shop locked out."""
        await asyncio.gather(*self._refreshing.values(), return_exceptions=True)

    async def latest(self, retailer: str) -> Grant:
        """Return a grant as it stands in Redis: it may have been linked again with more scopes.

        Raises:
            NotConnected, NeedsRelink: there is none.
        """
        self._read[retailer] = time.monotonic()  # before: those who come meanwhile need not ask too
        try:
            grant = self._known[retailer] = await self._grants.get(retailer)
        except NotConnected:  # it has been disconnected
            self._known.pop(retailer, None)
            raise
        if grant.state != "linked":
            raise NeedsRelink(
                f"{retailer} is not linked any more ({grant.why}): {_RELINK.format(retailer)}"
            )
        return grant

    async def _again(self, grant: Grant) -> Grant:
        """Read a grant again that was good so far; while Redis is away it still is."""
        try:
            return await self.latest(grant.retailer)
        except DatabaseAway:
            return grant

    async def _renewed(self, grant: Grant) -> Grant:
        """Refresh once for all callers of this process; none of them can cancel it."""
        task = self._refreshing.get(grant.retailer)
        if task is None:
            task = asyncio.create_task(self._refresh(grant), name=f"refresh {grant.retailer}")
            self._refreshing[grant.retailer] = task
            task.add_done_callback(lambda _: self._refreshing.pop(grant.retailer, None))
        return await asyncio.shield(task)

    async def _refresh(self, grant: Grant) -> Grant:
        """Refresh, or wait until another process has."""
        until = time.monotonic() + _PATIENCE  # never cut a request short: its answer is the grant
        while isinstance(turn := await self._grants.begin(grant), Busy):
            if time.monotonic() > until:
                raise TokensUnanswered(
                    f"Another process refreshes {grant.retailer} and does not end.", sent=False
                )
            await asyncio.sleep(_LOOK_SECONDS * (1 + random.random()))  # noqa: S311
        if isinstance(turn, Mine):
            await self._ask(grant, turn)
        return await self.latest(grant.retailer)

    async def _ask(self, grant: Grant, turn: Mine) -> None:
        if self._oauth is None:
            await self._grants.yield_turn(grant, turn, sent=False)
            raise NeedsRelink(
                f"The token of {grant.retailer} has expired, and LIGHTSPEED_CLIENT_ID is not set "
                "to refresh it with."
            )
        sent = turn.asked_before
        try:
            pair = await self._oauth.refresh(grant.retailer, grant.pair.refresh)
        except TokensRefused as refused:
            why = "the answer to a refresh was lost" if sent else str(refused)
            await self._grants.bury(grant, turn, why)
            log.warning("grant.lost", retailer=grant.retailer, reason=why)
        except BackroomError as error:
            sent = sent or (isinstance(error, TokensUnanswered) and error.sent)
            await self._grants.yield_turn(grant, turn, sent=sent)
            raise
        else:
            # A pair without a refresh token keeps the old one (seen in 2019).
            refresh, scopes = pair.refresh or grant.pair.refresh, pair.scopes or grant.pair.scopes
            await self._keep(grant, turn, replace(pair, refresh=refresh, scopes=scopes))
            log.info("grant.refreshed", retailer=grant.retailer, generation=grant.generation + 1)

    async def _keep(self, grant: Grant, turn: Mine, pair: Pair) -> None:
        """Keep the only pair that is valid now, also when Redis is away for a moment."""
        until = time.monotonic() + _KEEP_SECONDS
        while True:
            try:
                return await self._grants.renew(grant, turn, pair)
            except DatabaseAway:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(_LOOK_SECONDS)


def _is_ending(pair: Pair) -> bool:
    early = min(EARLY_SECONDS, pair.lasts / 2) if pair.lasts else EARLY_SECONDS
    return bool(pair.expires_at) and pair.expires_at - time.time() < early


def _is_good(pair: Pair) -> bool:
    return pair.expires_at > time.time()
