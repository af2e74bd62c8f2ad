"""The worker process: an engine for each queue, until SIGTERM."""

import asyncio
import gc
import os
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from actions.database import Database
from actions.errors import DatabaseAway
from actions.listening import cancelled
from actions.vault import Vault
from workers import keys, queue
from workers.action_jobs import ACTION_EFFECTS
from workers.action_runs import ActionRuns
from workers.claims import Effects
from workers.deliver import Deliverer
from workers.discovery import Plugins, discover
from workers.dispatch import dispatch
from workers.engine import Engine
from workers.hooks.upkeep import Upkeep
from workers.inbox import Inbox
from workers.keys import QUEUES, QueueName
from workers.lightspeed import Lightspeed, lightspeed
from workers.line import Line
from workers.reader import Reader
from workers.run import Functions, Run
from workers.settings import Settings
from workers.signals import Stop
from workers.stock.runs import StockRuns

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

MAX_JOBS = 100
"""Of each queue, in one process."""
_CLOSE_SECONDS = 3
_NEW_OBJECTS = 10_000
"""That make it look for garbage; jobs in the air, which are none, hold fewer."""
_LONGEST_DISPATCH = 60.0
_LONGEST_CALL = 300.0
"""For one action with all its tries, in seconds."""
EVENT_EFFECTS: Final = Effects.load(
    *("meter", "settle", "dispatch", "finish", "events"),
    keys=(keys.OPEN, keys.FAILED, keys.HANDLED, keys.COUNTS, keys.RETAILER_IDS),
)


async def run(
    settings: Settings, *, burst: bool = False, queues: Sequence[QueueName] = tuple(QUEUES)
) -> None:
    """Work until SIGTERM or SIGINT; with `burst`, until the queues are empty.

    Raises:
        WrongSetting, BadPlugin, DatabaseAway: the worker cannot start.
    """
    stop = Stop()
    vault = Vault(settings.backroom_keys)
    plugins = discover(settings.plugins, settings.plugins_off)
    async with Database(settings.redis_url) as database:
        await database.do("PING")
        inbox = Inbox(database, vault, settings.inbox_seconds)
        line = Line(database)
        async with plugins.open(), lightspeed(settings, database, vault, line) as reach:
            made: dict[QueueName, Callable[[], Engine]] = {
                "events": lambda: build(settings, inbox, plugins, burst=burst, reach=reach),
                "actions": lambda: build_actions(settings, reach, burst=burst),
            }
            engines = [made[name]() for name in queues]
            _spare_collector()
            log.info(
                "worker.ready", plugins=list(plugins.loaded), queues=list(queues), pid=os.getpid()
            )
            beside = [asyncio.create_task(line.watch(), name="line")]
            if "events" in queues and not burst:
                upkeep = Upkeep(settings, database, vault, plugins, reach)
                beside.append(asyncio.create_task(upkeep.run(), name="webhooks"))
            try:
                await asyncio.gather(
                    *(_work(engine, stop, settings.shutdown_seconds) for engine in engines)
                )
            finally:
                await asyncio.gather(*map(cancelled, beside))
                await asyncio.gather(*map(_close, engines))
                log.info("worker.stopped")


def _spare_collector() -> None:
    """Look for garbage less often, and never among the modules: each such look takes 40 ms."""
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])


async def _work(engine: Engine, stop: Stop, seconds: float) -> None:
    """Let the engine work until it ends or is told to stop; then running jobs get time to end."""
    working = asyncio.create_task(engine.async_run(), name=f"engine {engine.queue_name}")
    asked = asyncio.create_task(stop.asked.wait(), name="stop")
    insisted = asyncio.create_task(stop.insisted.wait(), name="stop at once")
    await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
    if stop.asked.is_set():
        log.info("worker.stopping", queue=engine.queue_name, running=len(engine.tasks))
    engine.stop()
    await asyncio.wait({working, insisted}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    engine.hand_back()
    await asyncio.wait({working}, timeout=_CLOSE_SECONDS)
    await cancelled(working)
    for one in (asked, insisted):
        one.cancel()
    if not working.cancelled():
        working.result()


async def _close(engine: Engine) -> None:
    """Leave, also when Redis is away: what is not handed back is taken over after its lease."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await engine.close()
    except (TimeoutError, DatabaseAway, asyncio.CancelledError) as error:
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
    reader = Reader(inbox.vault)

    async def run_dispatch(run: Run) -> None:
        await dispatch(inbox, plugins, reader, run)

    deliverer = Deliverer(inbox, plugins, reader, reach)
    functions: Functions = {queue.DISPATCH: run_dispatch, queue.DELIVER: deliverer.deliver}
    return Engine(
        settings.redis_url,
        inbox.database,
        keys.EVENTS_QUEUE,
        functions,
        longest=_LONGEST_DISPATCH,
        max_jobs=MAX_JOBS,
        burst=burst,
        effects=EVENT_EFFECTS,
    )


def build_actions(settings: Settings, reach: Lightspeed, *, burst: bool) -> Engine:
    """Make the engine of the actions queue."""
    runs = ActionRuns(reach.jobs, reach.client, reach.line)
    stock = StockRuns(reach.stock, reach.client)
    return Engine(
        settings.redis_url,
        reach.jobs.database,
        keys.ACTIONS_QUEUE,
        {queue.RUN_ACTION: runs.run, queue.SEND_STOCK: stock.run},
        longest=_LONGEST_CALL,
        max_jobs=MAX_JOBS,
        burst=burst,
        effects=ACTION_EFFECTS,
    )
