"""What is sent back: bodies, dates by the simulated clock, and the 429 with its Retry-After."""

import math
from collections.abc import Collection, Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Final

from aiohttp import web
from msgspec import Struct, field

from actions.simulator.table import encode

JSON: Final = "application/json"
HTML: Final = "text/html; charset=utf-8"
_FAR: Final = 4_070_908_800
"""The year 2099."""
_HOUR: Final = 3600


class Reply(Struct):
    """An answer before it is sent."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    """The connection is cut instead."""


def said(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer JSON."""
    return Reply(status, encode(body), headers=dict(headers or {}))


def refused(status: int, error: str) -> Reply:
    """Refuse in the vendor's commonest shape."""
    return said(status, {"error": error})


@lru_cache(maxsize=8)
def http_date(second: int) -> str:
    """Write seconds since 1970 as RFC 1123 has it."""
    return formatdate(second, usegmt=True)


def too_many(now: float, until: float, faults: Collection[str]) -> Reply:
    """Answer 429; Retry-After is a date, and rounded up so that it is not too early."""
    reply = said(429, {"error": "Too Many Requests", "message": "Rate limiting enforced"})
    wait = math.ceil(until - now)
    date = http_date(math.ceil(until))
    written = {
        "retry-after-seconds": str(wait),
        "retry-after-past": http_date(int(now) - _HOUR),
        "retry-after-negative": str(-wait),
        "retry-after-far": http_date(_FAR),
        "retry-after-garbage": "soon, 99:99",
    }
    if "retry-after-missing" not in faults:
        reply.headers["Retry-After"] = next(
            (written[one] for one in faults if one in written), date
        )
    return reply


def sent(reply: Reply, request: web.BaseRequest, now: float) -> web.StreamResponse:
    """Turn a reply into aiohttp's, or cut the connection."""
    if reply.lost and request.transport is not None:
        request.transport.abort()
    headers = reply.headers
    headers["Date"] = http_date(int(now))
    if reply.body:
        headers["Content-Type"] = reply.content_type
    return web.Response(status=reply.status, body=reply.body, headers=headers)
