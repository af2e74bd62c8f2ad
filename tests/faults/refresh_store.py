"""A store of a simulator, our grant for it, and processes that use the grant at once."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

import aiohttp
import msgspec
import pytest

from actions.database import Database
from actions.grants import Grants
from actions.oauth import Application, OAuth
from actions.secret import Secret
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from actions.vault import Vault
from tests.actions.simulator.conftest import CALLBACK, Browser
from tests.faults.refresh_caller import REPORTS, RETAILER, Order, Report, Setup, orders
from workers.children import guarded

GRANT = f"backroom:grant:{RETAILER}"
_PATIENCE = 4
_LOOKS = 10
"""Looks for a report, of `_PATIENCE` seconds each, before it is missed."""


def is_thorough(config: pytest.Config) -> bool:
    """`make faults` names this folder, and is given time; `make test` names none."""
    return any("faults" in argument for argument in config.args)


class Process:
    """One of the processes: its name, its id, and what guards it."""

    def __init__(self, name: str, guard: subprocess.Popen[bytes]) -> None:
        self.name = name
        self.pid = 0
        self._guard = guard

    async def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        await asyncio.to_thread(self._guard.wait)


class Store:
    """What the judge sees, and what the processes are told."""

    def __init__(
        self, browser: Browser, redis_url: str, key: str, database: Database, log: Path
    ) -> None:
        self.simulator = browser.simulator
        self.grants = Grants(database, Vault([Secret(key)]))
        self.oauth = OAuth(browser.session, _application(browser.simulator), _origin(browser))
        self.processes = ExitStack()
        self._browser = browser
        self._database = database
        self._redis_url, self._key = redis_url, key
        self._numbers = count()
        self._log = log

    async def link(self) -> None:
        """Have the merchant consent."""
        code = (await self._browser.consent())["code"]
        await self.grants.keep(RETAILER, await self.oauth.exchange(RETAILER, code))

    def start(self) -> Process:
        """Start a process; it reports when it is ready."""
        name, options = f"caller-{next(self._numbers)}", self.simulator.options
        setup = Setup(
            name=name,
            redis_url=self._redis_url,
            key=self._key,
            origin=_origin(self._browser),
            client_id=options.client_id,
            client_secret=options.client_secret,
            redirect_uri=CALLBACK,
        )
        return Process(name, self.processes.enter_context(_running(setup, self._log)))

    async def ready(self, processes: Sequence[Process]) -> list[Process]:
        """Wait for the first report of each."""
        named = {one.name: one for one in processes}
        for report in await self.reports(len(named)):
            named[report.name].pid = report.pid
        return list(named.values())

    async def order(self, processes: Sequence[Process], order: Order) -> None:
        """Give each process an order, all at once."""
        text = msgspec.json.encode(order)
        await self._database.together([("RPUSH", orders(one.name), text) for one in processes])

    async def reports(self, number: int) -> list[Report]:
        """Wait for so many reports."""
        found: list[Report] = []
        for _ in range(_LOOKS + number):
            if len(found) == number:
                return found
            told = await self._database.do("BLPOP", REPORTS, _PATIENCE)
            if told is not None:
                found.append(msgspec.json.decode(told[1], type=Report))
        raise AssertionError(f"{len(found)} of {number} reported; {self._told()}")

    def _told(self) -> str:
        return self._log.read_text()

    async def forget_reports(self) -> None:
        """Throw away what a process may have told before it was killed."""
        await self._database.do("DEL", REPORTS)

    async def expire(self) -> None:
        """Let the access token be over, as if a day had gone by."""
        await self._database.do("HSET", GRANT, "expires", 1)

    async def has_turn(self) -> bool:
        """Whether somebody has the turn to refresh."""
        return bool(await self._database.do("HEXISTS", GRANT, "turn_until"))

    async def let_turn_pass(self) -> None:
        """Move the end of a dead process' turn to the past."""
        if await self.has_turn():
            await self._database.do("HSET", GRANT, "turn_until", 1)

    async def is_good(self) -> bool:
        """Whether the API takes the token that is kept."""
        token = (await self.grants.get(RETAILER)).pair.access.reveal()
        return self.simulator.stage.access.of(f"Bearer {token}", RETAILER) is not None

    @property
    def refreshed(self) -> int:
        """How often the token endpoint has rotated the pair."""
        return self.simulator.stage.ledger.writes[RETAILER, "POST /token refresh_token"]

    def asked(self, status: int) -> int:
        """How many token requests were answered so."""
        return self.simulator.stage.ledger.counts[RETAILER, "POST /token", status]


@asynccontextmanager
async def linked_store(redis_url: str, key: str, database: Database) -> AsyncIterator[Store]:
    """A store whose merchant has consented. At the end its processes end with it."""
    options = Options(products=1, switches={"token_limit": 1_000_000})
    async with aiohttp.ClientSession() as session, Simulator(options) as simulator:
        with tempfile.NamedTemporaryFile() as log:
            browser = Browser(session, simulator, RETAILER)
            store = Store(browser, redis_url, key, database, Path(log.name))
            await store.link()
            with store.processes:
                yield store
    assert simulator.bugs == []


@contextmanager
def _running(setup: Setup, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = (sys.executable, "-m", "tests.faults.refresh_caller")
    with (
        log.open("ab") as out,
        subprocess.Popen(  # noqa: S603 - our own command line
            guarded([*command, msgspec.json.encode(setup).decode()]),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
        ) as guard,
    ):
        try:
            yield guard
        finally:
            assert guard.stdin
            guard.stdin.close()
            guard.wait()


def _origin(browser: Browser) -> str:
    return f"{browser.simulator.origin}/{{domain_prefix}}"


def _application(simulator: Simulator) -> Application:
    return Application(
        client_id=simulator.options.client_id,
        client_secret=Secret(simulator.options.client_secret),
        redirect_uri=CALLBACK,
        scopes=(),
    )
