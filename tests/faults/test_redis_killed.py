"""`kill -9` of Redis, again and again under load: it had synced what was acknowledged."""

import asyncio
import os
import random
import secrets
import time
from pathlib import Path

import aiohttp
import msgspec
import pytest

from actions.connections import Connection, Connections
from actions.database import Database
from actions.secret import Secret
from actions.vault import Vault
from tests.conftest import path, signed
from tests.end_to_end.conftest import Process
from tests.end_to_end.ports import free_port
from tests.faults.crew import PATIENCE, Crew, hired
from tests.faults.feed import drained, standing
from tests.faults.refresh_store import is_thorough
from tests.faults.till import SUBSCRIBERS
from tests.redis_server import RedisServer
from tests.workers.conftest import said
from workers import keys

SENDERS = 8
ENOUGH = 100
"""Acknowledgements and runs to wait for before each kill, so that each hits a Redis at work."""
LONGEST_ABSENCE = 2.0
"""Seconds that Redis is away at most."""
WRONG_SECONDS = 15.0


class Senders:
    """Deliveries that never stop, each sent until it is taken; and when each was."""

    def __init__(self, url: str) -> None:
        self.acknowledged: dict[str, float] = {}
        self._url = url

    async def send(self, session: aiohttp.ClientSession) -> None:
        """Send one delivery after the other; one that was not taken is sent again."""
        while True:
            body = said({"id": secrets.token_hex(8), "version": 1})
            while not await self._is_taken(session, body):  # noqa: ASYNC110 - Redis is away
                await asyncio.sleep(0.02)

    async def _is_taken(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        async with session.post(self._url, data=body, headers=signed(body)) as response:
            answer = await response.read()
        assert response.status in {200, 503}, answer
        if response.status == 200:
            event_id = msgspec.json.decode(answer)["event_id"]
            self.acknowledged.setdefault(event_id, time.monotonic())
        return response.status == 200


@pytest.mark.timeout(300)
async def test_what_was_acknowledged_outlives_a_redis_whose_power_is_cut(
    environ: dict[str, str], key: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    kills, number = (20, 3) if is_thorough(pytestconfig) else (2, 2)
    with RedisServer() as redis:
        environ = {**environ, "REDIS_URL": redis.url}
        async with Database(redis.url) as database, hired(environ, "till", tmp_path) as crew:
            connection = await Connections(database, Vault([Secret(key)])).link(
                "kowhai", unsigned=False
            )
            await crew.start(number)
            senders, backs = await cut(redis, crew, environ, connection, kills)
            await drained(database)
            handled = await standing(database, keys.HANDLED)
            assert await standing(database, keys.FAILED) == set()
    jobs = crew.ledger.read().jobs()
    acknowledged = set(senders.acknowledged)
    done = {job for job, runs in jobs.items() if any(run.ended for run in runs)}
    assert acknowledged - handled == set()
    assert {(event_id, name) for event_id in acknowledged for name in SUBSCRIBERS} - done == set()
    again = [run for runs in jobs.values() for run in runs[1:]]
    assert all(run.attempt > 1 for run in again), "a second run, not said"
    taken, worked = (max(column) for column in zip(*backs, strict=True))
    print(
        f"\n{kills} kills of Redis, {len(acknowledged)} events acknowledged, 0 lost; {len(again)} "
        f"second runs, each said by ctx.attempt; deliveries are taken again {taken:.2f} s after "
        f"Redis answers, jobs run again after {worked:.2f} s, at most"
    )
    assert max(taken, worked) < WRONG_SECONDS


async def cut(
    redis: RedisServer, crew: Crew, environ: dict[str, str], connection: Connection, kills: int
) -> tuple[Senders, list[tuple[float, float]]]:
    """Cut Redis' power under load; return what was sent and how soon all was back, each time."""
    port = free_port()
    senders = Senders(f"http://127.0.0.1:{port}{path(connection, 'sale.update')}")
    environ = {**os.environ, **environ, "HOST": "127.0.0.1", "PORT": str(port)}
    folder = crew.ledger.file.parent
    web = Process("web", folder / "web.log", environ, folder)
    try:
        await asyncio.to_thread(web.line, "web.ready")
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            sending = [group.create_task(senders.send(session)) for _ in range(SENDERS)]
            backs = [await back(redis, crew, senders) for _ in range(kills)]
            for one in sending:
                one.cancel()
    finally:
        await asyncio.to_thread(web.stop)
    return senders, backs


async def back(redis: RedisServer, crew: Crew, senders: Senders) -> tuple[float, float]:
    """Kill Redis at work and start it again; say how soon deliveries were taken and jobs run."""
    acknowledged, runs = len(senders.acknowledged), len(crew.ledger.read().runs)
    async with asyncio.timeout(PATIENCE):
        while (  # noqa: ASYNC110 - a file tells nobody
            len(senders.acknowledged) < acknowledged + ENOUGH
            or len(crew.ledger.read().runs) < runs + ENOUGH
        ):
            await asyncio.sleep(0.005)
    redis.kill()
    await asyncio.sleep(random.uniform(0, LONGEST_ABSENCE))  # noqa: S311 - no secret
    await asyncio.to_thread(redis.start)
    answers = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        while True:
            taken = [at for at in senders.acknowledged.values() if at > answers]
            begun = [run.began for run in crew.ledger.read().runs if run.began > answers]
            if taken and begun:
                return min(taken) - answers, min(begun) - answers
            await asyncio.sleep(0.005)
