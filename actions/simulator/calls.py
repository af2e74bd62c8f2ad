"""One call of the API: fault, token, limit, operation, scope, body, handler; in that order."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from aiohttp import web
from msgspec import Struct, field

from actions.simulator import bodies
from actions.simulator.access import Grant
from actions.simulator.backstage import Backstage
from actions.simulator.faults import ANSWER, BEFORE, Fault
from actions.simulator.ledger import Applied, Requested
from actions.simulator.replies import Reply, refused, said, too_many
from actions.simulator.routing import Ask, Trouble
from actions.simulator.shop import Shop
from actions.simulator.strikes import struck
from actions.simulator.table import decode
from actions.simulator.trie import UNVERSIONED, Found

_FAULTS: Final = BEFORE | ANSWER
_READS: Final = frozenset({"POST /inventory"})
"""Operations that change nothing although they are no GET."""

_SILENT: Final = "/stock_adjustments"
"""Refused without a body, but for its 422 (vendor: OpenAPI 2026-07, inventory)."""


class Call(Struct):
    """What is known of a call so far."""

    shop: Shop
    method: str
    version: str
    segments: Sequence[str]
    path: str
    found: Found | Trouble
    grant: Grant | None = None
    strikes: dict[str, Fault] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    reached: bool = False
    """Whether a handler was called."""

    @property
    def label(self) -> str:
        """Method and path of the operation, for the book."""
        return self.found.label if isinstance(self.found, Found) else f"{self.method} (unknown)"

    @property
    def application(self) -> str:
        """The client id; empty for a personal token or none."""
        return self.grant.application if self.grant else ""


class Calls:
    """The operations behind `/api`."""

    def __init__(self, backstage: Backstage) -> None:
        self._stage = backstage

    async def answer(self, request: web.BaseRequest, shop: Shop, segments: Sequence[str]) -> Reply:
        """Answer a call whose path goes on with `segments` behind `/api`."""
        versioned = bool(segments) and segments[0][:1].isdigit()
        rest = segments[1:] if versioned else segments
        version = segments[0] if versioned else UNVERSIONED
        call = self._call(shop, request.method, version, rest)
        call.strikes = self._stage.faults.drawn(_FAULTS, shop.prefix, call.method, call.path)
        reply = (
            await struck(self._stage.clock, self._stage.faults, call.strikes)
            or self._turned_away(call, request)
            or await self._served(call, request)
        )
        if call.path == _SILENT and reply.status in {400, 401, 403}:
            reply.body = b""
        reply.headers |= call.headers
        reply.lost = reply.lost or (call.reached and "lost-answer" in call.strikes)
        self._book(call, reply)
        return reply

    def _turned_away(self, call: Call, request: web.BaseRequest) -> Reply | None:
        """Refuse a token that is not valid, and what is beyond the limit."""
        stage, prefix = self._stage, call.shop.prefix
        grant = stage.access.of(request.headers.get("Authorization", ""), prefix)
        if grant is not None and "token-expired" in call.strikes:
            stage.access.expire(grant)
            grant = None
        if grant is None:
            return refused(401, "Access token is not valid")
        call.grant = grant
        verdict = stage.limits.check(prefix, grant.application)
        call.headers = {
            "X-RateLimit-Limit": str(verdict.limit),
            "X-RateLimit-Remaining": str(verdict.remaining),
        }
        if not verdict.allowed:
            return too_many(stage.clock.now(), verdict.until, call.strikes)
        return None

    async def _served(self, call: Call, request: web.BaseRequest) -> Reply:
        try:
            if isinstance(call.found, Trouble):
                raise call.found
            self._check_scopes(call, call.found)
            form = call.version == UNVERSIONED and call.segments[0] == "webhooks"
            body = await bodies.read(request, form=form)
            return self._handled(call, call.found, body, request)
        except Trouble as trouble:
            broken = trouble.status == HTTPStatus.UNPROCESSABLE_ENTITY
            status = self._stage.switches.field_rule_status if broken else trouble.status
            return said(status, trouble.body)

    def _call(self, shop: Shop, method: str, asked: str, segments: Sequence[str]) -> Call:
        """Find out what is called; what is not there is said after token and limit."""
        path = "/" + "/".join(segments)
        version = self._stage.trees.version(asked)
        found: Found | Trouble
        if version is None:
            status = self._stage.switches.unknown_version_status
            found = Trouble(status, {"error": f"version {asked} not found"})
        else:
            found = self._stage.trees.find(version, segments, method)
        return Call(shop, method, version or asked, segments, path, found)

    def _check_scopes(self, call: Call, found: Found) -> None:
        held = call.grant.scopes if call.grant else frozenset()
        lacking = [scope for scope in found.route.scopes if scope not in held]
        if lacking:
            status = self._stage.switches.missing_scope_status
            message = f"The token lacks the scope {' '.join(lacking)}"
            raise Trouble(status, {"error": "permission denied", "message": message})

    def _handled(self, call: Call, found: Found, body: Any, request: web.BaseRequest) -> Reply:
        grant = call.grant
        ask = Ask(
            version=call.version,
            path=found.path,
            query=parse_qs(request.rel_url.raw_query_string, keep_blank_values=True),
            body=bodies.redacted(body) if "card-redaction" in call.strikes else body,
            user_id=grant.user_id if grant else "",
            scopes=grant.scopes if grant else frozenset(),
        )
        self._stage.heard.clear()
        if call.segments[0] == "webhooks":
            self._stage.deliveries.adopt(call.shop, "")  # what was there before is nobody's
        call.reached = True
        answer = found.route.handler(call.shop, ask)
        if call.method != "GET" and call.label not in _READS:
            self._book_write(call, found, answer.body)
        return Reply(answer.status, answer.body)

    def _book_write(self, call: Call, found: Found, answer: bytes) -> None:
        stage = self._stage
        if call.segments[0] == "webhooks":
            stage.deliveries.adopt(call.shop, call.application)
        written = Applied(
            at=stage.clock.now(),
            retailer=call.shop.prefix,
            application=call.application,
            route=call.label,
            ids=tuple(dict.fromkeys((*found.path.values(), *_ids(answer)))),
            events=tuple(stage.heard),
            answered="lost-answer" not in call.strikes,
        )
        stage.ledger.write(written)

    def _book(self, call: Call, reply: Reply) -> None:
        self._stage.ledger.request(
            Requested(
                at=self._stage.clock.now(),
                retailer=call.shop.prefix,
                application=call.application,
                route=call.label,
                path=call.path,
                status=reply.status,
                faults=tuple(call.strikes),
                answered=not reply.lost,
            )
        )


def _ids(answer: bytes) -> list[str]:
    """Return the ids in an answer: of one object, of several, or ids alone."""
    value = decode(answer) if answer else None
    inner = value.get("data", value) if isinstance(value, dict) else value
    rows = inner if isinstance(inner, list) else [inner]
    found = [row.get("id") if isinstance(row, dict) else row for row in rows]
    return [str(one) for one in found if isinstance(one, str | int)]
