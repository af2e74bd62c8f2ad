"""`GET /metrics`, for who has an API key for all retailers."""

import asyncio
import hashlib
import time
from importlib import import_module
from typing import Final

from aiohttp import hdrs, web

from actions.database import Database
from actions.errors import BackroomError, DatabaseAway
from ingress.api.gate import Caller, Gate
from ingress.api.problems import Problem
from ingress.declaring import Declared, Given
from ingress.metrics.reading import Shared
from ingress.metrics.tally import Tally

DECLARED: Final = Declared(
    verb="get",
    path="/metrics",
    group="operation",
    title="Metrics for Prometheus",
    said="A key that is for some retailers alone is answered 403: metrics are of all.",
    gives={200: Given("Every metric, as text of version 0.0.4.", {"type": "string"}, "text/plain")},
    fails=(403,),
)
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_MOST_KNOWN: Final = 16
_IS_AWAY: Final = web.RequestKey("_IS_AWAY", bool)
"""Whether Redis was away when its key was looked up."""


class _Remembering(Gate):
    """Lets in, while Redis is away, who was let in when it was last there: they see `up 0`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._known: dict[bytes, Caller] = {}

    async def admitted(self, request: web.Request) -> Caller:
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        digest = hashlib.sha256(given.encode(errors="surrogateescape")).digest()
        try:
            caller = await super().admitted(request)
        except DatabaseAway:
            known = self._recalled(digest)
            if known is None:
                raise
            request[_IS_AWAY] = True
            return known
        except BackroomError:
            self._known.pop(digest, None)
            raise
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[digest] = caller
        return caller

    def _recalled(self, digest: bytes) -> Caller | None:
        caller = self._known.get(digest)
        ends = caller.key.expires_at if caller else None
        return None if ends and ends.timestamp() <= time.time() else caller


class Metrics:
    """The route."""

    def __init__(self, database: Database, tally: Tally, bound: float) -> None:
        """Call overdue what waits for longer than `bound` seconds."""
        self._gate = _Remembering(database)
        self._tally = tally
        self._shared = Shared(database, bound)

    def routes(self) -> list[web.RouteDef]:
        """Return it."""
        return [web.get("/metrics", self._gate.guarded(self._page))]

    async def _page(self, request: web.Request, caller: Caller) -> web.Response:
        if caller.key.retailers:
            raise Problem(
                403,
                "This key is for some retailers; metrics are of all: make one without --retailer.",
            )
        snapshot = None if _IS_AWAY in request else await self._shared.read()
        # In a thread, so that no delivery waits for the first import.
        page = await asyncio.to_thread(import_module, "ingress.metrics.rendering")
        return web.Response(
            body=page.rendered(self._tally, snapshot),
            headers={hdrs.CONTENT_TYPE: _TYPE, hdrs.CACHE_CONTROL: "no-store"},
        )
