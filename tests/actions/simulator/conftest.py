"""A running simulator with a bare client, and a receiver of webhooks that keeps what it got."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import aiohttp
import pytest
from aiohttp import web
from msgspec import Struct

from actions.simulator.options import Options
from actions.simulator.simulator import Simulator

CALLBACK = "http://localhost:8000/oauth/callback"
STATE = "a state of its own"


class Got(Struct):
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """A bare client of one store of a simulator."""

    def __init__(self, session: aiohttp.ClientSession, simulator: Simulator, prefix: str) -> None:
        self.session = session
        self.simulator = simulator
        self.url = simulator.url(prefix)
        self.token = simulator.personal_token(prefix)

    async def call(self, method: str, path: str, *, token: str = "", **more: Any) -> Got:
        """Call the API, or another page of the store."""
        headers = {"Authorization": f"Bearer {token or self.token}"} | more.pop("headers", {})
        if not path.startswith(("/api", "/connect")):
            path = f"/api/2026-07{path}"
        async with self.session.request(
            method, self.url + path, headers=headers, allow_redirects=False, **more
        ) as answer:
            return Got(answer.status, answer.headers, await answer.read())

    async def consent(self, decision: str = "allow", **changes: str) -> dict[str, str]:
        """Decide on the consent page; return what the application's callback is given."""
        form = {
            "response_type": "code",
            "client_id": self.simulator.options.client_id,
            "redirect_uri": CALLBACK,
            "state": STATE,
            "scope": "products:read webhooks",
            "decision": decision,
        }
        got = await self.call("POST", "/connect", data=form | changes)
        assert got.status == 302, got.body
        return dict(parse_qsl(urlsplit(got.headers["Location"]).query))

    async def tokens(self, **changes: str) -> Got:
        """Ask the token endpoint; a member that is set empty is left out."""
        form = {
            "client_id": self.simulator.options.client_id,
            "client_secret": self.simulator.options.client_secret,
        }
        if "code" in changes:
            form |= {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
        if "refresh_token" in changes:
            form |= {"grant_type": "refresh_token"}
        kept = {name: value for name, value in (form | changes).items() if value}
        return await self.call("POST", "/api/1.0/token", data=kept)

    async def granted(self, scope: str = "products:read customers:write webhooks") -> Any:
        """Go all the way to a pair of tokens."""
        given = await self.consent(scope=scope)
        return (await self.tokens(code=given["code"])).json

    async def subscribe(self, url: str, token: str = "") -> None:
        """Have changes of customers sent to a URL."""
        hook = {"type": "customer.update", "url": url, "active": True}
        assert (await self.call("POST", "/webhooks", json=hook, token=token)).status == 201

    async def change(self, name: str = "Ana") -> str:
        """Make a customer, of which a webhook tells; return the id."""
        got = await self.call("POST", "/customers", json={"first_name": name, "last_name": "Rua"})
        return str(got.json["data"]["id"])

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control door."""
        url = self.simulator.control_url + path
        data = None if body is None else json.dumps(body)
        async with self.session.request(method, url, data=data) as answer:
            found = await answer.json()
            assert answer.status == 200, found
            return found


Start = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start simulators with options; at the end none of them may have had a bug."""
    started: list[Simulator] = []
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def start(*, prefix: str = "kowhai", **options: Any) -> Browser:
            simulator = Simulator(Options(**({"products": 8} | options)))
            started.append(await stack.enter_async_context(simulator))
            return Browser(session, simulator, prefix)

        yield start
    assert [simulator.bugs for simulator in started] == [[] for _ in started]


@pytest.fixture
async def kowhai(start: Start) -> Browser:
    return await start()


class Receiver:
    """Keeps every delivery and answers as it is told."""

    def __init__(self) -> None:
        self.url = ""
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.statuses: list[int] = []
        """What to answer next; 200 when nothing is left, 0 is no answer at all."""
        self.status = 200
        self._more = asyncio.Condition()

    async def receive(self, request: web.BaseRequest) -> web.StreamResponse:
        async with self._more:
            self.bodies.append(await request.read())
            self.headers.append(dict(request.headers))
            self._more.notify_all()
        status = self.statuses.pop(0) if self.statuses else self.status
        if status == 0:
            await asyncio.Event().wait()
        return web.Response(status=status, headers={"Location": self.url})

    async def got(self, count: int) -> None:
        """Wait until so many have arrived."""
        async with self._more:
            await self._more.wait_for(lambda: len(self.bodies) >= count)

    @property
    def forms(self) -> list[dict[str, str]]:
        return [{k: v[0] for k, v in parse_qs(body.decode()).items()} for body in self.bodies]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.receive), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = "http://127.0.0.1:{1}/hooks".format(*runner.addresses[0])
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver
