"""`POST /actions/rpc`: any action now, in the form that StackOne's clients send."""

import asyncio
from typing import Any, Final

import msgspec
import structlog
from aiohttp import hdrs, web

from actions.action import Action, Page
from actions.errors import NotConnected
from ingress.api import cursors, envelope
from ingress.api.asking import asked, patience
from ingress.api.gate import Caller, Gate, absent, body_of, calling
from ingress.api.keys import ApiKey
from ingress.api.listing import permitted
from ingress.api.problems import Problem
from ingress.declaring import ACCOUNT, WAIT, Asked, Declared, Given
from ingress.reach import Reach

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

MOST_BYTES: Final = 8 << 20
_LARGE_BYTES: Final = 65_536
"""From here on a call is read in a thread: deliveries go on meanwhile."""
USUAL_SECONDS: Final = 2.0
"""To wait for the rate limit, unless the caller says otherwise."""
DECLARED: Final = Declared(
    verb="post",
    path="/actions/rpc",
    group="actions",
    title="Run an action now",
    said="Waits for the rate limit as long as it is told to, 2 s by itself, and for Lightspeed's "
    "answer. A read is repeated when that is lost; a write is not, and 504 says so: look first.",
    asks=(
        WAIT,
        Asked("Prefer", "`wait=N`: the same, as a wish.", {"type": "string"}, "header"),
        ACCOUNT,
    ),
    takes={"$ref": "#/components/schemas/Call"},
    gives={
        200: Given(
            "What the action answered.",
            {
                "type": "object",
                "required": ["data", "next"],
                "properties": {
                    "data": {"description": "The action's result: its schema is `…Result`."},
                    "next": {
                        "type": ["string", "null"],
                        "description": "Of a list: the place where it goes on; null at its end.",
                    },
                },
                "additionalProperties": False,
            },
        )
    },
    fails=(403, 408, 409, 413, 415, 422, 502, 504),
)
_json = msgspec.json.Encoder(decimal_format="number")


class Rpc:
    """Runs actions for callers who wait for the result."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return the route."""
        return [web.post(DECLARED.path, gate.guarded(self.run))]

    async def run(self, request: web.Request, caller: Caller) -> web.Response:
        """Run one action now, and answer `{data, next}`.

        Raises:
            BackroomError: one of its kinds; what it says is the answer.
        """
        asked(request, ("wait",))
        seconds = patience(request, USUAL_SECONDS)
        if not is_json(request.content_type):
            raise Problem(415, "Send the call as JSON, with Content-Type: application/json.")
        body = await body_of(request, MOST_BYTES)
        if len(body) < _LARGE_BYTES:
            retailer, call = _asked_for(caller, body)
        else:
            retailer, call = await asyncio.to_thread(_asked_for, caller, body)
        return _answered(call, await self._result(call.action, caller.key, retailer, seconds))

    async def _result(self, action: Action[Any], key: ApiKey, retailer: str, seconds: float) -> Any:
        operation = action.operation
        client = self._reach.lightspeed.client
        if not operation.reads:
            log.info("api.write", key=key.name, action=operation.name, retailer=retailer)
        try:
            await client.reread(retailer)  # it may have been disconnected a moment ago
            return await client.call(action, retailer, lane="interactive", patience=seconds)
        except NotConnected:
            raise absent(retailer) from None


def _asked_for(caller: Caller, body: bytes) -> tuple[str, envelope.Call]:
    """Return whose store is meant, and what is to be run there."""
    given = envelope.opened(body)
    caller = _named(caller, given.account())
    kind = permitted(given.action, caller.key)
    return caller.store(), envelope.call(kind, given)


def _named(caller: Caller, named: str | None) -> Caller:
    """Return the caller for the retailer that the call's own headers name too."""
    if named is None:
        return caller
    found = calling(caller.key, named)
    if caller.retailer not in {None, found.retailer}:
        raise Problem(
            400, "x-account-id names one retailer in the header and another in headers: name one."
        )
    return found


def _answered(call: envelope.Call, result: Any) -> web.Response:
    data, following = result, None
    if isinstance(result, Page):
        following = cursors.following(call.action, result)
        data = [row for row in result.data if not call.seen or row.id != call.seen]
    return web.Response(
        body=_json.encode({"data": data, "next": following}),
        content_type="application/json",
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )


def is_json(kind: str) -> bool:
    """Say whether a media type is JSON's."""
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )
