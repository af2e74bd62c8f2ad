"""`/connect` and `/oauth/callback`: a retailer links itself in the browser."""

import structlog
from aiohttp import web
from yarl import URL

from actions.connections import BadDomainPrefix
from actions.errors import BackroomError, DatabaseAway, WrongSetting
from actions.linking import STATE_SECONDS, BadState, Declined, Linking
from ingress.reach import Reach
from workers.lightspeed import CALLBACK

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

COOKIE = "backroom_link"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",  # the address holds the code
}


class Consent:
    """The two routes."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._settings = reach.settings

    def routes(self) -> list[web.RouteDef]:
        """Return them."""
        return [web.get("/connect", self.connect), web.get(CALLBACK, self.callback)]

    async def connect(self, _: web.Request) -> web.Response:
        """Send a retailer to the consent page."""
        try:
            departure = self._linking().depart()
        except WrongSetting as wrong:
            return _said(503, str(wrong))
        response = web.Response(status=302, headers={**_HEADERS, "Location": departure.url})
        response.set_cookie(
            COOKIE,
            departure.cookie,
            max_age=STATE_SECONDS,
            path=self._path,
            secure=self._settings.base_url.startswith("https://"),
            httponly=True,
            samesite="Lax",
        )
        return response

    async def callback(self, request: web.Request) -> web.Response:
        """Take a retailer that comes back from the consent page."""
        try:
            linking = self._linking()
            arrived = await linking.arrive(dict(request.query), request.cookies.get(COOKIE, ""))
        except BackroomError as error:
            log.warning("retailer.not_linked", reason=type(error).__name__)
            return _refused(error)
        log.info("retailer.linked", retailer=arrived.retailer)
        response = _said(200, f"{arrived.retailer} is linked. You can close this window.")
        response.del_cookie(COOKIE, path=self._path)
        return response

    @property
    def _path(self) -> str:
        """Return the callback's path as the browser sees it: `PUBLIC_URL` may have one too."""
        return URL(self._settings.base_url + CALLBACK).raw_path

    def _linking(self) -> Linking:
        reach, url = self._reach, self._settings.lightspeed_authorize_url
        return Linking(reach.database, reach.vault, reach.lightspeed.consent(), url)


def _refused(error: BackroomError) -> web.Response:
    if isinstance(error, Declined | BadState | BadDomainPrefix):
        return _said(400, str(error))
    if isinstance(error, WrongSetting):
        return _said(503, str(error))
    if isinstance(error, DatabaseAway):  # its words hold an address that is nobody's business
        return _said(503, "Nothing can be kept now. Begin again later.")
    return _said(502, f"{error} Begin again.")


def _said(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=f"{sentence}\n", headers=_HEADERS)
