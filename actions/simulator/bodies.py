"""Reading what a request carries; what cannot be read is refused as the vendor would."""

import re
from typing import Any, Final
from urllib.parse import parse_qs

from aiohttp import web

from actions.simulator.envelope import FORM
from actions.simulator.replies import JSON
from actions.simulator.routing import Trouble, malformed
from actions.simulator.table import decode

_LONG_NUMBER: Final = re.compile(r"(?<!\d)\d(?: ?\d){12,18}(?!\d)")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


async def raw(request: web.BaseRequest) -> bytes:
    """Read the whole body, of whatever size.

    Raises:
        Trouble: 400, it is not sent as HTTP has it.
    """
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    try:
        return await request.content.read()
    except web.RequestPayloadError:
        raise malformed("The body cannot be read") from None


async def read(request: web.BaseRequest, *, form: bool) -> Any:
    """Return the decoded JSON, or the form's fields, or None for no body.

    Raises:
        Trouble: 415 for another kind of body, 400 for one that cannot be read.
    """
    if request.method not in _WITH_BODY:
        return None
    body = await raw(request)
    if not body:
        return None
    if form:
        if request.content_type != FORM:
            raise Trouble(415, {"error": "The body must be a form"})
        return fields(body)
    if request.content_type != JSON and not request.content_type.endswith("+json"):
        raise Trouble(415, {"error": "The body must be JSON"})
    try:
        return decode(body)
    except (ValueError, ArithmeticError, RecursionError):
        raise malformed("The body is not valid JSON") from None


def fields(body: bytes) -> dict[str, str]:
    """Return a form's fields; of a field that is there twice, the last."""
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in found.items()}


def redacted(value: Any) -> Any:
    """Return JSON with every long number in its texts masked, whatever the field."""
    if isinstance(value, str):
        return _LONG_NUMBER.sub(lambda found: "*" * len(found.group()), value)
    if isinstance(value, list):
        return [redacted(one) for one in value]
    if isinstance(value, dict):
        return {name: redacted(one) for name, one in value.items()}
    return value
