"""A client in front of a running simulator: a real Redis, real sockets, a personal token."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import aiohttp
import pytest

import actions.exchange
from actions.action import Action
from actions.client import Client
from actions.database import Database
from actions.grants import Grants, Pair
from actions.secret import Secret
from actions.sending import open_session
from actions.simulator.faults import Fault
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from actions.tokens import Tokens
from actions.vault import Vault
from tests.actions.desk import Desk
from tests.actions.simulator.conftest import Browser

R = TypeVar("R")


class Shop:
    """A store of a simulator, the client under test, and a bare client that looks after it."""

    def __init__(self, simulator: Simulator, client: Client, browser: Browser) -> None:
        self.simulator = simulator
        self.client = client
        self.browser = browser

    async def call(self, action: Action[R]) -> R:
        return await self.client.call(action, "kowhai")

    def strike(self, name: str, path: str = "*", *, times: int | None = 1) -> None:
        """Switch a fault on."""
        self.simulator.stage.faults.add(Fault(name=name, path=path, times=times))

    def seen(self) -> list[tuple[str, int]]:
        """Return the route and status of every request since the ledger was opened."""
        return [(one.route, one.status) for one in self.simulator.stage.ledger.requests]

    def written(self) -> list[str]:
        """Return the route of every write that was done."""
        return [one.route for one in self.simulator.stage.ledger.applied]

    def forget(self) -> None:
        """Open a new ledger."""
        self.simulator.stage.ledger.reset()


OpenShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
def grants(database: Database, vault: Vault) -> Grants:
    return Grants(database, vault)


@pytest.fixture
def tokens(grants: Grants) -> Tokens:
    return Tokens(grants)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
async def open_shop(
    grants: Grants, tokens: Tokens, session: aiohttp.ClientSession
) -> AsyncIterator[OpenShop]:
    """Start simulators with options; at the end none of them may have had a bug."""
    started: list[Simulator] = []
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(aiohttp.ClientSession())

        async def open_shop(**options: Any) -> Shop:
            simulator = Simulator(Options(**({"products": 8} | options)))
            started.append(await stack.enter_async_context(simulator))
            await grants.keep("kowhai", Pair(access=Secret(simulator.personal_token("kowhai"))))
            client = Client(tokens, session, origin=f"{simulator.origin}/{{domain_prefix}}")
            return Shop(simulator, client, Browser(bare, simulator, "kowhai"))

        yield open_shop
    assert [simulator.bugs for simulator in started] == [[] for _ in started]


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop()


@pytest.fixture
def client(shop: Shop) -> Client:
    return shop.client


@pytest.fixture
async def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A budget in virtual time, in a Redis that has kept budgets for long."""
    desk = Desk(database)
    await database.do("SET", "backroom:budgets:since", 0)
    monkeypatch.setattr(actions.exchange, "time", desk.clock)
    return desk
