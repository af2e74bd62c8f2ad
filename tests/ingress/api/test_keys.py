"""API keys: shown once, hashed at rest, scoped, and gone in every process when revoked."""

from datetime import UTC, datetime, timedelta

import pytest

from actions.connections import BadDomainPrefix
from actions.database import Database
from actions.resources.brands import CreateBrand, GetBrand, ListBrands
from ingress.api.keys import ApiKeys, BadKey, NotAdmitted, TooMany
from tests.ingress.api.conftest import api_key


async def test_a_key_is_kept_as_a_digest_alone(keys: ApiKeys, database: Database) -> None:
    text = (await keys.create(api_key("erp"))).reveal()
    await keys.admit(text)
    kept = [await database.do("DUMP", name) for name in await database.do("KEYS", "*")]
    assert not any(text[8:].encode() in one for one in kept)
    (listed,) = await keys.all()
    assert listed.key.hint == text[:8]
    assert text not in repr(listed)


async def test_its_last_use_is_known(keys: ApiKeys) -> None:
    text = (await keys.create(api_key("erp"))).reveal()
    (listed,) = await keys.all()
    assert listed.used_at is None
    before = datetime.now(UTC) - timedelta(seconds=5)
    await keys.admit(text)
    (listed,) = await keys.all()
    assert listed.used_at is not None
    assert listed.used_at > before


async def test_a_revoked_key_is_refused_at_once_whoever_knew_it(
    keys: ApiKeys, database: Database
) -> None:
    text, other = [(await keys.create(api_key(name))).reveal() for name in ("erp", "bi")]
    elsewhere = ApiKeys(database)
    await elsewhere.admit(text)
    await keys.revoke("erp")
    with pytest.raises(NotAdmitted):
        await elsewhere.admit(text)
    assert (await elsewhere.admit(other)).name == "bi"
    with pytest.raises(BadKey, match="no key named"):
        await keys.revoke("erp")


async def test_an_expired_key_is_refused(keys: ApiKeys) -> None:
    soon = datetime.now(UTC) - timedelta(seconds=1)
    text = (await keys.create(api_key("erp", expires_at=soon))).reveal()
    with pytest.raises(NotAdmitted):
        await keys.admit(text)


@pytest.mark.parametrize(
    "text", ["", "bk_", "bk_short", "x" * 46, "bk_" + "ä" * 43, "bk_" + "A" * 43]
)
async def test_what_is_no_key_is_refused(keys: ApiKeys, text: str) -> None:
    await keys.create(api_key("erp"))
    with pytest.raises(NotAdmitted):
        await keys.admit(text)


async def test_each_key_may_make_so_many_calls_a_minute(keys: ApiKeys) -> None:
    text = (await keys.create(api_key("erp", a_minute=3))).reveal()
    other = (await keys.create(api_key("bi"))).reveal()
    for _ in range(3):
        await keys.admit(text)
    with pytest.raises(TooMany, match="3 calls a minute") as refused:
        await keys.admit(text)
    assert 0 < refused.value.after <= 60
    await keys.admit(other)


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 61, "ä"])
async def test_a_name_that_cannot_be_one_is_refused(keys: ApiKeys, name: str) -> None:
    with pytest.raises(BadKey, match="no name"):
        await keys.create(api_key(name))


async def test_two_keys_have_two_names(keys: ApiKeys) -> None:
    await keys.create(api_key("erp"))
    with pytest.raises(BadKey, match="already"):
        await keys.create(api_key("erp"))
    with pytest.raises(BadDomainPrefix):
        await keys.create(api_key("bi", retailers=("evil.example/",)))
    assert len(await keys.all()) == 1


def test_it_may_what_it_was_made_for() -> None:
    lists = api_key("lists", actions=("List*",))
    assert (lists.may(ListBrands), lists.may(GetBrand)) == (True, False)
    reads = api_key("reads", read_only=True)
    assert (reads.may(ListBrands), reads.may(CreateBrand)) == (True, False)
    assert api_key("all").may(CreateBrand)
    one = api_key("one", retailers=("kowhai",))
    assert (one.reaches("kowhai"), one.reaches("torea")) == (True, False)
    assert api_key("any").reaches("torea")
