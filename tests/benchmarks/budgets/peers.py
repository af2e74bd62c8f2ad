"""Three ways to live with a rate limit that share nothing, as published clients have them."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeAlias

from msgspec import Struct

from actions.answers import wait
from actions.simulator.limits import SECONDS
from tests.benchmarks.budgets.orders import Order, Style

Send: TypeAlias = Callable[[], Awaitable[tuple[int, Mapping[str, str]]]]
"""Sends once; returns status and headers."""

_TRIES = 10
_FIRST_SECONDS, _MOST_SECONDS = 1.0, 60.0
"""As tenacity's `wait_random_exponential(multiplier=1, max=60)`, in the vendor's seconds."""
_UNSAID_SECONDS = 30.0


class Turn(Struct, frozen=True):
    """One call's place among all calls."""

    order: Order
    number: int
    """In this process."""
    began: float
    """When the first call of this process could be sent, by the loop's clock."""
    limit: int


async def retry_after(turn: Turn, send: Send) -> None:
    """Send at once; after a 429 wait as long as it says, as often as it takes."""
    while True:
        status, headers = await send()
        if status != HTTPStatus.TOO_MANY_REQUESTS:
            return
        seconds = wait(headers)
        await asyncio.sleep((_UNSAID_SECONDS if seconds is None else seconds) / turn.order.pace)


async def back_off(turn: Turn, send: Send) -> None:
    """Send at once; after a 429 wait at random up to 1, 2, 4 … 60 s; give up after ten tries."""
    for tries in range(_TRIES):
        if (await send())[0] != HTTPStatus.TOO_MANY_REQUESTS:
            return
        most = min(_MOST_SECONDS, _FIRST_SECONDS * 2**tries)
        await asyncio.sleep(random.uniform(0, most) / turn.order.pace)  # noqa: S311 - no secret


async def evenly(turn: Turn, send: Send) -> None:
    """Send at the rate that the limit allows on average, the processes in turn."""
    order = turn.order
    place = turn.number * order.processes + order.index
    moment = turn.began + place * SECONDS / turn.limit / order.pace
    await asyncio.sleep(moment - asyncio.get_running_loop().time())
    await retry_after(turn, send)


WAYS: Final[Mapping[Style, Callable[[Turn, Send], Awaitable[None]]]] = {
    "retry-after": retry_after,
    "back-off": back_off,
    "even": evenly,
}
