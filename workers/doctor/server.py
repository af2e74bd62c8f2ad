"""Redis itself: whether it takes what we store, keeps it, and knows the time."""

import time
from typing import Any, Final

from actions.database import Database
from actions.errors import DatabaseAway
from workers.doctor.finding import Finding, Setup

OLDEST: Final = (6, 2)
"""The first version with all that the scripts use."""
_NEARLY_FULL: Final = 0.9
_CLOCK_SECONDS: Final = 5.0
_MENDS: Final = {
    "used memory >": "Give it more memory, or handle what is in the inbox.",
    "read only replica": "Point REDIS_URL to the primary.",
    "misconf": "Free its disk, and read its log: it cannot save.",
    "password": "Put the right user and password into REDIS_URL.",
    "authentication": "Put user and password into REDIS_URL: redis://user:password@host:6379/0.",
    "permissions": "Let that user run every command on backroom:* and arq:*.",
    "loading": "Wait until it has read its files.",
    "out of range": "End REDIS_URL with the number of a database that it has, such as /0.",
}
"""By what Redis says when it refuses."""


def refusal(check: str, away: DatabaseAway) -> Finding:
    """Say why Redis does not serve, and what to do about it."""
    said = str(away)
    mends = [mend for words, mend in _MENDS.items() if words in said.lower()]
    return Finding("wrong", check, said, "".join(mends[:1]))


async def serving(_: Setup, database: Database) -> list[Finding]:
    """See that Redis is of a version, a role and a make-up in which deliveries are safe."""
    facts: dict[str, Any] = await database.do("INFO")
    found = [*_kind(facts), *_memory(facts), *_keeping(facts)]
    refused = await _refused(database)
    if refused and not any(one.level == "wrong" for one in found):
        found.append(refused)
    if found:
        return found
    name = "Valkey" if "valkey_version" in facts else "Redis"
    version = facts.get("valkey_version", facts.get("redis_version"))
    return [Finding("ok", "redis", f"{name} {version} at {database.where} takes and keeps data.")]


async def clock(_: Setup, database: Database) -> list[Finding]:
    """Compare this machine's clock with Redis': jobs are due by both."""
    before = time.time()
    seconds, micros = await database.do("TIME")
    there, here = seconds + micros / 1e6, (before + time.time()) / 2
    apart = here - there
    if abs(apart) <= _CLOCK_SECONDS:
        return [Finding("ok", "clock", "This machine and Redis agree on the time.")]
    how = f"{abs(apart):,.0f} s {'ahead of' if apart > 0 else 'behind'}"
    return [
        Finding(
            "warn",
            "clock",
            f"This machine's clock is {how} Redis'.",
            "Let NTP set both: jobs run and tokens are refreshed at the wrong time.",
        )
    ]


async def _refused(database: Database) -> Finding | None:
    """Write something, as `/ready` does."""
    try:
        await database.do("SET", "backroom:ready", 1, "EX", 60)
    except DatabaseAway as away:
        return refusal("redis", away)
    return None


def _kind(facts: dict[str, Any]) -> list[Finding]:
    found = []
    version = str(facts.get("redis_version", ""))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) < OLDEST:
        said = f"Redis {version} is too old." if version else "It does not say which version it is."
        found.append(Finding("wrong", "redis", said, "Use Redis 6.2 or newer, or Valkey."))
    if "cluster" in {facts.get("redis_mode"), facts.get("server_mode")}:
        said = "It is a Redis Cluster, and a delivery is stored under keys that one node must have."
        found.append(Finding("wrong", "redis", said, "Use a Redis without cluster mode."))
    if facts.get("role", "master") != "master":
        said = "It is a replica, which takes no writes."
        found.append(Finding("wrong", "redis", said, "Point REDIS_URL to the primary."))
    return found


def _memory(facts: dict[str, Any]) -> list[Finding]:
    used = facts.get("used_memory", 0)
    limit = facts.get("maxmemory") or facts.get("total_system_memory")
    if not limit or used < _NEARLY_FULL * limit:
        return []
    said = f"It uses {used >> 20:,} MB of the {limit >> 20:,} MB that it may use"
    mend = _MENDS["used memory >"]
    if used >= limit:
        return [Finding("wrong", "redis", f"{said}, and takes no delivery any more.", mend)]
    return [Finding("warn", "redis", f"{said}: when full, it takes no delivery.", mend)]


def _keeping(facts: dict[str, Any]) -> list[Finding]:
    found = []
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        said = f"maxmemory-policy is {policy}: when full, it throws acknowledged deliveries away."
        mend = "Set it to noeviction: CONFIG SET maxmemory-policy noeviction, and in redis.conf."
        found.append(Finding("warn", "redis", said, mend))
    if not facts.get("aof_enabled", 1):
        said = "appendonly is no: a restart loses what was acknowledged since the last snapshot."
        mend = "Set it to yes: CONFIG SET appendonly yes, and in redis.conf."
        found.append(Finding("warn", "redis", said, mend))
    return found
