"""Processes that send what waits, one after the other, each until it kills itself.

`python -m …stock_sender RETAILER KILLS SETTLE`, with the settings of a worker. A process is forked
from one that has everything loaded, so that its successor is there at once; after so many kills the
last one lives on. Each writes the place where it dies to standard output.
"""

import asyncio
import os
import random
import signal
import sys
from typing import Literal, TypeAlias, TypeVar

from actions.action import Action
from actions.database import Database
from actions.errors import BackroomError
from actions.permit import Permit
from actions.vault import Vault
from workers.lightspeed import lightspeed
from workers.settings import Settings, read
from workers.stock import keys, turn
from workers.stock.runs import ClientWay
from workers.stock.sender import Sender
from workers.stock.turn import NotYourTurn

R = TypeVar("R")
Place: TypeAlias = Literal["before keep", "before call", "under call", "after call", "looking"]
PLACES: tuple[Place, ...] = ("before keep", "before call", "under call", "after call", "looking")
TURN_SECONDS = 0.5
_FLIGHT_SECONDS = 0.01
"""A call takes about so long, and is cut anywhere in it."""
_STEPS = 4
"""A process comes to the place of its death so often at most before it dies there; it looks only
where its predecessor has left something open."""


class Deadly(ClientWay):
    """A way on which its process dies."""

    place: Place | None = None
    left = 0

    async def permit(self, action: Action[R], retailer: str) -> Permit:
        """Take a permit."""
        taken = await super().permit(action, retailer)
        self._pass("before keep")
        return taken

    async def call(self, action: Action[R], retailer: str, permit: Permit | None = None) -> R:
        """Run an action now."""
        if permit is None:
            self._pass("looking")
            return await super().call(action, retailer)
        self._pass("before call")
        if self.place == "under call" and not self._is_left():
            seconds = random.uniform(0, _FLIGHT_SECONDS)  # noqa: S311 - the instant of the kill
            asyncio.get_running_loop().call_later(seconds, _die)
        result = await super().call(action, retailer, permit)
        self._pass("after call")
        return result

    def _pass(self, place: Place) -> None:
        if self.place == place and not self._is_left():
            _die()

    def _is_left(self) -> bool:
        self.left -= 1
        return self.left > 0


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def send(settings: Settings, retailer: str, settle: float, place: Place | None) -> None:
    """Send whatever waits, until it dies at this place."""
    vault = Vault(settings.backroom_keys)
    async with (
        Database(settings.redis_url) as database,
        lightspeed(settings, database, vault) as reach,
    ):
        way = Deadly(reach.client, "bulk", 1.0)
        way.place, way.left = place, 1
        if place != "looking":
            way.left = random.randint(1, _STEPS)  # noqa: S311 - no secret
        sender = Sender(database, way, retailer, keys.waiting(retailer), settle=settle)
        while True:
            try:
                after = await sender.step()
            except NotYourTurn as error:
                after = error.after
            except BackroomError as error:
                after = getattr(error, "retry_after", 0.1)
            await asyncio.sleep(0.01 if after is None else after)


def main(retailer: str, kills: int, settle: float) -> None:
    """Fork one process after the other."""
    settings = read()
    setattr(turn, "TURN_SECONDS", TURN_SECONDS)  # noqa: B010 - final for everybody else
    child = 0

    def leave(*_: object) -> None:
        if child:
            os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    for number in range(kills + 1):
        place = PLACES[number % len(PLACES)] if number < kills else None
        child = os.fork()
        if not child:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            random.seed(number)
            asyncio.run(send(settings, retailer, settle, place))
        os.waitpid(child, 0)
        print(place, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
