"""Being woken by whoever enqueues, in place of asking Redis many times a second."""

import asyncio
from collections.abc import Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

_SILENCE_SECONDS = 5.0
_PAUSE_SECONDS = 1.0


async def listen(redis: Redis, queue: str, wake: Callable[[], None]) -> None:
    """Call `wake` whenever something was enqueued, and once after the ear was deaf."""
    while True:
        try:
            async with redis.pubsub() as channel:
                await channel.subscribe(f"{queue}:wake")
                wake()
                while True:
                    heard = await channel.get_message(
                        ignore_subscribe_messages=True, timeout=_SILENCE_SECONDS
                    )
                    if heard:
                        wake()
        except (RedisError, OSError, TimeoutError):
            await asyncio.sleep(_PAUSE_SECONDS)
