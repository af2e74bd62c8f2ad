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

TURN_SECONDS: Final = 10.0
"""A killed sender's turn ends after so long."""
_TURN: Final = Script.load("workers.scripts", "stock_turn")


class NotYourTurn(BackroomError):
    """Another sender has the turn. Try again after so many seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"Another sender is at work for this shop; try again in {after:.3g} s.")
        self.after = after


@asynccontextmanager
async def taken(database: Database, retailer: str) -> AsyncIterator[str]:
    """Take the turn and keep it for as long as the `with` lasts; give its token.

    What is done under it names the token, so that who has lost the turn changes nothing.

    Raises:
        NotYourTurn: another has it.
    """
    token = secrets.token_hex(8)
    name = keys.turn(retailer)
    wait = await database.run(_TURN, [name], [token, int(TURN_SECONDS * 1000)])
    if wait:
        raise NotYourTurn(min(wait / 1000, TURN_SECONDS))
    keeping = asyncio.create_task(_keep(database, name, token), name=f"turn {retailer}")
    try:
        yield token
    finally:
        await cancelled(keeping)
        await _end(database, name, token)


async def _keep(database: Database, name: str, token: str) -> None:
    while True:
        await asyncio.sleep(TURN_SECONDS / 4)
        try:
            await database.run(_TURN, [name], [token, int(TURN_SECONDS * 1000)])
        except DatabaseAway:
            continue  # it may be back before the turn ends


async def _end(database: Database, name: str, token: str) -> None:
    try:
        await database.run(_TURN, [name], [token, 0])
    except DatabaseAway:
        return  # it ends by itself
