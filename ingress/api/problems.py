"""What went wrong, as problem details (RFC 9457): a status, a name, and what to do about it."""

import math
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from actions import errors
from actions.connections import BadDomainPrefix
from actions.errors import BackroomError
from actions.oauth import ApplicationRefused, TokensLater, TokensRefused, TokensUnanswered
from actions.tokens import NeedsRelink
from ingress.api.keys import BadKey, NotAdmitted, TooMany
from workers.action_jobs import NoSuchJob, OtherContent
from workers.cancelling import CannotCancel
from workers.stock.items import BadItem, NoSuchOrder

TYPE: Final = "application/problem+json"
_STATUS: Final[dict[type[BackroomError], int]] = {
    errors.BadAction: 400,
    BadItem: 400,
    BadKey: 400,
    BadDomainPrefix: 400,
    NotAdmitted: 401,
    errors.MissingScope: 403,
    errors.NotConnected: 404,
    errors.NotFound: 404,
    NoSuchJob: 404,
    NoSuchOrder: 404,
    errors.Conflict: 409,
    CannotCancel: 409,
    NeedsRelink: 409,
    errors.Unauthorized: 409,
    errors.Rejected: 422,
    OtherContent: 422,
    TooMany: 429,
    errors.RateLimited: 429,
    errors.Unreadable: 502,
    ApplicationRefused: 502,
    TokensRefused: 502,
    TokensUnanswered: 503,
    TokensLater: 503,
    errors.TryLater: 503,
    errors.ConnectionFailed: 503,
    errors.ServerError: 503,
    errors.WrongSetting: 503,
    errors.DatabaseAway: 503,
    errors.OutcomeUnknown: 504,
}
"""The nearest class of an error decides."""
_AGAIN_SECONDS: Final = 5.0
"""To wait where an outage is over at a moment that nobody knows."""
_AWAY: Final = "Nothing can be looked up or kept now. Try again later."


class Problem(BackroomError):
    """Trouble of the API's own, with the status it is answered with."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def status_of(error: BackroomError) -> int:
    """Return the HTTP status that says what to do about an error."""
    if isinstance(error, Problem):
        return error.status
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def described(error: BackroomError) -> dict[str, Any]:
    """Return an error as problem details."""
    status = status_of(error)
    # Redis' address is nobody's business.
    detail = _AWAY if isinstance(error, errors.DatabaseAway) else str(error)
    name = HTTPStatus(status).phrase if isinstance(error, Problem) else type(error).__name__
    found: dict[str, Any] = {
        "type": "about:blank" if isinstance(error, Problem) else f"urn:backroom:{name}",
        "title": name,
        "status": status,
        "detail": detail,
    }
    if fields := getattr(error, "fields", None):
        found["errors"] = fields
    if (after := _after(error, status)) is not None:
        found["retry_after"] = after
    return found


def told(name: str, detail: str = "") -> dict[str, Any]:
    """Return as problem details an error of which its class' name is known alone, and its words."""
    status = next((one for kind, one in _STATUS.items() if kind.__name__ == name), 500)
    found = {"type": f"urn:backroom:{name}", "title": name, "status": status}
    return found | ({"detail": detail} if detail else {})


def answered(error: BackroomError) -> web.Response:
    """Return the answer to a call that went wrong."""
    found = described(error)
    response = web.Response(
        status=found["status"],
        body=msgspec.json.encode(found, enc_hook=str),
        content_type=TYPE,
        headers={"Cache-Control": "no-store"},
    )
    if "retry_after" in found:
        response.headers[hdrs.RETRY_AFTER] = str(max(1, math.ceil(found["retry_after"])))
    if found["status"] == HTTPStatus.UNAUTHORIZED:
        response.headers[hdrs.WWW_AUTHENTICATE] = 'Basic realm="backroom", charset="UTF-8"'
    return response


def _after(error: BackroomError, status: int) -> float | None:
    """Return in how many seconds to come back, where that is known or can be said."""
    after = getattr(error, "retry_after", getattr(error, "after", None))
    if isinstance(after, int | float):
        return round(float(after), 3)
    return _AGAIN_SECONDS if status == HTTPStatus.SERVICE_UNAVAILABLE else None
