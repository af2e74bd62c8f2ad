"""What tests of the engine share: a delivery put straight into the inbox, a plugin that notes."""

import asyncio
import json
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from msgspec import structs
from structlog.testing import capture_logs
from structlog.typing import EventDict

import ingress
from actions.connections import Connection, Connections, address
from actions.database import Database
from workers.claims import Claims
from workers.discovery import Loaded, Plugins
from workers.events import SALE_UPDATE, Event, EventType
from workers.inbox import Arrival, Inbox, Outcome, now_ms
from workers.keys import EVENTS_QUEUE
from workers.listing import Entry, one
from workers.plugins import Context, NoSettings, Plugin
from workers.queue import DISPATCH, job
from workers.settings import Settings
from workers.worker import EVENT_EFFECTS, build

KOWHAI_ID = "b1e0f6f2-ret-kowhai"
EMAIL = "mere.shopper@example.nz"

Store = Callable[..., Awaitable[str]]
Lines = list[EventDict]
Start = Callable[..., Awaitable[Process]]
Step = Callable[..., Awaitable[None]]

SOURCE = str(Path(ingress.__file__).parents[1])
BOUND = 30.0
"""Seconds after which a worker hangs; none of them is waited for otherwise."""


def sale(sale_id: str = "s1", version: int | None = 1, **more: object) -> dict[str, object]:
    """A small sale; `version=None` leaves it without order."""
    return {"id": sale_id, **({} if version is None else {"version": version}), **more}


def posted(payload: str, **fields: str) -> bytes:
    """The body of a delivery that has this payload and these other fields."""
    return urlencode({"payload": payload, **fields}).encode()


def said(payload: dict[str, Any], name: str = "sale.update", **fields: str) -> bytes:
    """The body of a delivery whose form says its type."""
    return posted(json.dumps(payload), type=name, **fields)


def ready(*plugins: Plugin[Any]) -> Plugins:
    """Plugins as a worker has them, without anything opened."""
    return Plugins([Loaded(plugin, "a test", plugin.settings()) for plugin in plugins])


class Ledger:
    """A plugin with one subscriber, `post`: it notes each run and ends it as told."""

    def __init__(
        self,
        *ends: BaseException | None,
        name: str = "ledger",
        on: EventType[Any] = SALE_UPDATE,
        **options: Any,
    ) -> None:
        self.runs: list[tuple[Event[Any], int]] = []
        self.plugin = Plugin(name)
        waiting = list(ends)

        @self.plugin.on(on, **{"backoff": 0.01, **options})
        async def post(event: Event[Any], ctx: Context[NoSettings]) -> None:
            self.runs.append((event, ctx.attempt))
            end = waiting.pop(0) if waiting else None
            if end is not None:
                raise end

    @property
    def attempts(self) -> list[int]:
        """The `ctx.attempt` of each run."""
        return [attempt for _, attempt in self.runs]

    @property
    def ids(self) -> list[str]:
        """The id of what each run was about."""
        return [event.payload.id for event, _ in self.runs]


@pytest.fixture
async def torea(connections: Connections) -> Connection:
    """Another linked retailer."""
    return await connections.link("torea", unsigned=False)


@pytest.fixture
def store(inbox: Inbox, kowhai: Connection, database: Database) -> Store:
    """Put one delivery into the inbox as the ingress does, and return its event's id."""

    async def store(
        body: bytes,
        declared: str = "sale.update",
        *,
        connection: Connection = kowhai,
        owner: bytes | None = None,
    ) -> str:
        known = await address(database, connection.webhook_key.reveal())
        assert known is not None
        arrival = Arrival(
            structs.replace(known, owner=owner or known.owner),
            f"{now_ms():012x}{secrets.token_hex(6)}",
            declared,
            now_ms(),
            "application/x-www-form-urlencoded",
            body,
        )
        (answer,) = await inbox.put([arrival], {})
        return answer

    return store


