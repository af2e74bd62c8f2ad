"""`kill -9` of what sends stock adjustments, at every place where it hurts, under load."""

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actions.database import Database
from actions.grants import Grants
from actions.vault import Vault
from tests.faults.crew import ROOT
from tests.faults.refresh_store import is_thorough
from tests.faults.stock_book import RETAILER, Book, Busy, busy_store
from tests.faults.stock_sender import PLACES
from workers.children import guarded
from workers.stock import keys
from workers.stock.orders import StockOrders

SETTLE = 0.5
OPEN = 400
"""Items that wait at any time, about."""
LARGEST = 60
"""Items of an order."""
PATIENCE = 500.0


class Dying:
    """The processes that send, and where those that are over have died."""

    def __init__(self, log: Path) -> None:
        self._log = log

    @property
    def deaths(self) -> Counter[str]:
        """How many have died where."""
        return Counter(line for line in self._log.read_text().splitlines() if line in PLACES)


@contextmanager
def dying(environ: dict[str, str], kills: int, log: Path) -> Iterator[Dying]:
    """Run processes that send and die, so many times."""
    command = [sys.executable, "-m", "tests.faults.stock_sender"]
    with (
        log.open("wb") as out,
        subprocess.Popen(  # noqa: S603 - our own command line
            guarded([*command, RETAILER, str(kills), str(SETTLE)]),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=ROOT,
            env={**os.environ, **environ, "PYTHONPATH": str(ROOT), "LOG_LEVEL": "error"},
        ) as guard,
    ):
        try:
            yield Dying(log)
        finally:
            assert guard.stdin
            guard.stdin.close()
            guard.wait()


async def over(book: Book, orders: StockOrders) -> None:
    """Wait until every order is over."""
    await asyncio.gather(*map(orders.outcome, book.orders))


@pytest.mark.timeout(600)
async def test_what_a_killed_sender_had_sent_is_there_once(
    environ: dict[str, str],
    database: Database,
    vault: Vault,
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    kills = 100 if is_thorough(pytestconfig) else 5
    orders = StockOrders(database, linger=0.0)
    async with busy_store() as busy:
        await Grants(database, vault).keep(RETAILER, busy.store.pair())
        book = Book(busy.store)
        with dying(environ | busy.store.environ, kills, tmp_path / "senders.log") as senders:
            async with asyncio.timeout(PATIENCE):
                await loaded(book, orders, senders, kills)
                await over(book, orders)
        verdict = await book.verdict(orders)
        deaths = senders.deaths
        sent = posts(busy)
    await orders.close()
    told = ", ".join(f"{count} {place}" for place, count in sorted(deaths.items()))
    print(f"\n{kills} kills of a sender ({told}), {sent} requests: {verdict}")
    assert deaths.total() == kills
    assert set(deaths) == set(PLACES)
    verdict.check()


async def loaded(book: Book, orders: StockOrders, senders: Dying, kills: int) -> None:
    """Give orders of all sizes until so many processes have died."""
    await book.give(orders, 1)
    while senders.deaths.total() < kills:
        if await orders.database.do("LLEN", keys.waiting(RETAILER)) < OPEN:
            size = random.choice((1, 1, 2, LARGEST))  # noqa: S311 - no secret
            await book.give(orders, size)
        await asyncio.sleep(0.01)


def posts(busy: Busy) -> int:
    """Return how many requests to adjust stock were ours."""
    seen = busy.store.simulator.stage.ledger.requests
    return sum(one.route == "POST /stock_adjustments" and not one.application for one in seen)
