"""A storm of 429s, with each Retry-After that says nothing right: nothing lost, hardly asked."""

import asyncio
from collections import Counter

import pytest

from actions.budget import Budget
from actions.client import Client
from actions.database import Database
from actions.grants import Grants, Pair
from actions.resources.brands import CreateBrand
from actions.secret import Secret
from actions.sending import open_session
from actions.simulator.faults import Fault
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from actions.tokens import Tokens
from actions.vault import Vault
from tests.faults.budget_crowd import PATIENCE, aged
from tests.faults.refresh_store import is_thorough

HEADERS = ("date", "seconds", "missing", "past", "negative", "far", "garbage")
WINDOW = 300.0
WRITES = 40


@pytest.mark.timeout(600)
async def test_a_storm_of_429s_loses_nothing_and_is_asked_once_in_a_window(
    database: Database, vault: Vault, pytestconfig: pytest.Config
) -> None:
    windows, pace = (10, 60.0) if is_thorough(pytestconfig) else (3, 300.0)
    await aged(database)
    options = Options(retailers=HEADERS, products=1, time_scale=pace)
    async with Simulator(options) as simulator, open_session() as session:
        for header in HEADERS:
            simulator.stage.faults.add(Fault(name="429-storm", retailer=header))
            if header != "date":
                simulator.stage.faults.add(Fault(name=f"retry-after-{header}", retailer=header))
        grants, began = Grants(database, vault), simulator.stage.clock.now()
        async with Budget(database, pace=pace) as one, Budget(database, pace=pace) as other:
            origin = f"{simulator.origin}/{{domain_prefix}}"
            clients = [Client(Tokens(grants), session, it, origin=origin) for it in (one, other)]
            for header in HEADERS:
                await grants.keep(header, Pair(access=Secret(simulator.personal_token(header))))
            writing = [asyncio.create_task(write(clients, header)) for header in HEADERS]
            await simulator.stage.clock.until(began + windows * WINDOW)
            simulator.stage.faults.remove()
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*writing)
    assert simulator.bugs == []
    judge(simulator, windows, is_exact=is_thorough(pytestconfig))


async def write(clients: list[Client], retailer: str) -> None:
    """Write with both, all at once; each waits as long as it takes."""
    await asyncio.gather(
        *(
            client.call(CreateBrand(name=f"{who}-{number}"), retailer, lane="bulk")
            for who, client in enumerate(clients)
            for number in range(WRITES)
        )
    )


def judge(simulator: Simulator, windows: int, *, is_exact: bool) -> None:
    """Read the book."""
    book = simulator.stage.ledger
    asked = Counter(one.retailer for one in book.requests if one.status == 429)
    done = {header: book.writes[header, "POST /brands"] for header in HEADERS}
    told = ", ".join(f"{header} {asked[header]}" for header in HEADERS)
    print(
        f"\n429s for {windows} windows, {2 * WRITES} writes waiting: asked as often ({told}); "
        f"0 lost, 0 done twice"
    )
    assert done == dict.fromkeys(HEADERS, 2 * WRITES)
    # The first, one for each window since, and one that a slow machine let go in its stead. In the
    # small form a window is a second, so a machine that pauses makes windows of its own.
    if is_exact:
        assert max(asked.values()) <= windows + 2
