"""Being woken by whoever enqueues, in place of asking Redis many times a second."""

import asyncio

from redis.asyncio import Redis
from redis.exceptions import RedisError

_SILENCE_SECONDS = 5.0
_PAUSE_SECONDS = 1.0


async def listen(redis: Redis, queue: str, awake: asyncio.Event) -> None:
    """Set `awake` whenever something was enqueued, and once after the ear was deaf."""
    while True:
        try:
            async with redis.pubsub() as channel:
                await channel.subscribe(f"{queue}:wake")
                awake.set()
                while True:
                    heard = await channel.get_message(
                        ignore_subscribe_messages=True, timeout=_SILENCE_SECONDS
                    )
                    if heard:
                        awake.set()
        except (RedisError, OSError, TimeoutError):
            await asyncio.sleep(_PAUSE_SECONDS)
