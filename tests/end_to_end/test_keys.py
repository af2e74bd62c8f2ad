"""`backroom keys`: a new key in front, and the old one out, while a process goes on writing."""

import asyncio
import json

import pytest

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants, Pair
from actions.secret import Secret
from actions.vault import Vault, new_key
from tests.end_to_end.conftest import Run

RETAILERS = tuple(f"store-{number}" for number in range(40))


def pair(number: int) -> Pair:
    return Pair(access=Secret(f"access {number}"), refresh=Secret(f"refresh {number}"))


@pytest.fixture
def new() -> str:
    return new_key()


async def test_rotating_lets_the_old_key_go_and_loses_no_change(
    run: Run, database: Database, vault: Vault, key: str, new: str
) -> None:
    urls = {}
    for name in RETAILERS:
        await Grants(database, vault).keep(name, pair(0))
        linked = await Connections(database, vault).link(name, unsigned=False)
        urls[name] = linked.webhook_key.reveal()
    rotating = asyncio.create_task(
        asyncio.to_thread(run, "keys", "rotate", BACKROOM_KEYS=f"{new},{key}")
    )
    grants, kept = Grants(database, Vault([Secret(new), Secret(key)])), 0
    while not rotating.done():
        kept += 1
        for name in RETAILERS[::2]:
            await grants.keep(name, pair(kept))
    assert (await rotating).stdout == "Sealed anew: tokens and webhook keys of 40 retailers.\n"
    alone = Vault([Secret(new)])
    found = await Connections(database, alone).all()
    assert {one.retailer: one.webhook_key.reveal() for one in found} == urls
    for place, name in enumerate(RETAILERS):
        grant = await Grants(database, alone).get(name)
        wanted = 0 if place % 2 else kept
        assert grant.pair.refresh.reveal() == f"refresh {wanted}"
        assert grant.generation == wanted + 1


def test_a_key_that_lacks_is_one_sentence(run: Run, new: str) -> None:
    run("connect", "kowhai", "--personal-token", "t")
    ended = run("keys", "rotate", code=1, BACKROOM_KEYS=new)
    assert ended.stdout == ""
    (said,) = ended.stderr.splitlines()
    assert said.endswith(
        "does not open with the keys in BACKROOM_KEYS: add the key that sealed it."
    )


def test_a_new_key_can_stand_in_front_of_the_old_one(run: Run, key: str) -> None:
    made = run("keys", "new").stdout.strip()
    assert made != run("keys", "new").stdout.strip()
    run("connect", "kowhai", "--personal-token", "t")
    run("keys", "rotate", BACKROOM_KEYS=f"{made},{key}")
    assert "kowhai" in run("retailers", BACKROOM_KEYS=made).stdout
    run("retailers", code=1)


def test_an_api_key_is_shown_once_listed_and_revoked(run: Run, database: Database) -> None:
    assert database is not None
    assert "backroom keys create" in run("keys", "list").stdout
    words = ("--retailer", "kowhai", "--actions", "List*", "--expires", "30")
    key = run("keys", "create", "erp", *words).stdout.strip()
    assert key.startswith("bk_")
    listed = run("keys", "list").stdout
    assert key not in listed
    assert all(word in listed for word in ("erp", key[:8], "kowhai", "List*", "never"))
    (found,) = json.loads(run("keys", "list", "--json").stdout)
    assert (found["key"]["retailers"], found["used_at"]) == (["kowhai"], None)
    assert "already" in run("keys", "create", "erp", code=2).stderr
    assert "could run no action" in run("keys", "create", "no", "--actions", "Nix*", code=2).stderr
    assert "erp is revoked" in run("keys", "revoke", "erp").stdout
    assert "no key named" in run("keys", "revoke", "erp", code=2).stderr
