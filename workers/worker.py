"""The worker process: arq, built in code. With `queue.py` the only place that names arq."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, cast

import msgspec
import structlog
from arq import Retry as ArqRetry
from arq import Worker, func
from arq.typing import WorkerCoroutine

from actions.database import Database
from actions.errors import BackroomError
from actions.vault import Vault
from workers import queue
from workers.deliver import deliver
from workers.discovery import Plugins, discover
from workers.dispatch import dispatch
from workers.inbox import Inbox
from workers.keys import ACTIONS_QUEUE, EVENTS_QUEUE
from workers.lightspeed import Lightspeed, lightspeed
from workers.logs import where
from workers.settings import Settings
from workers.signals import stop_asked

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_Functions: TypeAlias = Mapping[str, Callable[..., Awaitable[None]]]

MAX_JOBS = 100
SHUTDOWN_SECONDS = 20
"""How long running jobs may go on after SIGTERM before they are handed back."""
_CLOSE_SECONDS = 3
_CANCEL_SECONDS = 0.1
_POLL_SECONDS = 0.05
_MARGIN_SECONDS = 25
"""Beyond the longest subscriber, for Redis: a job that arq itself ends is a job lost."""
_LONGEST_CALL = 180.0
"""For one action with all its tries, in seconds."""
_NEVER = 1_000_000
"""Tries that arq grants: more than any job uses, since the attempts are ours to count."""


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
            workers = [
                build(settings, inbox, plugins, burst=burst, reach=reach),
                build_actions(settings, reach, burst=burst),
            ]
            log.info("worker.ready", plugins=list(plugins.loaded), pid=os.getpid())
            try:
                await asyncio.gather(*(_work(worker, stop) for worker in workers))
            finally:
                await asyncio.gather(*map(_close, workers))
                log.info("worker.stopped")


async def _work(worker: Worker, stop: asyncio.Event) -> None:
    """Let arq work until it ends or is told to stop; then running jobs get time to end.

    arq's own handlers would miss a signal that comes before its first poll.
    """
    working = asyncio.create_task(worker.async_run(), name=f"arq {worker.queue_name}")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    worker.allow_pick_jobs = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SHUTDOWN_SECONDS):
            # A poll that was under way may still start jobs while the others end.
            while running := [task for task in worker.tasks.values() if not task.done()]:
                await asyncio.wait(running)
    while not working.done():
        working.cancel()  # again and again: redis-py swallows one that comes while it connects
        await asyncio.wait({working}, timeout=_CANCEL_SECONDS)
    stopped.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _close(worker: Worker) -> None:
    """Leave, also when Redis is away: what is not handed back is taken over after its lease."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await worker.close()
    except (TimeoutError, asyncio.CancelledError) as error:
        log.warning("worker.not_closed", reason=type(error).__name__)


def build(
    settings: Settings,
    inbox: Inbox,
    plugins: Plugins,
    *,
    burst: bool,
    reach: Lightspeed | None = None,
) -> Worker:
    """Make the arq worker of the events queue."""
    longest = max((one.timeout for one in plugins.subscribers.values()), default=60.0)

    async def run_dispatch(_: dict[Any, Any], event_id: str) -> None:
        await dispatch(inbox, plugins, event_id)

    async def run_deliver(ctx: dict[Any, Any], event_id: str, subscriber: str) -> None:
        again = await deliver(inbox, plugins, event_id, subscriber, ctx["job_id"], reach)
        if again:
            raise ArqRetry(defer=again.after)

    functions: _Functions = {queue.DISPATCH: run_dispatch, queue.DELIVER: run_deliver}
    return _worker(settings, EVENTS_QUEUE, functions, longest, burst=burst)


def build_actions(settings: Settings, reach: Lightspeed, *, burst: bool) -> Worker:
    """Make the arq worker of the actions queue."""

    async def run_action(_: dict[Any, Any], job_id: str) -> None:
        again = await reach.jobs.run(reach.client, job_id)
        if again:
            raise ArqRetry(defer=again.after)

    functions: _Functions = {queue.RUN_ACTION: run_action}
    return _worker(settings, ACTIONS_QUEUE, functions, _LONGEST_CALL, burst=burst)


def _worker(
    settings: Settings,
    queue_name: str,
    functions: _Functions,
    longest: float,
    *,
    burst: bool,
) -> Worker:
    return Worker(
        functions=[func(_never_dropped(run), name=name) for name, run in functions.items()],
        redis_pool=queue.pool(settings.redis_url),
        queue_name=queue_name,
        burst=burst,
        max_jobs=MAX_JOBS,
        job_timeout=longest + _MARGIN_SECONDS,
        handle_signals=False,
        poll_delay=_POLL_SECONDS,
        keep_result=0,
        max_tries=_NEVER,
        health_check_interval=10,
        job_serializer=msgspec.msgpack.encode,
        job_deserializer=queue.decode,
        log_results=False,
    )


def _never_dropped(function: Callable[..., Awaitable[None]]) -> WorkerCoroutine:
    """Put a job back when we ourselves fail: arq would drop it, and the event would hang."""

    async def guarded(ctx: dict[Any, Any], *args: str) -> None:
        try:
            await function(ctx, *args)
        except ArqRetry:
            raise
        except Exception as error:
            after = min(60.0, 2.0 ** min(ctx["job_try"], 6))
            reason = str(error) if isinstance(error, BackroomError) else where(error)
            log.error("job.postponed", job_id=ctx["job_id"], error=reason, after=after)  # noqa: TRY400 - no traceback: it may quote a payload
            raise ArqRetry(defer=after) from error

    return cast("WorkerCoroutine", guarded)
