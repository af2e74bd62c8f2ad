"""The worker process: an engine for each queue, until SIGTERM."""

import asyncio
import contextlib
import os
from typing import Any

import structlog

from actions.database import Database
from actions.vault import Vault
from workers import queue
from workers.deliver import deliver
from workers.discovery import Plugins, discover
from workers.dispatch import dispatch
from workers.engine import Engine, Functions, cancelled
from workers.inbox import Inbox
from workers.keys import ACTIONS_QUEUE, EVENTS_QUEUE
from workers.lightspeed import Lightspeed, lightspeed
from workers.settings import Settings
from workers.signals import stop_asked

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

MAX_JOBS = 100
SHUTDOWN_SECONDS = 20
"""How long running jobs may go on after SIGTERM before they are handed back."""
_CLOSE_SECONDS = 3
_MARGIN_SECONDS = 25
"""Beyond the longest subscriber, for Redis."""
_LONGEST_CALL = 300.0
"""For one action with all its tries, in seconds."""


async def run(settings: Settings, *, burst: bool = False) -> None:
    """Work until SIGTERM or SIGINT; with `burst`, until the queue is empty.

    Raises:
        WrongSetting, BadPlugin, DatabaseAway: the worker cannot start.
    """
    stop = stop_asked()
    vault = Vault(settings.backroom_keys)
    plugins = discover(settings.plugins, settings.plugins_off)
    async with Database(settings.redis_url) as database:
        await database.do("PING")
        inbox = Inbox(database, vault, settings.inbox_seconds)
        async with plugins.open(), lightspeed(settings, database, vault) as reach:
            engines = [
                build(settings, inbox, plugins, burst=burst, reach=reach),
                build_actions(settings, reach, burst=burst),
            ]
            log.info("worker.ready", plugins=list(plugins.loaded), pid=os.getpid())
            try:
                await asyncio.gather(*(_work(engine, stop) for engine in engines))
            finally:
                await asyncio.gather(*map(_close, engines))
                log.info("worker.stopped")


async def _work(engine: Engine, stop: asyncio.Event) -> None:
    """Let the engine work until it ends or is told to stop; then running jobs get time to end."""
    working = asyncio.create_task(engine.async_run(), name=f"engine {engine.queue_name}")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    engine.allow_pick_jobs = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SHUTDOWN_SECONDS):
            # A claim that was under way may still start jobs while the others end.
            while running := [task for task in engine.tasks.values() if not task.done()]:
                await asyncio.wait(running)
    await cancelled(working)
    stopped.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _close(engine: Engine) -> None:
    """Leave, also when Redis is away: what is not handed back is taken over after its lease."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await engine.close()
    except (TimeoutError, asyncio.CancelledError) as error:
        log.warning("worker.not_closed", reason=type(error).__name__)


def build(
    settings: Settings,
    inbox: Inbox,
    plugins: Plugins,
    *,
    burst: bool,
    reach: Lightspeed | None = None,
) -> Engine:
    """Make the engine of the events queue."""
    longest = max((one.timeout for one in plugins.subscribers.values()), default=60.0)

    async def run_dispatch(_: dict[Any, Any], event_id: str) -> None:
        await dispatch(inbox, plugins, event_id)

    async def run_deliver(ctx: dict[Any, Any], event_id: str, subscriber: str) -> float | None:
        again = await deliver(inbox, plugins, event_id, subscriber, ctx["job_id"], reach)
        return again.after if again else None

    functions: Functions = {queue.DISPATCH: run_dispatch, queue.DELIVER: run_deliver}
    return _engine(settings, inbox.database, EVENTS_QUEUE, functions, longest, burst=burst)


def build_actions(settings: Settings, reach: Lightspeed, *, burst: bool) -> Engine:
    """Make the engine of the actions queue."""

    async def run_action(_: dict[Any, Any], job_id: str) -> float | None:
        again = await reach.jobs.run(reach.client, job_id)
        return again.after if again else None

    functions: Functions = {queue.RUN_ACTION: run_action}
    return _engine(
        settings, reach.jobs.database, ACTIONS_QUEUE, functions, _LONGEST_CALL, burst=burst
    )


def _engine(
    settings: Settings,
    database: Database,
    queue_name: str,
    functions: Functions,
    longest: float,
    *,
    burst: bool,
) -> Engine:
    return Engine(
        settings.redis_url,
        database,
        queue_name,
        functions,
        longest=longest + _MARGIN_SECONDS,
        max_jobs=MAX_JOBS,
        burst=burst,
    )
