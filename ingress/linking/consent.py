"""`/connect` and `/oauth/callback`: a retailer links itself in the browser."""

import structlog
from aiohttp import hdrs, web
from yarl import URL

from actions.connections import BadDomainPrefix
from actions.errors import BackroomError, DatabaseAway, WrongSetting
from actions.linking import (
    STATE_SECONDS,
    BadState,
    Declined,
    Departure,
    Linking,
    NotAllGranted,
    NotThisRetailer,
)
from ingress.api.gate import Gate
from ingress.linking.asking import Asking
from ingress.linking.pages import HEADERS, sentence
from ingress.linking.returning import returning
from ingress.linking.sessions import LinkSession, LinkSessions, Over
from ingress.linking.welcome import registered, welcomed
from ingress.reach import Reach
from workers.lightspeed import CALLBACK

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

COOKIE = "backroom_link"
_STATUS: dict[type[BackroomError], int] = {
    Declined: 400,
    BadState: 400,
    BadDomainPrefix: 400,
    NotAllGranted: 403,
    NotThisRetailer: 403,
    Over: 410,
    WrongSetting: 503,
}


class Consent:
    """The routes of the link flow."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._settings = reach.settings
        self._sessions = LinkSessions(reach.database, reach.vault)

    def routes(self) -> list[web.RouteDef]:
        """Return them."""
        asking = Asking(self._reach, self._sessions)
        return [
            web.get("/connect", self.connect),
            web.get("/connect/{token}", self.connect_with_session, allow_head=False),
            web.get(CALLBACK, self.callback, allow_head=False),
            web.post("/connect_sessions", Gate(self._reach.database).guarded(asking.create)),
        ]

    async def connect(self, request: web.Request) -> web.Response:
        """Send a retailer to the consent page; with `?events=all`, for every type of event."""
        if self._is_elsewhere(request):
            there = URL(f"{self._settings.base_url}/connect").with_query(request.query)
            return web.Response(status=302, headers={**HEADERS, hdrs.LOCATION: str(there)})
        try:
            every = request.query.get("events") == "all"
            return self._sent(self._linking().depart(all_events=every))
        except WrongSetting as wrong:
            return _refused(wrong)

    async def connect_with_session(self, request: web.Request) -> web.Response:
        """Do so for an application's user, who has a URL that can be opened once."""
        try:
            departure = self._linking().depart()
            await self._sessions.depart(request.match_info["token"], departure.cookie)
        except BackroomError as error:
            return _refused(error)
        return self._sent(departure)

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """Take a retailer that comes back from the consent page."""
        cookie = request.cookies.get(COOKIE, "")
        session: LinkSession | None = None
        try:
            session = await self._sessions.underway(cookie) if cookie else None
            only = session.retailers if session else ()
            arrival = await self._linking().arrive(dict(request.query), cookie, only)
        except BackroomError as error:
            log.warning("retailer.not_linked", reason=type(error).__name__)
            if session and isinstance(error, Declined):
                return _returned(session, "refused")
            return _refused(error)
        retailer = arrival.connection.retailer
        log.info("retailer.linked", retailer=retailer)
        if session:
            await registered(self._reach, arrival)
            response = _returned(session, "linked", retailer)
        else:
            response = (await welcomed(self._reach, arrival)).page()
        response.del_cookie(COOKIE, path=self._path)
        return response

    def _sent(self, departure: Departure) -> web.Response:
        response = web.Response(status=302, headers={**HEADERS, hdrs.LOCATION: departure.url})
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

    def _is_elsewhere(self, request: web.Request) -> bool:
        """Whether this machine is called by a name for which the callback would get no cookie."""
        host = URL(self._settings.base_url).host or ""
        return request.url.host == "localhost" and host in {"127.0.0.1", "::1"}

    @property
    def _path(self) -> str:
        """Return the callback's path as the browser sees it: `PUBLIC_URL` may have one too."""
        return URL(self._settings.base_url + CALLBACK).raw_path

    def _linking(self) -> Linking:
        reach, url = self._reach, self._settings.lightspeed_authorize_url
        return Linking(reach.database, reach.vault, reach.lightspeed.consent(), url)


def _refused(error: BackroomError) -> web.Response:
    if isinstance(error, DatabaseAway):  # its words hold an address that is nobody's business
        return sentence(503, "Nothing can be kept now. Begin again later.")
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            return sentence(status, str(error))
    return sentence(502, f"{error} Begin again.")


def _returned(session: LinkSession, status: str, retailer: str | None = None) -> web.Response:
    url = returning(
        session.return_url, status=status, retailer=retailer, reference=session.reference
    )
    return web.Response(status=303, headers={**HEADERS, hdrs.LOCATION: url})
