"""`/mcp`: agents come in over streamable HTTP, each with a key, as everybody does."""

import asyncio
import socket
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from actions.errors import NotConnected
from ingress.api.gate import Caller, Gate, absent, body_of
from ingress.api.problems import Problem
from ingress.mcp.bridge import Asgi, Message, Receive, Send, bridged
from ingress.mcp.desk import Desk
from ingress.mcp.previews import Previews
from ingress.mcp.visits import VISIT, Style, Visit, visit
from ingress.reach import Reach
from workers.settings import Settings

STYLE: Final = "param-style"
MOST_BYTES: Final = 4 << 20
"""Of a request's body."""
_LEAVE_SECONDS: Final = 2.0
_DRAIN_SECONDS: Final = 8.0
"""How long calls that were begun may take when the application leaves."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_EVERY_INTERFACE: Final = {"0.0.0.0", "::", ""}  # noqa: S104 - looked for, not listened on
_REFUSALS: Final = {
    421: "This Host is not one of Backroom's: call it by PUBLIC_URL, by HOST or on this machine.",
    403: "This Origin may not call: it is neither PUBLIC_URL's nor this machine's.",
}
"""What the protocol's SDK refuses against DNS rebinding, in words."""


class Agents:
    """The route, and the protocol's server behind it, which starts when the first agent comes."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._leave = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[Asgi] | None = None
        self._calls: set[asyncio.Future[None]] = set()

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return it. There are no sessions, so there is nothing to GET or to DELETE."""
        return [web.post("/mcp", gate.guarded(self._receive))]

    async def opened(self, _: web.Application) -> AsyncIterator[None]:
        """End the server with the application."""
        yield
        self._leave.set()
        if self._serving is not None:
            await asyncio.wait({self._serving}, timeout=_LEAVE_SECONDS)
            self._serving.cancel()

    async def drain(self, _: web.Application) -> None:
        """Let calls end that were begun: a write that is cut off may have been done or not."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=_DRAIN_SECONDS)

    async def _receive(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        here = await self._visit(request, caller)
        body = await body_of(request, MOST_BYTES)
        app = await self._app()
        over = asyncio.get_running_loop().create_future()
        self._calls.add(over)
        try:
            return await bridged(_in_words(app), request, body, **{VISIT: here})
        finally:
            self._calls.discard(over)
            over.set_result(None)

    async def _visit(self, request: web.Request, caller: Caller) -> Visit:
        retailer = caller.store()
        style = _style(request.query.get(STYLE))
        try:
            return await visit(caller.key, retailer, self._reach.lightspeed.grants, style)
        except NotConnected:
            raise absent(retailer) from None

    async def _app(self) -> Asgi:
        if self._serving is None or self._serving.done():
            self._ready = asyncio.get_running_loop().create_future()
            self._serving = asyncio.create_task(self._serve(self._ready), name="mcp")
        assert self._ready is not None  # noqa: S101 - made with the task
        return await asyncio.shield(self._ready)

    async def _serve(self, ready: asyncio.Future[Asgi]) -> None:
        try:
            module = await asyncio.to_thread(_imported)
            reach = self._reach
            desk = Desk(reach.lightspeed.client, Previews(reach.database, reach.vault))
            app, opening = module.over_http(desk, *allowed(reach.settings), MOST_BYTES)
            async with opening:
                ready.set_result(app)
                await self._leave.wait()
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)  # told to whoever waits
        finally:
            ready.cancel()  # of no effect once it is done


def allowed(settings: Settings) -> tuple[list[str], list[str]]:
    """Return the hosts and origins that requests may name: this machine, HOST and PUBLIC_URL."""
    everywhere = settings.host in _EVERY_INTERFACE
    name = socket.gethostname() if everywhere else settings.host
    names = [*_LOOPBACK, f"[{name}]" if ":" in name else name]
    hosts = [one for name in names for one in (name, f"{name}:*")]
    origins = [f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")]
    public = urlsplit(settings.public_url.lower())
    for host in {public.netloc, public.hostname or ""} - {""}:
        hosts.append(host)
        origins.append(f"{public.scheme}://{host}")
    return hosts, origins


def _style(given: str | None) -> Style:
    if given is None or given == "plain":
        return "plain"
    if given == "flat_prefixed":
        return "flat_prefixed"
    raise Problem(400, f"{STYLE} may be plain or flat_prefixed, not {given[:60]!r}.")


def _imported() -> ModuleType:
    from ingress.mcp import server  # noqa: PLC0415 - slow, so not before an agent comes

    return server


def _in_words(app: Asgi) -> Asgi:
    """Say in a sentence what the SDK refuses with a word."""

    async def called(scope: Message, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if said := _REFUSALS.get(message.get("status", 0)):
                raise Problem(message["status"], said)
            await send(message)

        await app(scope, receive, sending)

    return called
