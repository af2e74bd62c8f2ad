"""Answers that are lost and batches that are refused, beside a till and another application."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

import pytest

from actions.action import Action
from actions.database import Database
from actions.permit import Permit
from actions.vault import Vault
from tests.faults.refresh_store import is_thorough
from tests.faults.stock_book import PATIENCE, RETAILER, Book, Busy, busy_store
from workers.embedded import EmbeddedRedis
from workers.environment import load
from workers.lightspeed import Lightspeed, lightspeed
from workers.settings import Settings
from workers.stock import keys
from workers.stock.runs import ClientWay
from workers.stock.sender import Sender

R = TypeVar("R")

SETTLE = 0.05
"""This vendor has applied what it will before the next call."""
EVERY = 20
"""Of so many requests one goes wrong."""


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis that need not be waited for: it syncs what it is told before it answers."""
    with EmbeddedRedis("always") as redis:
        yield redis.url


@pytest.fixture
async def busy() -> AsyncIterator[Busy]:
    async with busy_store() as busy:
        yield busy


@pytest.fixture
async def reach(
    environ: dict[str, str], database: Database, vault: Vault, busy: Busy
) -> AsyncIterator[Lightspeed]:
    settings = load(Settings, environ | busy.store.environ)
    async with lightspeed(settings, database, vault) as reach:
        await reach.grants.keep(RETAILER, busy.store.pair())
        yield reach


class Struck(ClientWay):
    """A way on which every so many requests go wrong, in one manner after the other."""

    def __init__(self, reach: Lightspeed, busy: Busy, every: int, *faults: str) -> None:
        super().__init__(reach.client, "interactive", PATIENCE)
        self.sent = self.struck = 0
        self._busy, self._every, self._faults = busy, every, faults

    async def call(self, action: Action[R], retailer: str, permit: Permit | None = None) -> R:
        """Run an action now, and let it go wrong where it is time."""
        if permit is None:
            return await super().call(action, retailer)
        self.sent += 1
        if self.sent % self._every:
            return await super().call(action, retailer, permit)
        async with self._busy.quiet:
            name = self._faults[self.struck % len(self._faults)]
            self._busy.store.strike(name, path="POST /stock_adjustments")
            self.struck += 1
            return await super().call(action, retailer, permit)


def sender(reach: Lightspeed, way: ClientWay) -> Sender:
    """Make a sender that doubts for as long as this vendor needs."""
    return Sender(reach.stock.database, way, RETAILER, keys.waiting(RETAILER), settle=SETTLE)


async def sent(sender: Sender) -> None:
    """Send all that waits."""
    async with asyncio.timeout(PATIENCE):
        while (after := await sender.step()) is not None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(after)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "faults", [("lost-answer",), ("lost-answer", "reset", "5xx", "html-error")]
)
async def test_after_a_lost_answer_each_item_is_there_once(
    reach: Lightspeed, busy: Busy, pytestconfig: pytest.Config, faults: tuple[str, ...]
) -> None:
    requests = 2000 if is_thorough(pytestconfig) else 60
    way = Struck(reach, busy, EVERY, *faults)
    book, sending = Book(busy.store), sender(reach, way)
    while way.sent < requests:
        await book.give(reach.stock, 5)
        await sent(sending)
    verdict = await book.verdict(reach.stock)
    print(f"\n{way.sent} requests, {way.struck} struck by {', '.join(faults)}: {verdict}")
    assert way.struck == way.sent // EVERY
    verdict.check()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stores", ["nothing", "good-rows"])
@pytest.mark.parametrize("names_rows", [True, False])
async def test_of_a_batch_of_which_half_is_bad_the_good_half_is_applied_once(
    reach: Lightspeed, busy: Busy, pytestconfig: pytest.Config, stores: str, *, names_rows: bool
) -> None:
    size, batches = (200, 3) if is_thorough(pytestconfig) else (20, 2)
    switches = {"bad_batch": stores, "bad_batch_names_rows": names_rows}
    busy.store.simulator.stage.switches.change(switches)
    way = Struck(reach, busy, EVERY, "lost-answer", "reset")
    book, sending = Book(busy.store), sender(reach, way)
    for _ in range(batches):
        await book.give(reach.stock, size, bad=size // 2)
        await sent(sending)
    verdict = await book.verdict(reach.stock)
    named = "rows named" if names_rows else "rows not named"
    print(
        f"\n{batches} batches, half of each bad, the vendor stores {stores}, {named}: "
        f"{way.sent} requests, {way.struck} struck: {verdict}"
    )
    verdict.check(refused=batches * (size // 2))
