import time

import pytest

from actions.database import Database
from actions.errors import CannotOpen, NotConnected
from actions.grants import TURN_SECONDS, Busy, Grant, Grants, Mine, Over, Pair
from actions.secret import Secret
from actions.vault import Vault, new_key

KEY = "backroom:grant:kowhai"
PERSONAL = Pair(access=Secret("lsxs_pt_of_kowhai"))


def pair(number: int = 1) -> Pair:
    return Pair(
        access=Secret(f"access-{number}-of-kowhai"),
        refresh=Secret(f"refresh-{number}-of-kowhai"),
        expires_at=time.time() + 86_400,
        lasts=86_400,
        scopes=frozenset({"webhooks", "products:read"}),
    )


def told(one: Pair) -> tuple[str, str, float, float, frozenset[str] | None]:
    return one.access.reveal(), one.refresh.reveal(), one.expires_at, one.lasts, one.scopes


@pytest.fixture
def grants(database: Database, vault: Vault) -> Grants:
    return Grants(database, vault)


@pytest.fixture
async def grant(grants: Grants) -> Grant:
    await grants.keep("kowhai", pair())
    return await grants.get("kowhai")


async def begun(grants: Grants, grant: Grant) -> Mine:
    turn = await grants.begin(grant)
    assert isinstance(turn, Mine)
    return turn


async def let_turn_pass(database: Database) -> None:
    """Move the end of a turn to the past, as if its seconds had gone by."""
    assert await database.do("HSET", KEY, "turn_until", 1) == 0, "there is no turn"


@pytest.mark.parametrize("kept", [pair(), PERSONAL])
async def test_what_is_kept_is_got_back(grants: Grants, kept: Pair) -> None:
    await grants.keep("kowhai", kept)
    grant = await grants.get("kowhai")
    assert told(grant.pair) == told(kept)
    assert (grant.retailer, grant.generation, grant.state, grant.why) == ("kowhai", 1, "linked", "")


async def test_redis_never_sees_a_token(grants: Grants, grant: Grant, database: Database) -> None:
    await grants.renew(grant, await begun(grants, grant), pair(2))
    names = await database.do("KEYS", "*")
    assert set(names) == {KEY.encode(), b"backroom:meters"}
    whole = b"".join([await database.do("DUMP", name) for name in names])
    whole += b"".join(await database.do("HGETALL", KEY))
    for number in (1, 2):
        for token in told(pair(number))[:2]:
            assert token.encode() not in whole


async def test_no_repr_shows_a_token(grant: Grant) -> None:
    assert "of-kowhai" not in f"{grant!r} {grant} {grant.pair!r} {grant.pair}"


async def test_tokens_of_one_retailer_do_not_open_for_another(
    grants: Grants, grant: Grant, database: Database
) -> None:
    await grants.keep("rimu", pair(7))
    sealed = await database.do("HGET", KEY, "tokens")
    await database.do("HSET", "backroom:grant:rimu", "tokens", sealed)
    with pytest.raises(CannotOpen):
        await grants.get("rimu")
    assert told((await grants.get("kowhai")).pair) == told(grant.pair)


async def test_without_its_key_a_grant_does_not_open_and_says_so(
    grant: Grant, database: Database
) -> None:
    other = Grants(database, Vault([Secret(new_key())]))
    with pytest.raises(CannotOpen, match="BACKROOM_KEYS"):
        await other.get(grant.retailer)


async def test_nobody_is_linked_unasked(grants: Grants) -> None:
    with pytest.raises(NotConnected, match="backroom connect kowhai"):
        await grants.get("kowhai")


async def test_one_has_the_turn_and_the_others_wait(grants: Grants, grant: Grant) -> None:
    turns = [await grants.begin(grant) for _ in range(5)]
    assert [type(turn) for turn in turns] == [Mine, Busy, Busy, Busy, Busy]


async def test_turns_of_two_retailers_are_two_turns(grants: Grants, grant: Grant) -> None:
    await grants.keep("rimu", pair(7))
    await begun(grants, grant)
    await begun(grants, await grants.get("rimu"))


async def test_a_turn_ends_by_itself(grants: Grants, grant: Grant, database: Database) -> None:
    first = await begun(grants, grant)
    seconds, micros = await database.do("TIME")
    left = int(await database.do("HGET", KEY, "turn_until")) / 1000 - seconds - int(micros) / 1e6
    assert TURN_SECONDS - 5 < left <= TURN_SECONDS
    await let_turn_pass(database)
    second = await begun(grants, grant)
    assert second.fence > first.fence
    assert (first.asked_before, second.asked_before) == (False, True)


