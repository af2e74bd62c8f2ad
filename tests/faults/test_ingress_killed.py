"""`kill -9` of the ingress, again and again under load: every 2xx is in the inbox."""

import asyncio
import os
import secrets
import signal
from pathlib import Path

import aiohttp
import msgspec
import pytest

from actions.connections import Connection
from actions.database import Database
from tests.conftest import path, signed
from tests.end_to_end.conftest import Process
from tests.end_to_end.ports import free_port
from tests.faults.refresh_store import is_thorough
from workers import keys

KILLS, FEW = 20, 6
"""In `make faults`, and in `make test`."""
SENDERS = 16
ENOUGH = 50
"""Acknowledgements to wait for before each kill, so that each hits an ingress at work."""


class Load:
    """Senders that never stop, and what was acknowledged to them."""

    def __init__(self, url: str) -> None:
        self.acknowledged: list[str] = []
        self._url = url
        self._more = asyncio.Event()

    async def send(self, session: aiohttp.ClientSession) -> None:
        """Send one delivery after the other; a broken connection is no acknowledgement."""
        while True:
            body = f"payload=%7B%7D&n={secrets.token_hex(16)}".encode()
            try:
                async with session.post(self._url, data=body, headers=signed(body)) as response:
                    said = await response.read()
            except (aiohttp.ClientError, ConnectionError):
                await asyncio.sleep(0.01)
                continue
            assert response.status == 200, said
            self.acknowledged.append(msgspec.json.decode(said)["event_id"])
            self._more.set()

    async def more(self, count: int) -> None:
        """Wait for so many more acknowledgements."""
        goal = len(self.acknowledged) + count
        while len(self.acknowledged) < goal:
            self._more.clear()
            await self._more.wait()


async def test_every_acknowledged_delivery_survives_kills_of_the_ingress(
    environ: dict[str, str],
    kowhai: Connection,
    database: Database,
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    port, kills = free_port(), KILLS if is_thorough(pytestconfig) else FEW
    environ = {**os.environ, **environ, "HOST": "127.0.0.1", "PORT": str(port)}
    load = Load(f"http://127.0.0.1:{port}{path(kowhai, 'sale.update')}")
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        senders = [group.create_task(load.send(session)) for _ in range(SENDERS)]
        for kill in range(kills):
            web = Process("web", tmp_path / f"web-{kill}.log", environ, tmp_path)
            ready = await asyncio.to_thread(web.line, "web.ready")
            await load.more(ENOUGH)
            os.kill(ready["pid"], signal.SIGKILL)
            await asyncio.to_thread(web.stop)
        for sender in senders:
            sender.cancel()
    kept = {event_id.decode() for event_id in await database.do("ZRANGE", keys.OPEN, 0, -1)}
    lost = set(load.acknowledged) - kept
    queued = await database.do("ZCARD", keys.EVENTS_QUEUE)
    print(f"\n{kills} kills, {len(load.acknowledged)} acknowledged, {len(lost)} lost")
    assert not lost
    assert queued == len(kept), "each stored event has its dispatch job, and only one"
    assert len(load.acknowledged) == len(set(load.acknowledged)) >= kills * ENOUGH
