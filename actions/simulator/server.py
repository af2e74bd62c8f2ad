"""The door of the stores: whose call is it, and is it for the API, the tokens or the consent."""

import logging
from urllib.parse import unquote

from aiohttp import web

from actions.simulator.backstage import Backstage
from actions.simulator.calls import Calls
from actions.simulator.consent import Consent
from actions.simulator.oauth import Tokens
from actions.simulator.replies import Reply, refused, sent

log = logging.getLogger(__name__)

_DOMAINS = ("localhost", "retail.lightspeed.app")
_AUTHORISING = "secure"
"""The vendor's host for the consent page; stores are found by name there."""


class Door:
    """Takes every request of the stores' port."""

    def __init__(self, backstage: Backstage) -> None:
        self._stage = backstage
        self._calls = Calls(backstage)
        self._tokens = Tokens(backstage)
        self._consent = Consent(backstage)

    async def receive(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request; what nobody foresaw is a bug of ours, and is said to be one."""
        try:
            reply = await self._routed(request)
        except ConnectionError:
            raise
        except Exception as error:
            log.exception("A bug in the simulator, at %s %s", request.method, request.path)
            self._stage.bugs.append(f"{request.method} {request.path}: {error!r}")
            reply = refused(500, "This is a bug in the simulator; see its log.")
        return sent(reply, request, self._stage.clock.now())

    async def _routed(self, request: web.BaseRequest) -> Reply:
        prefix, segments = located(request.host, request.rel_url.raw_path)
        if segments == ["connect"]:
            return await self._consent.answer(request, prefix)
        shop = self._stage.shops.get(prefix or "")
        if shop is None:
            return refused(404, "store not found")
        if segments == ["api", "1.0", "token"]:
            return await self._tokens.answer(request, shop)
        if segments[:1] == ["api"]:
            return await self._calls.answer(request, shop, segments[1:])
        return refused(404, "page not found")


def located(host: str, raw_path: str) -> tuple[str | None, list[str]]:
    """Return the store that a host or else the path's first segment names, and the path in it."""
    segments = [unquote(one) if "%" in one else one for one in raw_path.split("/")[1:]]
    label, _, domain = host.lower().partition(".")
    if domain.partition(":")[0] in _DOMAINS:
        return (None if label == _AUTHORISING else label), segments
    if segments == ["connect"] or not segments:
        return None, segments
    return segments[0], segments[1:]


def server(backstage: Backstage) -> web.Server:
    """Return the server of the stores' port: no routing of aiohttp's, no log of each request."""
    return web.Server(Door(backstage).receive, access_log=None, auto_decompress=False)
