"""The examination: every check in turn. None that fails stops another."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeAlias

from actions.database import Database
from actions.errors import BackroomError, DatabaseAway, WrongSetting
from workers.doctor import environment, hooks, outside, retailers, scopes, server, work
from workers.doctor.finding import Finding, Setup
from workers.logs import where
from workers.settings import Settings

_SECONDS: Final = 3.0
"""For one call of Redis."""

Check: TypeAlias = Callable[[Setup, Database], Awaitable[list[Finding]]]
_ON_REDIS: Final[dict[str, Check]] = {
    "redis": server.serving,
    "clock": server.clock,
    "keys": retailers.keys,
    "secret": retailers.secret,
    "address": retailers.address,
    "lightspeed": outside.lightspeed,
    "retailers": retailers.linked,
    "scopes": scopes.scopes,
    "hooks": hooks.hooks,
    "backlog": work.backlog,
    "inbox": work.inbox,
}
CHECKS: Final = ("settings", "plugins", *_ON_REDIS)
"""Every check of the engine's, in the order in which they are told."""


async def examine(
    settings: Settings,
    refused: Mapping[str, WrongSetting],
    environ: Mapping[str, str],
    more: Mapping[str, Check],
) -> list[Finding]:
    """Run every check that can be run, and `more`; `refused` are the wrong settings by variable."""
    checks = {**_ON_REDIS, **more}
    setup = Setup(environ, settings, refused)
    found = environment.settings(setup)
    found += await _run("plugins", environment.plugins(setup))
    if "REDIS_URL" in refused:
        return [*found, _skipped("REDIS_URL is right", checks)]
    async with Database(settings.redis_url, _SECONDS) as database:
        try:
            await database.do("PING")
        except DatabaseAway as away:
            return [*found, server.refusal("redis", away), _skipped("Redis answers", checks)]
        for name, check in checks.items():
            found += await _run(name, check(setup, database))
    return found


async def _run(name: str, check: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        return await check
    except DatabaseAway as away:
        return [server.refusal(name, away)]
    except BackroomError as error:
        return [Finding("wrong", name, str(error))]
    except Exception as error:  # noqa: BLE001 - what is kept may have any form
        return [Finding("wrong", name, f"It broke: {where(error)}.", "Report it.")]


def _skipped(until: str, checks: Iterable[str]) -> Finding:
    names = ", ".join(name for name in checks if name != "redis")
    return Finding("skipped", "the rest", f"Not looked at until {until}: {names}.")
