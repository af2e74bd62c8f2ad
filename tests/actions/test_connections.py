import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actions.connections import (
    WEBHOOK_KEYS,
    BadDomainPrefix,
    Connection,
    Connections,
    address,
    addresses,
    all_unsigned,
    domain_prefix,
)
from actions.database import Database
from actions.errors import CannotOpen, NotConnected
from actions.secret import Secret
from actions.vault import Vault, new_key


async def test_a_linked_retailer_is_found_again(connections: Connections) -> None:
    made = await connections.link("torea", unsigned=True)
    found = await connections.get("torea")
    assert found.retailer == "torea"
    assert found.webhook_key.reveal() == made.webhook_key.reveal()
    assert found.unsigned
    assert timedelta(0) <= datetime.now(UTC) - found.linked_at < timedelta(minutes=1)


async def test_linking_again_keeps_the_urls(
    connections: Connections, kowhai: Connection, database: Database
) -> None:
    again = await connections.link("kowhai", unsigned=True)
    assert again.webhook_key.reveal() == kowhai.webhook_key.reveal()
    assert again.unsigned
    assert len(await connections.all()) == 1
    assert len(await addresses(database)) == 1


async def test_connections_are_listed_by_name(connections: Connections) -> None:
    for name in ("torea", "kowhai", "0-weka"):
        await connections.link(name, unsigned=False)
    assert [one.retailer for one in await connections.all()] == ["0-weka", "kowhai", "torea"]


async def test_without_any_connection_the_lists_are_empty(
    connections: Connections, database: Database
) -> None:
    assert await connections.all() == []
    assert await addresses(database) == []


async def test_an_unknown_retailer_is_said_in_words(connections: Connections) -> None:
    with pytest.raises(NotConnected, match="torea is not linked: run `backroom connect torea"):
        await connections.get("torea")


async def test_every_retailer_has_its_own_unguessable_webhook_key(
    connections: Connections,
) -> None:
    made = [await connections.link(f"r{i}", unsigned=False) for i in range(20)]
    found = {one.webhook_key.reveal() for one in made}
    assert len(found) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", one) for one in found)


@pytest.mark.parametrize("unsigned", [False, True])
async def test_an_address_is_found_by_its_key_alone(
    connections: Connections, database: Database, *, unsigned: bool
) -> None:
    made = await connections.link("torea", unsigned=unsigned)
    found = await address(database, made.webhook_key.reveal())
    assert found is not None
    assert (found.retailer, found.unsigned) == ("torea", unsigned)
    assert await addresses(database) == [found]


async def test_no_secret_is_needed_where_all_are_unsigned(
    connections: Connections, database: Database
) -> None:
    assert not await all_unsigned(database)
    await connections.link("torea", unsigned=True)
    assert await all_unsigned(database)
    await connections.link("kowhai", unsigned=False)
    assert not await all_unsigned(database)


@pytest.mark.parametrize("odd", ["", " ", "kowhai", "%", "\0", "é☃", "x" * 10_000])
async def test_no_other_text_is_an_address(
    kowhai: Connection, database: Database, odd: str
) -> None:
    assert await address(database, odd) is None
    assert await address(database, kowhai.webhook_key.reveal() + odd) is None or not odd


async def test_redis_does_not_hold_the_webhook_key(
    connections: Connections, database: Database
) -> None:
    made = await connections.link("torea", unsigned=False)
    kept = [await database.do("HGETALL", name) for name in await database.do("KEYS", "*")]
    assert len(kept) == 2
    secret = made.webhook_key.reveal().encode()
    assert secret not in b"".join(b"".join((*h, *h.values())) for h in kept)


async def test_a_key_that_was_lost_is_said_in_words(database: Database, kowhai: Connection) -> None:
    stranger = Connections(database, Vault([Secret(new_key())]))
    with pytest.raises(CannotOpen, match="BACKROOM_KEYS"):
        await stranger.get(kowhai.retailer)


async def test_a_webhook_key_moved_to_another_retailer_does_not_open(
    connections: Connections, kowhai: Connection, database: Database
) -> None:
    kept = await database.do("HGET", "backroom:connections", kowhai.retailer)
    await database.do("HSET", "backroom:connections", "torea", kept)
    with pytest.raises(CannotOpen):
        await connections.get("torea")


async def test_an_address_taken_out_is_gone(kowhai: Connection, database: Database) -> None:
    await database.do("DEL", WEBHOOK_KEYS)
    assert await address(database, kowhai.webhook_key.reveal()) is None


def test_a_connection_does_not_show_its_webhook_key(kowhai: Connection) -> None:
    assert kowhai.webhook_key.reveal() not in repr(kowhai)


@pytest.mark.parametrize(
    ("given_text", "prefix"),
    [
        ("kowhai", "kowhai"),
        ("KowHai", "kowhai"),
        (" kowhai\n", "kowhai"),
        ("7", "7"),
        ("a-b--c", "a-b--c"),
        ("x" * 63, "x" * 63),
    ],
)
def test_one_dns_label_is_a_prefix(given_text: str, prefix: str) -> None:
    assert domain_prefix(given_text) == prefix


ADDRESSES = ["evil.example.com/x", "evil.example.com", "kowhai.", ".kowhai", "127.0.0.1", "[::1]"]
HYPHENS = ["-kowhai", "kowhai-", "-", "---"]
IN_URLS = [
    "k:80",
    "k@evil",
    "u:p@evil",
    "k?x",
    "k#x",
    "k/",
    "k/../x",
    "k%2e",
    "a\\b",
    "https://k",
    "*",
]
BLANKS = ["", " ", "a b", "a\tb", "a\0", "a\r\nHost: evil", "a\u200b", "a\u00ad", "a_b"]
BEYOND_ASCII = ["kōwhai", "\uff4bowhai", "kowhai。evil", "kowhai\uff0eevil", "ß", "\u0430", "☃"]
LONG = ["x" * 64, "x" * 10_000]


@pytest.mark.parametrize("bad", [*ADDRESSES, *HYPHENS, *IN_URLS, *BLANKS, *BEYOND_ASCII, *LONG])
def test_anything_else_is_no_prefix(bad: str) -> None:
    with pytest.raises(BadDomainPrefix) as caught:
        domain_prefix(bad)
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


_TEXTS = st.text(max_size=70) | st.text("abcxyz-.09/@:%#K\u212a\u0130\u017f ", max_size=70)


@settings(max_examples=500, deadline=None)
@given(_TEXTS | st.from_regex(r"\A[a-z0-9-]{0,65}\Z"))
@example("\u212aowhai")
def test_whatever_is_given_only_one_dns_label_comes_out(text: str) -> None:
    try:
        prefix = domain_prefix(text)
    except BadDomainPrefix:
        return
    assert re.fullmatch(r"[a-z0-9-]{1,63}", prefix, re.ASCII)
    assert prefix.strip("-") == prefix
    assert prefix == text.strip().lower()
