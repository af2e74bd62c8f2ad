"""The demo's scenes: deliveries of every kind, each followed to the end of its way."""

import secrets
import time
from http import HTTPStatus
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from actions.connections import Connection
from ingress.demo.processes import Child
from ingress.signatures import HEADER, sign
from ingress.urls import webhook_urls
from workers.events import PING, SALE_UPDATE, WEBHOOK_TYPES
from workers.samples import fresh_form

_UNKNOWN = "stock.counted"
_RETAILER_ID = "06a1c9e4-7b20-11f0-f381-eb84145c8007"


class Sent(Struct, frozen=True):
    """One request to the ingress and its answer."""

    status: int
    words: str
    event_id: str
    repeat: bool
    ms: float


class Show:
    """Sends deliveries to a running web process and follows them through the worker's log."""

    def __init__(
        self, console: Console, connection: Connection, secret: bytes, web: Child, worker: Child
    ) -> None:
        self._console = console
        self._connection = connection
        self._secret = secret
        self._web = web
        self._worker = worker
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self._urls: dict[str, str] = {}
        self.acknowledged: dict[str, str] = {}
        """Each new event's id and type."""
        self.repeated = 0
        self.refused = 0

    async def run(self) -> None:
        """Play every scene."""
        ready = await self._web.line("web.ready")
        await self._worker.line("worker.ready")
        self._urls = webhook_urls(self._connection, ready["url"])
        self._urls[_UNKNOWN] = self._urls[SALE_UPDATE.name].replace(SALE_UPDATE.name, _UNKNOWN)
        self._print("delivery", "acknowledged", "dispatched", "done by", style="dim")
        async with self._session:
            bodies = {name: self._body(name) for name in WEBHOOK_TYPES}
            for name, body in bodies.items():
                await self._follow(name, name, body)
            sale = SALE_UPDATE.name
            unknown = self._body(sale).replace(sale.encode(), _UNKNOWN.encode())
            await self._follow(_UNKNOWN, PING.name, unknown)
            await self._repeat(sale, bodies[sale])
            await self._forge(sale, self._body(sale))

    async def _follow(self, name: str, becomes: str, body: bytes) -> None:
        sent = await self._post(name, body, sign(body, self._secret))
        self.acknowledged[sent.event_id] = becomes
        dispatched = await self._worker.line("event.dispatched", event_id=sent.event_id)
        done = await self._worker.line("subscriber.succeeded", event_id=sent.event_id)
        shown = name if name == becomes else f"{name} → {becomes}"
        by = f"{done['subscriber']} after {_after(done)}"
        self._print(shown, f"{sent.ms:.1f} ms", _after(dispatched), by, style="green")

    async def _repeat(self, name: str, body: bytes) -> None:
        sent = await self._post(name, body, sign(body, self._secret))
        self.repeated += sent.repeat
        words = "a repeat: not enqueued" if sent.repeat else "taken as new"
        self._print(f"{name}, again", f"{sent.ms:.1f} ms", "", words, style="yellow")

    async def _forge(self, name: str, body: bytes) -> None:
        sent = await self._post(name, body, sign(body, b"not the client secret"))
        self.refused += sent.status == HTTPStatus.UNAUTHORIZED
        self._print(f"{name}, forged", str(sent.status), "", sent.words, style="red")

    def _body(self, name: str) -> bytes:
        return fresh_form(name, self._connection.retailer, _RETAILER_ID)

    def _print(self, name: str, acknowledged: str, dispatched: str, rest: str, style: str) -> None:
        line = Text(f"  {name:25}{acknowledged:14}{dispatched:12}")
        line.append(rest, style)
        self._console.print(line, soft_wrap=True)

    async def _post(self, name: str, body: bytes, signature: str) -> Sent:
        headers = {HEADER: signature, "Content-Type": "application/x-www-form-urlencoded"}
        began = time.perf_counter()
        async with self._session.post(self._urls[name], data=body, headers=headers) as response:
            said = await response.read()
        ms = (time.perf_counter() - began) * 1000
        answer: dict[str, Any] = {}
        if response.ok:
            answer = msgspec.json.decode(said)
        words = said.decode().strip()
        event_id = answer.get("event_id", "")
        return Sent(response.status, words, event_id, bool(answer.get("repeat")), ms)


def new_secret() -> str:
    """Make a client secret for one demo."""
    return secrets.token_urlsafe(24)


def _after(line: dict[str, Any]) -> str:
    return f"{line['since_received'] * 1000:.0f} ms"
