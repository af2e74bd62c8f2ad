"""A store on a simulator as Backroom is set up for it, and a merchant who consents there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from subprocess import CompletedProcess
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from msgspec import Struct

from actions.grants import Pair
from actions.secret import Secret
from actions.simulator.faults import Fault
from actions.simulator.simulator import Options, Simulator

Shell = Callable[..., Awaitable[CompletedProcess[str]]]


class Store(Struct, frozen=True):
    """The stores of a running simulator."""

    simulator: Simulator

    @property
    def environ(self) -> dict[str, str]:
        """The settings that lead there."""
        return {
            "LIGHTSPEED_ORIGIN": f"{self.simulator.origin}/{{domain_prefix}}",
            "LIGHTSPEED_AUTHORIZE_URL": f"{self.simulator.origin}/connect",
            "LIGHTSPEED_CLIENT_ID": self.simulator.options.client_id,
            "LIGHTSPEED_CLIENT_SECRET": self.simulator.options.client_secret,
        }

    def token(self, retailer: str = "kowhai", *scopes: str) -> str:
        """A personal token, with every scope unless told otherwise."""
        return self.simulator.personal_token(retailer, *scopes)

    def pair(self, retailer: str = "kowhai", *scopes: str) -> Pair:
        """The same, to keep as a grant."""
        return Pair(access=Secret(self.token(retailer, *scopes)))

    def strike(self, *names: str, path: str = "*", **more: Any) -> None:
        """Let the next call go wrong."""
        for name in names:
            self.simulator.stage.faults.add(Fault(name=name, path=path, **({"times": 1} | more)))

    @property
    def seen(self) -> list[tuple[str, int]]:
        """Route and status of every request."""
        return [(one.route, one.status) for one in self.simulator.stage.ledger.requests]

    @property
    def written(self) -> list[tuple[str, str]]:
        """Retailer and route of every write that was done."""
        return [(one.retailer, one.route) for one in self.simulator.stage.ledger.applied]

    def rows(self, table: str, retailer: str = "kowhai") -> list[dict[str, Any]]:
        """The rows of a table of a store."""
        return [dict(row) for row in self.simulator.shop(retailer).table(table).all()]


@asynccontextmanager
async def open_store(**options: Any) -> AsyncIterator[Store]:
    """Run a simulator; at the end it may not have had a bug."""
    async with Simulator(Options(**({"products": 2} | options))) as simulator:
        yield Store(simulator)
    assert simulator.bugs == []


async def consented(url: str, retailer: str = "kowhai", decision: str = "allow") -> dict[str, str]:
    """Open the consent page as a merchant does, decide, and return what the callback is given."""
    page, _, query = url.partition("?")
    form = dict(parse_qsl(query)) | {"decision": decision, "domain_prefix": retailer}
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as asked:
            assert asked.status == 200, await asked.text()
        async with session.post(page, data=form, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def shell(run: Callable[..., CompletedProcess[str]], store: Store) -> Shell:
    """Run commands set up for a store, while the store answers them."""

    async def command(*words: str, code: int = 0, **more: str) -> CompletedProcess[str]:
        return await asyncio.to_thread(run, *words, code=code, **{**store.environ, **more})

    return command
