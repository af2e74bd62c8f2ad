import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec import structs

from actions.connections import Address, Connection, address
from actions.database import Database
from actions.errors import DatabaseAway
from actions.vault import Vault
from ingress.intake import MOST_BYTES, MOST_WAITING, Busy, Intake
from workers import keys
from workers.embedded import EmbeddedRedis
from workers.inbox import Arrival, Inbox
from workers.listing import sizes

MANY = 500


@pytest.fixture
async def intake(inbox: Inbox) -> Intake:
    """An intake whose writer does not run yet."""
    return Intake(inbox)


@pytest.fixture
async def writer(intake: Intake) -> AsyncIterator[asyncio.Task[None]]:
    writer = asyncio.create_task(intake.run())
    yield writer
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)


@pytest.fixture
async def owner(kowhai: Connection, database: Database) -> Address:
    found = await address(database, kowhai.webhook_key.reveal())
    assert found is not None
    return found


@pytest.fixture
def own() -> Iterator[EmbeddedRedis]:
    """A Redis that a test may spoil."""
    with EmbeddedRedis() as redis:
        yield redis


def arrival(owner: Address, body: bytes | None = None) -> Arrival:
    event_id = secrets.token_hex(12)
    return Arrival(owner, event_id, "sale.update", 0, "", body or secrets.token_bytes(16))


async def put(intake: Intake, arrival: Arrival) -> str:
    return await intake.put(arrival, asyncio.get_running_loop().time() + 30)


async def put_all(intake: Intake, arrivals: list[Arrival]) -> list[str]:
    async with asyncio.timeout(30):
        return await asyncio.gather(*(put(intake, one) for one in arrivals))


async def counted(database: Database, reason: str, expected: int) -> None:
    """Wait until a count is in Redis."""
    async with asyncio.timeout(5):
        while True:
            _, counts = await sizes(database)
            if counts.get(reason) == expected:
                return
            await asyncio.sleep(0.01)


async def calls(database: Database) -> int:
    stats = await database.do("INFO", "commandstats")
    return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))


@pytest.mark.usefixtures("writer")
async def test_concurrent_deliveries_share_round_trips(
    intake: Intake, owner: Address, database: Database
) -> None:
    await database.do("CONFIG", "RESETSTAT")
    arrivals = [arrival(owner) for _ in range(MANY)]
    answers = await put_all(intake, arrivals)
    assert answers == [one.event_id for one in arrivals]
    assert (await sizes(database))[0]["open"] == MANY
    assert 0 < await calls(database) < MANY / 10


@pytest.mark.usefixtures("writer")
async def test_a_lone_delivery_makes_one_round_trip(
    intake: Intake, owner: Address, database: Database
) -> None:
    await put(intake, arrival(owner))
    await database.do("CONFIG", "RESETSTAT")
    await put(intake, arrival(owner))
    assert await calls(database) == 1


@pytest.mark.usefixtures("writer")
async def test_in_one_batch_each_sender_gets_its_own_answer(intake: Intake, owner: Address) -> None:
    first, other = arrival(owner), arrival(owner)
    again = structs.replace(first, event_id="again")
    moved = arrival(structs.replace(owner, owner=b"kowhai unsigned"))
    answers = await put_all(intake, [first, again, moved, other])
    assert answers == [first.event_id, first.event_id, "", other.event_id]


async def test_one_delivery_more_than_may_wait_is_told_to_come_back(
    intake: Intake, owner: Address
) -> None:
    waiting = [asyncio.create_task(put(intake, arrival(owner))) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await put(intake, arrival(owner))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_more_bytes_than_may_wait_are_told_to_come_back(
    intake: Intake, owner: Address
) -> None:
    large = bytes(MOST_BYTES // 4)
    waiting = [asyncio.create_task(put(intake, arrival(owner, large))) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await put(intake, arrival(owner))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_waited_makes_room_once_it_is_stored(
    intake: Intake, owner: Address, database: Database
) -> None:
    tasks = [asyncio.create_task(put(intake, arrival(owner))) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    writer = asyncio.create_task(intake.run())
    async with asyncio.timeout(30):
        await asyncio.gather(*tasks)
        assert await put(intake, arrival(owner))
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    assert (await sizes(database))[0]["open"] == MOST_WAITING + 1


async def test_a_sender_that_has_gone_is_not_stored(
    intake: Intake, owner: Address, database: Database
) -> None:
    gone = asyncio.create_task(put(intake, arrival(owner)))
    stays = arrival(owner)
    task = asyncio.create_task(put(intake, stays))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    writer = asyncio.create_task(intake.run())
    assert await task == stays.event_id
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    assert await database.do("ZRANGE", keys.OPEN, 0, -1) == [stays.event_id.encode()]


@pytest.mark.usefixtures("writer")
async def test_a_count_reaches_redis_though_no_delivery_follows(
    intake: Intake, owner: Address, database: Database
) -> None:
    await put(intake, arrival(owner))
    for _ in range(3):
        intake.count("refused for a test")
    await counted(database, "refused for a test", 3)


async def test_what_is_counted_by_the_end_is_written(intake: Intake, database: Database) -> None:
    writer = asyncio.create_task(intake.run())
    await asyncio.sleep(0)
    intake.count("refused for a test")
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    assert (await sizes(database))[1] == {"refused for a test": 1}


async def test_counts_and_the_writer_survive_a_failure_of_redis(
    own: EmbeddedRedis, vault: Vault
) -> None:
    nobody = Address("kowhai", unsigned=False, digest=b"x", owner=b"kowhai signed")
    async with Database(own.url, 1.0) as database:
        intake = Intake(Inbox(database, vault, 60))
        writer = asyncio.create_task(intake.run())
        await database.do("CONFIG", "SET", "maxmemory", "1")
        intake.count("refused for a test")
        with pytest.raises(DatabaseAway, match="refuses to serve"):
            await put(intake, arrival(nobody))
        await database.do("CONFIG", "SET", "maxmemory", "0")
        await counted(database, "refused for a test", 1)
        assert await put(intake, arrival(nobody)) == ""
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)


async def test_a_script_cut_short_hides_no_delivery_behind_a_digest(
    intake: Intake, owner: Address, database: Database
) -> None:
    first, new = arrival(owner), arrival(owner)
    again = structs.replace(first, event_id="again")
    writer = asyncio.create_task(intake.run())
    await put(intake, first)
    await database.do("HSET", keys.event(first.event_id), "repeats", "no number")
    puts = (put(intake, new), put(intake, again))
    assert all(
        isinstance(one, DatabaseAway) for one in await asyncio.gather(*puts, return_exceptions=True)
    )
    await database.do("DEL", keys.event(first.event_id))
    assert await put(intake, new) == new.event_id
    assert await database.do("EXISTS", keys.delivery(new.event_id)) == 1
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