@pytest.fixture
def step(settings: Settings, inbox: Inbox) -> Step:
    """Run one job, or so many, as a worker with these plugins does."""

    async def step(*plugins: Plugin[Any], jobs: int = 1, inbox: Inbox = inbox) -> None:
        worker = build(settings, inbox, ready(*plugins), burst=True)
        worker.max_burst_jobs = jobs
        await worker.async_run()
        await worker.close()

    return step


async def due(database: Database, job_id: str, queue: str = EVENTS_QUEUE) -> None:
    """Let the time come at which a job runs."""
    await database.do("ZADD", queue, 0, job_id)


async def dispatch_again(database: Database, event_id: str) -> None:
    """Enqueue an event's dispatch once more."""
    await database.do("SET", f"arq:job:{event_id}", job(DISPATCH, event_id))
    await due(database, event_id)


async def die(database: Database, job_id: str, times: int) -> None:
    """Begin runs and end none of them, as a worker does that is killed in the middle."""
    for _ in range(times):
        await due(database, job_id)
        turn = await Claims(database, EVENTS_QUEUE, EVENT_EFFECTS).turn([], 1)
        assert [one.job_id for one in turn.claimed] == [job_id]
        await database.do("DEL", f"arq:in-progress:{job_id}")  # its lease has run out
    await due(database, job_id)


@pytest.fixture
async def event_id(store: Store) -> str:
    """A sale that waits for its dispatch."""
    return await store(said(sale()))


@pytest.fixture
async def start(environ: dict[str, str], tmp_path: Path) -> AsyncIterator[Start]:
    """Start a worker in a folder that holds the module `shop` with the given text."""
    async with AsyncExitStack() as stack:

        async def start(text: str, *options: str, **more: str) -> Process:
            (tmp_path / "shop.py").write_text(text)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ingress", "worker", *options),
                cwd=tmp_path,
                env={
                    **environ,
                    "PLUGINS": "shop",
                    "PLUGINS_OFF": "*",
                    "PYTHONPATH": SOURCE,
                    **more,
                },
                stdout=PIPE,
                stderr=PIPE,
            )
            stack.push_async_callback(ended, process)
            return process

        yield start


async def ended(process: Process) -> None:
    """Kill it if it still runs, and read what a failed test left unread."""
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def read_until(process: Process, event: str) -> Lines:
    """The lines up to and with the first of that name."""
    assert process.stdout is not None
    lines: Lines = []
    async with asyncio.timeout(BOUND):
        while line := await process.stdout.readline():
            lines.append(msgspec.json.decode(line, type=dict[str, Any]))
            if lines[-1]["event"] == event:
                return lines
    raise AssertionError(f"no {event} in {lines}")


async def rest_of(process: Process) -> tuple[list[str], str]:
    """The names of the lines that are left, and what stands on stderr."""
    async with asyncio.timeout(BOUND):
        out, err = await process.communicate()
    return [msgspec.json.decode(line)["event"] for line in out.splitlines()], err.decode()


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Every line that is logged."""
    with capture_logs() as lines:
        yield lines


def named(lines: Lines, event: str) -> Lines:
    """The lines of that name."""
    return [line for line in lines if line["event"] == event]


async def entry_of(database: Database, event_id: str) -> Entry:
    """An event as the inbox shows it."""
    entry, _ = await one(database, event_id)
    return entry


async def outcome_of(database: Database, event_id: str, name: str = "ledger.post") -> Outcome:
    """What the inbox says of one subscriber."""
    return (await entry_of(database, event_id)).subscribers[name]


async def states(database: Database, *event_ids: str) -> list[str]:
    """The state of each of these events."""
    return [(await entry_of(database, event_id)).state for event_id in event_ids]


async def everything_in(database: Database) -> bytes:
    """Every key and value that Redis holds."""
    reads: dict[bytes, tuple[str, ...]] = {
        b"string": ("GET",),
        b"hash": ("HGETALL",),
        b"zset": ("ZRANGE", "0", "-1"),
        b"set": ("SMEMBERS",),
        b"list": ("LRANGE", "0", "-1"),
    }
    found = []
    for key in await database.do("KEYS", "*"):
        command, *rest = reads[await database.do("TYPE", key)]
        found.append(key + repr(await database.do(command, key, *rest)).encode())
    return b"\n".join(found)