@pytest.mark.parametrize("sent", [True, False])
async def test_a_turn_that_is_yielded_says_whether_it_asked(
    grants: Grants, grant: Grant, *, sent: bool
) -> None:
    await grants.yield_turn(grant, await begun(grants, grant), sent=sent)
    assert (await begun(grants, grant)).asked_before is sent


async def test_a_turn_that_is_over_cannot_yield_the_next_one(
    grants: Grants, grant: Grant, database: Database
) -> None:
    first = await begun(grants, grant)
    await let_turn_pass(database)
    await begun(grants, grant)
    await grants.yield_turn(grant, first, sent=False)
    assert isinstance(await grants.begin(grant), Busy)


async def test_whoever_comes_with_an_older_generation_reads_again(
    grants: Grants, grant: Grant
) -> None:
    await grants.renew(grant, await begun(grants, grant), pair(2))
    assert isinstance(await grants.begin(grant), Over)
    now = await grants.get("kowhai")
    assert (now.generation, told(now.pair)[0]) == (2, "access-2-of-kowhai")
    assert (await begun(grants, now)).asked_before is False


async def test_a_grant_that_is_gone_gives_no_turn(
    grants: Grants, grant: Grant, database: Database
) -> None:
    await database.do("DEL", KEY)
    assert isinstance(await grants.begin(grant), Over)


async def test_a_pair_is_kept_also_when_the_turn_has_passed_to_another(
    grants: Grants, grant: Grant, database: Database
) -> None:
    first = await begun(grants, grant)
    await let_turn_pass(database)
    second = await begun(grants, grant)
    await grants.renew(grant, first, pair(2))
    await grants.bury(grant, second, "The refresh token is invalid.")
    now = await grants.get("kowhai")
    assert (now.state, now.generation) == ("linked", 2)
    assert told(now.pair)[0] == "access-2-of-kowhai"


async def test_a_pair_that_comes_after_a_burial_brings_the_grant_back(
    grants: Grants, grant: Grant, database: Database
) -> None:
    first = await begun(grants, grant)
    await let_turn_pass(database)
    await grants.bury(grant, await begun(grants, grant), "The refresh token is invalid.")
    assert (await grants.get("kowhai")).state == "needs_relink"
    await grants.renew(grant, first, pair(2))
    now = await grants.get("kowhai")
    assert (now.state, now.why, now.generation) == ("linked", "", 2)


async def test_a_refusal_in_a_turn_that_has_passed_buries_nothing(
    grants: Grants, grant: Grant, database: Database
) -> None:
    first = await begun(grants, grant)
    await let_turn_pass(database)
    second = await begun(grants, grant)
    await grants.bury(grant, first, "The refresh token is invalid.")
    assert (await grants.get("kowhai")).state == "linked"
    await grants.renew(grant, second, pair(2))
    await grants.bury(grant, first, "The refresh token is invalid.")
    assert (await grants.get("kowhai")).state == "linked"


async def test_a_buried_grant_says_why_and_gives_no_turn(grants: Grants, grant: Grant) -> None:
    await grants.bury(grant, await begun(grants, grant), "The refresh token is invalid.")
    now = await grants.get("kowhai")
    assert (now.state, now.why) == ("needs_relink", "The refresh token is invalid.")
    assert isinstance(await grants.begin(now), Over)


async def test_linking_again_ends_a_turn_and_a_burial(grants: Grants, grant: Grant) -> None:
    await grants.bury(grant, await begun(grants, grant), "The refresh token is invalid.")
    await grants.keep("kowhai", pair(3))
    now = await grants.get("kowhai")
    assert (now.state, now.why, now.generation) == ("linked", "", 2)
    stale = await begun(grants, now)
    await grants.keep("kowhai", pair(4))
    newest = await grants.get("kowhai")
    assert (await begun(grants, newest)).asked_before is False
    for late in (grants.renew(now, stale, pair(9)), grants.bury(now, stale, "x")):
        await late
    kept = await grants.get("kowhai")
    assert (told(kept.pair)[0], kept.state) == ("access-4-of-kowhai", "linked")


async def test_every_script_stands_being_run_twice(grants: Grants, grant: Grant) -> None:
    """`Database` tries once more when a connection breaks: the first try may have counted."""
    turn = await begun(grants, grant)
    for _ in range(2):
        await grants.renew(grant, turn, pair(2))
    now = await grants.get("kowhai")
    assert (now.generation, told(now.pair)[0]) == (2, "access-2-of-kowhai")
    turn = await begun(grants, now)
    for _ in range(2):
        await grants.bury(now, turn, "revoked")
    assert (await grants.get("kowhai")).why == "revoked"
