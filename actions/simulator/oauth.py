"""The token endpoint on a store's host: form only, rotating tokens, a limit of its own."""

from typing import Final

from aiohttp import web

from actions.simulator import bodies
from actions.simulator.access import Grant
from actions.simulator.backstage import Backstage
from actions.simulator.envelope import FORM
from actions.simulator.faults import BEFORE, TOKEN
from actions.simulator.ledger import Applied, Requested
from actions.simulator.replies import Reply, refused, said, too_many
from actions.simulator.routing import Trouble
from actions.simulator.shop import Shop
from actions.simulator.strikes import struck

_FAULTS: Final = BEFORE - {"token-expired"}
_PATH: Final = "/token"
_GRANTS: Final = ("authorization_code", "refresh_token")


class Tokens:
    """`POST /api/1.0/token` (vendor: Authorization)."""

    def __init__(self, backstage: Backstage) -> None:
        self._stage = backstage

    async def answer(self, request: web.BaseRequest, shop: Shop) -> Reply:
        """Answer a request for tokens, and book it."""
        stage = self._stage
        strikes = stage.faults.drawn(_FAULTS, shop.prefix, request.method, _PATH)
        reply = await struck(stage.clock, stage.faults, strikes)
        form: dict[str, str] = {}
        if reply is None and request.method != "POST":
            reply = refused(405, f"method {request.method} not allowed")
        if reply is None:
            form = await self._form(request)
            reply = self._limited(shop, form)
        asked = Requested(
            at=stage.clock.now(),
            retailer=shop.prefix,
            application=form.get("client_id", ""),
            route=f"{request.method} {_PATH}",
            path=_PATH,
            status=reply.status,
            faults=tuple(strikes),
            answered=not reply.lost,
        )
        stage.ledger.request(asked)
        return reply

    async def _form(self, request: web.BaseRequest) -> dict[str, str]:
        """Return the form's fields; another kind of body, such as JSON, has none."""
        try:
            body = await bodies.raw(request)
        except Trouble:
            return {}
        return bodies.fields(body) if request.content_type == FORM else {}

    def _limited(self, shop: Shop, form: dict[str, str]) -> Reply:
        verdict = self._stage.limits.token(form.get("client_id", ""))
        if verdict.allowed:
            reply = self._granted(shop, form)
        else:
            reply = too_many(self._stage.clock.now(), verdict.until, ("retry-after-missing",))
        reply.headers |= {
            "X-RateLimit-Limit": str(verdict.limit),
            "X-RateLimit-Remaining": str(verdict.remaining),
            "X-RateLimit-Reset": str(-int(-verdict.until // 1)),
        }
        return reply

    def _granted(self, shop: Shop, form: dict[str, str]) -> Reply:
        options = self._stage.options
        if not form:
            return _no(400, "invalid_request", "Unable to connect application")
        if form.get("grant_type") not in _GRANTS:
            return _no(400, "unsupported_grant_type", "The grant type is not supported.")
        ours = (options.client_id, options.client_secret)
        if (form.get("client_id"), form.get("client_secret")) != ours:
            return _no(401, "invalid_client", "Client authentication failed.")
        if form["grant_type"] == "refresh_token":
            return self._refreshed(shop, form)
        return self._exchanged(shop, form)

    def _exchanged(self, shop: Shop, form: dict[str, str]) -> Reply:
        code = self._stage.access.spend(form.get("code", ""))
        wanted = (shop.prefix, form["client_id"], form.get("redirect_uri"))
        if code is None or (code.prefix, code.application, code.redirect_uri) != wanted:
            return _no(400, "invalid_grant", "The authorization code is invalid.")
        grant = self._stage.access.grant(shop.prefix, code.application, code.scopes, code.user_id)
        return self._pair(grant, "authorization_code")

    def _refreshed(self, shop: Shop, form: dict[str, str]) -> Reply:
        grant = self._stage.access.refreshed(
            shop.prefix, form["client_id"], form.get("refresh_token", "")
        )
        if grant is None:
            return _no(400, "invalid_grant", "The refresh token is invalid.")
        lost = bool(self._stage.faults.drawn(TOKEN, shop.prefix, "POST", _PATH))
        reply = self._pair(grant, "refresh_token", lost=lost)
        reply.lost = lost
        return reply

    def _pair(self, grant: Grant, how: str, *, lost: bool = False) -> Reply:
        written = Applied(
            at=self._stage.clock.now(),
            retailer=grant.prefix,
            application=grant.application,
            route=f"POST {_PATH} {how}",
            ids=(),
            events=(),
            answered=not lost,
        )
        self._stage.ledger.write(written)
        return said(
            200,
            {
                "access_token": grant.access_token,
                "token_type": "Bearer",
                "expires": int(grant.expires),
                "expires_in": self._stage.access.token_seconds,
                "refresh_token": grant.refresh_token,
                "domain_prefix": grant.prefix,
                "scope": " ".join(sorted(grant.scopes)),
            },
        )


def _no(status: int, error: str, description: str) -> Reply:
    return said(status, {"error": error, "error_description": description})
