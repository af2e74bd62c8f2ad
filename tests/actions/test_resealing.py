"""Sealing anew: under a new key alone everything opens, and no change made meanwhile is lost."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from actions.connections import Connection, Connections
from actions.database import Database, Script
from actions.errors import CannotOpen
from actions.grants import Grants, Pair
from actions.resealing import reseal, unopened
from actions.secret import Secret
from actions.vault import Vault, new_key

Change = Callable[[], Awaitable[None]]


def pair(number: int) -> Pair:
    return Pair(access=Secret(f"access {number}"), refresh=Secret(f"refresh {number}"))


@pytest.fixture
def new() -> str:
    return new_key()


@pytest.fixture
def both(key: str, new: str) -> Vault:
    """A vault of every process once the new key stands in front."""
    return Vault([Secret(new), Secret(key)])


@pytest.fixture
def alone(new: str) -> Vault:
    return Vault([Secret(new)])


class Meddling(Database):
    """A database where another process makes a change just before each script runs."""

    def __init__(self, url: str, change: Change) -> None:
        super().__init__(url)
        self._change = change

    async def run(
        self, script: Script, keys: Sequence[str], args: Sequence[str | bytes | float]
    ) -> Any:
        await self._change()
        return await super().run(script, keys, args)


async def test_afterwards_everything_opens_with_the_new_key_alone(
    database: Database, vault: Vault, both: Vault, alone: Vault, connections: Connections
) -> None:
    made = [await connections.link(name, unsigned=True) for name in ("kowhai", "torea")]
    for number, one in enumerate(made):
        await Grants(database, vault).keep(one.retailer, pair(number))
    with pytest.raises(CannotOpen):
        await Connections(database, alone).all()
    assert await reseal(database, both) == 2
    found = await Connections(database, alone).all()
    assert [one.webhook_key.reveal() for one in found] == [one.webhook_key.reveal() for one in made]
    assert [(one.retailer, one.unsigned, one.linked_at) for one in found] == [
        (one.retailer, True, one.linked_at) for one in made
    ]
    for number, one in enumerate(made):
        grant = await Grants(database, alone).get(one.retailer)
        assert grant.pair.access.reveal() == f"access {number}"
        assert grant.pair.refresh.reveal() == f"refresh {number}"
        assert grant.generation == 1  # whoever has it in memory goes on with it
        with pytest.raises(CannotOpen):
            await Grants(database, vault).get(one.retailer)


async def test_sealing_anew_twice_is_harmless(
    database: Database, both: Vault, alone: Vault, kowhai: Connection
) -> None:
    assert [await reseal(database, both) for _ in range(2)] == [1, 1]
    (found,) = await Connections(database, alone).all()
    assert found.webhook_key.reveal() == kowhai.webhook_key.reveal()


async def test_nothing_linked_is_nothing_to_seal(database: Database, both: Vault) -> None:
    assert await reseal(database, both) == 0
    assert await database.do("KEYS", "*") == []


async def test_a_key_that_lacks_is_said_and_nothing_is_lost(
    database: Database, vault: Vault, alone: Vault, kowhai: Connection
) -> None:
    with pytest.raises(CannotOpen, match="webhook key kowhai"):
        await reseal(database, alone)
    (found,) = await Connections(database, vault).all()
    assert found.webhook_key.reveal() == kowhai.webhook_key.reveal()


async def test_a_grant_that_is_refreshed_meanwhile_is_not_put_back(
    redis_url: str, database: Database, vault: Vault, both: Vault, alone: Vault
) -> None:
    await Connections(database, vault).link("kowhai", unsigned=False)
    grants = Grants(database, both)
    await Grants(database, vault).keep("kowhai", pair(0))
    kept = 0

    async def refreshed() -> None:
        nonlocal kept
        kept += 1
        await grants.keep("kowhai", pair(kept))

    async with Meddling(redis_url, refreshed) as meddling:
        await reseal(meddling, both)
    assert kept == 2
    grant = await Grants(database, alone).get("kowhai")
    assert (grant.pair.refresh.reveal(), grant.generation) == ("refresh 2", 3)


async def test_a_connection_that_changes_meanwhile_is_not_put_back(
    redis_url: str, database: Database, both: Vault, alone: Vault, kowhai: Connection
) -> None:
    async def unsigned() -> None:
        await Connections(database, both).link("kowhai", unsigned=True)

    async with Meddling(redis_url, unsigned) as meddling:
        await reseal(meddling, both)
    (found,) = await Connections(database, alone).all()
    assert found.unsigned
    assert found.webhook_key.reveal() == kowhai.webhook_key.reveal()


async def test_what_does_not_open_is_named_by_retailer(
    database: Database, vault: Vault, both: Vault, alone: Vault, connections: Connections
) -> None:
    assert await unopened(database, alone) == []
    for name in ("torea", "kowhai", "weka"):
        await connections.link(name, unsigned=True)
    await Grants(database, vault).keep("kowhai", pair(0))
    assert await unopened(database, vault) == []
    assert await unopened(database, alone) == ["kowhai", "torea", "weka"]
    await reseal(database, both)
    await Grants(database, vault).keep("weka", pair(1))
    assert await unopened(database, alone) == ["weka"]
