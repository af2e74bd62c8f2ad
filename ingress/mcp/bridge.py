"""From aiohttp to ASGI: one request over, and its answer back as it comes."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from aiohttp import web

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Asgi: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

_OURS: Final = {b"transfer-encoding", b"connection", b"date", b"server"}
"""Headers of the connection's, which aiohttp writes itself."""


class Exchange:
    """One request and its answer, as an ASGI application sees them."""

    def __init__(self, request: web.Request, body: bytes) -> None:
        self.response: web.StreamResponse | None = None
        self._request = request
        self._body: bytes | None = body
        self._gone = asyncio.Event()
        self._over = False

    def scope(self, **more: Any) -> Message:
        """Return what the application is told of the request."""
        request = self._request
        server = request.transport.get_extra_info("sockname") if request.transport else None
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": f"{request.version.major}.{request.version.minor}",
            "method": request.method,
            "scheme": request.scheme,
            "path": request.path,
            "raw_path": request.rel_url.raw_path.encode(),
            "query_string": request.rel_url.raw_query_string.encode(),
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.raw_headers],
            "client": (request.remote or "", 0),
            "server": server[:2] if isinstance(server, tuple) else None,
            **more,
        }

    async def receive(self) -> Message:
        """Return the body, and after it word that the client is gone, once it is."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer; one for a client that is gone goes nowhere."""
        try:
            if message["type"] == "http.response.start":
                await self._start(message)
            elif message["type"] == "http.response.body" and self.response is not None:
                await self._go_on(self.response, message)
        except ConnectionError:
            self._gone.set()

    async def end(self) -> web.StreamResponse:
        """Return the answer once the application is through with it."""
        response = self.response or web.Response(status=500)
        if self.response is not None and not self._over and not self._gone.is_set():
            await response.write_eof()
        self._gone.set()
        return response

    async def _start(self, message: Message) -> None:
        self.response = response = web.StreamResponse(status=message["status"])
        for name, value in message.get("headers", ()):
            if name.lower() == b"content-length":
                response.content_length = int(value)
            elif name.lower() not in _OURS:
                response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
        await response.prepare(self._request)

    async def _go_on(self, response: web.StreamResponse, message: Message) -> None:
        if body := message.get("body", b""):
            await response.write(body)
        if not message.get("more_body", False):
            self._over = True
            await response.write_eof()


async def bridged(app: Asgi, request: web.Request, body: bytes, **more: Any) -> web.StreamResponse:
    """Let an ASGI application answer a request whose body was read; `more` joins its scope."""
    exchange = Exchange(request, body)
    await app(exchange.scope(**more), exchange.receive, exchange.send)
    return await exchange.end()
