"""What goes on for as long as a process lives: hearing what others publish, and its end."""

import asyncio
from collections.abc import Callable
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

_SILENCE_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.2
_CANCEL_SECONDS: Final = 0.1


async def listen(redis: Redis, channel: str, heard: Callable[[bytes | None], None]) -> None:
    """Call `heard` with each message, and with None when Redis went away or is there again."""
    while True:
        try:
            async with redis.pubsub() as ear:
                await ear.subscribe(channel)
                while True:
                    message = await ear.get_message(timeout=_SILENCE_SECONDS)
                    if message:  # redis-py subscribes again by itself, which Redis confirms
                        heard(message["data"] if message["type"] == "message" else None)
        except (RedisError, OSError, TimeoutError):
            heard(None)
            await asyncio.sleep(_PAUSE_SECONDS)


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends: redis-py swallows a cancellation that comes as it connects."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_CANCEL_SECONDS)
