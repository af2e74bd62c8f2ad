"""`/health`: the process lives. `/ready`: Redis takes deliveries, and workers keep up."""

import asyncio
from typing import Any, Final

import msgspec
from aiohttp import web

from actions.database import Database
from actions.errors import DatabaseAway
from ingress.declaring import Declared, Given
from workers.backlog import measure
from workers.installation import HEADER

_SECONDS = 1.5
_READY: Final = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": ["ready", "overdue", "away"]},
        "reason": {"type": "string", "description": "Why not, and what waits for how long."},
        "inbox": {"type": "object", "description": "How many events stand where."},
        "queues": {"type": "object", "description": "What waits in each, and how long."},
    },
}
DECLARED: Final = (
    Declared(
        verb="get",
        path="/health",
        group="operation",
        title="Whether the process lives",
        gives={
            200: Given(
                "It does.",
                {
                    "type": "object",
                    "required": ["status"],
                    "properties": {"status": {"type": "string", "const": "ok"}},
                },
                headers={HEADER: "A random name, by which its doctor knows this installation."},
            )
        },
        is_open=True,
    ),
    Declared(
        verb="get",
        path="/ready",
        group="operation",
        title="Whether deliveries are taken, and workers keep up",
        gives={200: Given("They are, and do.", _READY), 503: Given("Not now.", _READY)},
        is_open=True,
    ),
)


class Health:
    """Whether the process runs its event loop, and whose it is."""

    def __init__(self, installation: str) -> None:
        self._headers = {HEADER: installation}

    async def health(self, _: web.Request) -> web.Response:
        """Answer 200 whatever Redis does."""
        return web.json_response({"status": "ok"}, headers=self._headers)


class Readiness:
    """Whether a delivery that came now could be stored, and would be dispatched in time."""

    def __init__(self, database: Database, bound: float) -> None:
        """Call overdue what waits for longer than `bound` seconds."""
        self._database = database
        self._bound = bound

    async def ready(self, _: web.Request) -> web.Response:
        """Answer 200 with the backlog in numbers, or 503 with a sentence."""
        try:
            async with asyncio.timeout(_SECONDS):
                backlog = await measure(self._database, self._bound, writing=True)
        except (DatabaseAway, TimeoutError) as error:
            said = str(error) or "Redis takes too long to answer."
            return web.json_response({"status": "away", "reason": said}, status=503)
        answer: dict[str, Any] = {"inbox": backlog.inbox, "queues": backlog.queues}
        overdue = "; ".join(backlog.overdue().values())
        if overdue:
            return _answered(503, {"status": "overdue", "reason": f"Overdue: {overdue}."} | answer)
        return _answered(200, {"status": "ready"} | answer)


def _answered(status: int, answer: dict[str, Any]) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(answer), content_type="application/json"
    )
