"""One sender for each retailer: whose turn it is, across processes."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from actions.database import Database, Script
from actions.errors import BackroomError, DatabaseAway
from actions.listening import cancelled
from workers.stock import keys
from workers.stock.requests import LOST, LostTurn

TURN_SECONDS: Final = 10.0
"""A killed sender's turn ends after so long."""
_TURN: Final = Script.load("workers.scripts", "stock_turn")


class NotYourTurn(BackroomError):
    """Another sender has the turn. Try again after so many seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"Another sender is at work for this shop; try again in {after:.3g} s.")
        self.after = after


class Turn:
    """The turn, as long as it is ours."""

    def __init__(self, token: str, limit: asyncio.Timeout) -> None:
        self.token = token
        self.limit = limit
        """Cancels what is under way when the turn ends."""

    def check(self) -> None:
        """Check the clock: after a process was stopped for a while nothing else may have yet.

        Raises:
            LostTurn: it has ended.
        """
        until = self.limit.when()
        if until is not None and asyncio.get_running_loop().time() >= until:
            raise LostTurn(LOST)

    def keep(self, until: float) -> None:
        """Say when it ends now."""
        if not self.limit.expired():
            self.limit.reschedule(until)


@asynccontextmanager
async def taken(database: Database, retailer: str) -> AsyncIterator[Turn]:
    """Take the turn and keep it for as long as the `with` lasts.

    What is done under it names the token, so that who has lost the turn changes nothing in Redis.
    The vendor knows no tokens: what is under way when the turn can be kept no longer is cancelled.

    Raises:
        NotYourTurn: another has it.
        LostTurn: it could not be kept.
    """
    token, name = secrets.token_hex(8), keys.turn(retailer)
    until = _until()
    wait = await database.run(_TURN, [name], [token, int(TURN_SECONDS * 1000), "take"])
    if wait:
        raise NotYourTurn(min(wait / 1000, TURN_SECONDS))
    mine = Turn(token, asyncio.timeout_at(until))
    try:
        async with mine.limit:
            keeping = asyncio.create_task(_keep(database, name, mine), name=name)
            try:
                yield mine
            finally:
                await cancelled(keeping)
    except TimeoutError as error:
        if mine.limit.expired():
            raise LostTurn(LOST) from error
        raise
    finally:
        await _end(database, name, token)


def _until() -> float:
    """Return when a turn ends that is asked for now: by our clock no later than by Redis'."""
    return asyncio.get_running_loop().time() + TURN_SECONDS


async def _keep(database: Database, name: str, mine: Turn) -> None:
    while not mine.limit.expired():
        await asyncio.sleep(TURN_SECONDS / 4)
        until = _until()
        args = (mine.token, int(TURN_SECONDS * 1000), "keep")
        try:
            is_lost = await database.run(_TURN, [name], args)
        except DatabaseAway:
            continue  # it may be back before the turn ends
        mine.keep(until - TURN_SECONDS if is_lost else until)


async def _end(database: Database, name: str, token: str) -> None:
    try:
        await database.run(_TURN, [name], [token, 0])
    except DatabaseAway:
        return  # it ends by itself
