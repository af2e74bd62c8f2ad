import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from actions.database import Database, Script, place
from actions.errors import DatabaseAway, WrongSetting
from workers.embedded import EmbeddedRedis

PASSWORD = "hunter2-canary"

Call = Callable[[Database], Awaitable[object]]
WRITE = Script("return redis.call('SET', KEYS[1], ARGV[1])")
CALLS: dict[str, Call] = {
    "do": lambda database: database.do("SET", "a", 1),
    "together": lambda database: database.together([("SET", "a", 1), ("GET", "a")]),
    "run": lambda database: database.run(WRITE, ["a"], [1]),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture
def own() -> Iterator[EmbeddedRedis]:
    """A Redis that a test may spoil."""
    with EmbeddedRedis() as redis:
        yield redis


def with_password(url: str, password: str) -> str:
    return url.replace("unix://", f"unix://:{password}@")


async def said(url: str, call: Call = CALLS["do"], seconds: float = 5.0) -> str:
    """What a call says that cannot be served."""
    async with Database(url, seconds) as database, asyncio.timeout(10):
        with pytest.raises(DatabaseAway) as caught:
            await call(database)
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_together_answers_in_order(database: Database) -> None:
    commands = [("SET", "a", 1), ("INCR", "a"), ("GET", "a")]
    assert await database.together(commands) == [True, 2, b"2"]


async def test_a_script_runs_whether_redis_has_seen_it_or_not(database: Database) -> None:
    script = Script("return {KEYS[1], ARGV[1]}")
    for _ in range(2):
        assert await database.run(script, ["a"], ["b"]) == [b"a", b"b"]
    await database.do("SCRIPT", "FLUSH")
    assert await database.run(script, ["a"], ["b"]) == [b"a", b"b"]


@each_call
async def test_where_nothing_answers_the_message_names_the_place(call: Call) -> None:
    message = await said(f"redis://:{PASSWORD}@127.0.0.1:1/0", call)
    assert message.startswith("No Redis answers at 127.0.0.1:1:")
    assert "REDIS_URL" in message


@each_call
async def test_a_full_redis_is_said_in_its_words(own: EmbeddedRedis, call: Call) -> None:
    async with Database(own.url) as database:
        await database.do("CONFIG", "SET", "maxmemory", "1")
    message = await said(own.url, call)
    assert message.startswith(f"Redis at {place(own.url)} refuses to serve: ")
    assert call is CALLS["together"] or "maxmemory" in message


@each_call
async def test_a_replica_is_said_to_be_read_only(own: EmbeddedRedis, call: Call) -> None:
    async with Database(own.url) as database:
        await database.do("REPLICAOF", "127.0.0.1", "1")
    message = await said(own.url, call)
    assert message.startswith(f"Redis at {place(own.url)} refuses to serve: ")


@each_call
async def test_a_slow_redis_is_given_up(own: EmbeddedRedis, call: Call) -> None:
    async with Database(own.url) as database:
        await database.do("CLIENT", "PAUSE", "60000", "ALL")
    assert place(own.url) in await said(own.url, call, 0.05)


@each_call
async def test_a_connection_that_broke_is_replaced(database: Database, call: Call) -> None:
    await database.do("PING")
    await database.do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
    assert await call(database)


@pytest.mark.parametrize("password", ["", PASSWORD])
async def test_a_wrong_password_is_not_said_to_be_an_absent_redis(
    own: EmbeddedRedis, password: str
) -> None:
    async with Database(own.url) as database:
        await database.do("CONFIG", "SET", "requirepass", "right")
    message = await said(with_password(own.url, password) if password else own.url)
    assert "No Redis answers" not in message
    assert "password" in message or "uthentication" in message
    assert PASSWORD not in message


async def test_the_right_password_is_taken(own: EmbeddedRedis) -> None:
    async with Database(own.url) as database:
        await database.do("CONFIG", "SET", "requirepass", PASSWORD)
    async with Database(with_password(own.url, PASSWORD)) as database:
        assert await database.do("SET", "a", 1)
        assert PASSWORD not in f"{database!r} {database.where}"


async def test_an_unknown_command_is_said_in_redis_words(database: Database) -> None:
    with pytest.raises(DatabaseAway, match="refuses to serve: unknown command") as caught:
        await database.do("NOSUCH", "x" * 1000)
    assert len(str(caught.value)) < 300


async def test_calls_side_by_side_each_get_their_own_answer(database: Database) -> None:
    calls = (database.do("ECHO", str(number)) for number in range(200))
    answers = await asyncio.gather(*calls)
    assert answers == [str(number).encode() for number in range(200)]


async def test_a_call_that_was_cancelled_leaves_no_answer_behind(database: Database) -> None:
    for number in range(100):
        call = asyncio.ensure_future(database.do("ECHO", f"left {number}"))
        for _ in range(number % 5):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert await database.do("ECHO", str(number)) == str(number).encode()


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://localhost:6379/0", "localhost:6379"),
        ("redis://", "localhost:6379"),
        ("redis://redis", "redis:6379"),
        (f"redis://:{PASSWORD}@redis:7000/2", "redis:7000"),
        (f"rediss://name:{PASSWORD}@redis", "redis:6379"),
        (f"redis://name:a@{PASSWORD}@redis", "redis:6379"),
        ("unix:///run/redis.sock", "/run/redis.sock"),
        (f"unix://:{PASSWORD}@/run/redis.sock?db=1", "/run/redis.sock"),
    ],
)
def test_a_place_is_said_without_its_password(url: str, where: str) -> None:
    assert place(url) == where


BAD_URLS = ["", "redis", "localhost:6379", "http://redis", "redis:6379", "redis://redis:port"]


@pytest.mark.parametrize("bad", [*BAD_URLS, "redis://redis:99999", f"redis//{PASSWORD}@redis"])
def test_what_is_no_redis_address_is_said_in_words(bad: str) -> None:
    with pytest.raises(WrongSetting, match="REDIS_URL is no Redis address") as caught:
        Database(bad)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("option", ["db=x", "socket_timeout=soon", "no_such_option=1"])
async def test_an_option_that_redis_does_not_know_is_a_wrong_setting(option: str) -> None:
    with pytest.raises(WrongSetting, match="REDIS_URL") as caught:
        async with Database(f"redis://:{PASSWORD}@127.0.0.1:1?{option}") as database:
            await database.do("PING")
    assert PASSWORD not in str(caught.value)
