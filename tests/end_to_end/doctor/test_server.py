"""Faults of Redis: each has one line that says its cause and its mend."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from actions.database import place
from tests.end_to_end.conftest import PATIENCE
from tests.end_to_end.doctor.conftest import HIDDEN, Patient, names

Seed = Callable[[Patient], Awaitable[dict[str, str]]]


async def password(patient: Patient) -> dict[str, str]:
    await patient.config("requirepass", HIDDEN)
    return {}


async def wrong_password(patient: Patient) -> dict[str, str]:
    await patient.config("requirepass", "right")
    return {"REDIS_URL": f"unix://:{HIDDEN}@{place(patient.redis.url)}"}


async def no_such_number(patient: Patient) -> dict[str, str]:
    return {"REDIS_URL": f"{patient.redis.url}?db=99"}


async def no_permissions(patient: Patient) -> dict[str, str]:
    rights = ("~*", "&*", "+@all", "-@write", "+eval", "+evalsha")
    await patient.database.do("ACL", "SETUSER", "reader", "on", f">{HIDDEN}", *rights)
    return {"REDIS_URL": f"unix://reader:{HIDDEN}@{place(patient.redis.url)}"}


async def full(patient: Patient) -> dict[str, str]:
    await patient.config("maxmemory", 1)
    return {}


async def nearly_full(patient: Patient) -> dict[str, str]:
    for number in range(20):
        await patient.database.do("SET", f"much {number}", "x" * (1 << 20))
    used = (await patient.database.do("INFO", "memory"))["used_memory"]
    await patient.config("maxmemory", int(used * 1.05))
    return {}


async def replica(patient: Patient) -> dict[str, str]:
    await patient.database.do("REPLICAOF", "127.0.0.1", "1")
    return {}


async def evicting(patient: Patient) -> dict[str, str]:
    await patient.config("maxmemory-policy", "allkeys-lru")
    return {}


async def forgetful(patient: Patient) -> dict[str, str]:
    await patient.config("appendonly", "no")
    return {}


async def slow(patient: Patient) -> dict[str, str]:
    await patient.database.do("CLIENT", "PAUSE", "60000", "ALL")
    return {}


FAULTS: dict[str, tuple[Seed, str, str, str]] = {
    "a password that is not given": (
        password,
        "wrong",
        "refuses to serve: Authentication required.",
        "Put user and password into REDIS_URL: redis://user:password@host:6379/0.",
    ),
    "a wrong password": (
        wrong_password,
        "wrong",
        "refuses to serve: invalid username-password pair",
        "Put the right user and password into REDIS_URL.",
    ),
    "a database that Redis does not have": (
        no_such_number,
        "wrong",
        "refuses to serve: DB index is out of range",
        "End REDIS_URL with the number of a database that it has, such as /0.",
    ),
    "a user who may not write": (
        no_permissions,
        "wrong",
        "has no permissions to run the 'set' command",
        "Let that user run every command on backroom:* and arq:*.",
    ),
    "a full Redis": (
        full,
        "wrong",
        "MB that it may use, and takes no delivery any more.",
        "Give it more memory, or handle what is in the inbox.",
    ),
    "a Redis that is nearly full": (
        nearly_full,
        "warn",
        "MB that it may use: when full, it takes no delivery.",
        "Give it more memory, or handle what is in the inbox.",
    ),
    "a replica": (
        replica,
        "wrong",
        "redis It is a replica, which takes no writes.",
        "Point REDIS_URL to the primary.",
    ),
    "a Redis that evicts": (
        evicting,
        "warn",
        "maxmemory-policy is allkeys-lru: when full, it throws acknowledged deliveries away.",
        "Set it to noeviction: CONFIG SET maxmemory-policy noeviction, and in redis.conf.",
    ),
    "a Redis that forgets": (
        forgetful,
        "warn",
        "appendonly is no: a restart loses what was acknowledged since the last snapshot.",
        "Set it to yes: CONFIG SET appendonly yes, and in redis.conf.",
    ),
    "a Redis that does not answer": (
        slow,
        "wrong",
        "redis No Redis answers at /",
        "start one there, or set REDIS_URL to where it is.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_redis_is_named_with_its_mend(patient: Patient, fault: str) -> None:
    seed, level, cause, mend = FAULTS[fault]
    more = await seed(patient)
    await names(patient, level, cause, mend, **more)


async def test_a_redis_that_cannot_save_is_named_with_its_mend(patient: Patient) -> None:
    (patient.redis.folder / "dump.rdb").mkdir()
    await patient.config("save", "3600 1000000")
    await patient.database.do("BGSAVE")
    async with asyncio.timeout(PATIENCE):
        while (await patient.database.do("INFO", "persistence"))["rdb_last_bgsave_status"] == "ok":
            pass
    await names(patient, "wrong", "MISCONF", "Free its disk, and read its log: it cannot save.")
    await patient.config("save", "")  # else it would not leave


Change = Callable[[bytes], bytes]


@asynccontextmanager
async def relayed(patient: Patient, change: Change) -> AsyncIterator[dict[str, str]]:
    """Let Redis say what none here can say."""

    async def relay(there: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        answers, asking = await asyncio.open_unix_connection(place(patient.redis.url))

        async def forth() -> None:
            while asked := await there.read(1 << 16):
                asking.write(asked)
            asking.close()

        going = asyncio.create_task(forth())
        while answer := await answers.read(1 << 16):
            back.write(change(answer))
        back.close()
        await going

    async with await asyncio.start_unix_server(relay, patient.folder / "r"):
        yield {"REDIS_URL": f"unix://{patient.folder / 'r'}"}


def old(answer: bytes) -> bytes:
    return re.sub(rb"(\nredis_version:)\d\.\d\.\d", rb"\g<1>6.0.9", answer)


def clustered(answer: bytes) -> bytes:
    return re.sub(rb"(\n(redis|server)_mode:)standalone", rb"\g<1>cluster\r\n#", answer)


def ahead(answer: bytes) -> bytes:
    """Let the answer to TIME be a minute later."""
    time = re.fullmatch(rb"\*2\r\n\$10\r\n(\d{10})(\r\n\$\d\r\n\d+\r\n)", answer)
    return b"*2\r\n$10\r\n%d%b" % (int(time[1]) + 60, time[2]) if time else answer


RELAYED: dict[str, tuple[Change, str, str, str]] = {
    "an old Redis": (
        old,
        "wrong",
        "redis Redis 6.0.9 is too old.",
        "Use Redis 6.2 or newer, or Valkey.",
    ),
    "a cluster": (
        clustered,
        "wrong",
        "redis It is a Redis Cluster, and a delivery is stored under keys that one node must have.",
        "Use a Redis without cluster mode.",
    ),
    "another time": (
        ahead,
        "warn",
        "clock This machine's clock is 60 s behind Redis'.",
        "Let NTP set both: jobs run and tokens are refreshed at the wrong time.",
    ),
}


@pytest.mark.parametrize("fault", RELAYED)
async def test_a_fault_that_redis_tells_of_itself_is_named_with_its_mend(
    patient: Patient, fault: str
) -> None:
    change, level, cause, mend = RELAYED[fault]
    async with relayed(patient, change) as more:
        await names(patient, level, cause, mend, **more)
