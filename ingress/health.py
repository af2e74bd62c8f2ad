"""`/health`: the process lives. `/ready`: Redis takes deliveries, and how full the inbox is."""

import asyncio

import msgspec
from aiohttp import web

from actions.database import Database
from actions.errors import DatabaseAway
from workers import keys

_SECONDS = 1.5


async def health(_: web.Request) -> web.Response:
    """Answer that the process runs its event loop."""
    return web.json_response({"status": "ok"})


class Readiness:
    """Whether a delivery that came now could be stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ready(self, _: web.Request) -> web.Response:
        """Answer 200 with the inbox's sizes, or 503 with a sentence."""
        try:
            async with asyncio.timeout(_SECONDS):
                sizes = await self._database.together(
                    [
                        ("ZCARD", keys.OPEN),
                        ("ZCARD", keys.FAILED),
                        ("ZCARD", keys.HANDLED),
                        ("SET", "backroom:ready", 1, "EX", 60),
                    ]
                )
        except (DatabaseAway, TimeoutError) as error:
            said = str(error) or "Redis takes too long to answer."
            return web.json_response({"status": "away", "reason": said}, status=503)
        inbox = dict(zip(("open", "failed", "handled"), sizes, strict=False))
        return web.Response(
            body=msgspec.json.encode({"status": "ready", "inbox": inbox}),
            content_type="application/json",
        )
