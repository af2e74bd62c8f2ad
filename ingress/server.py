"""The web process: listen until SIGTERM, then answer what is in flight and leave."""

import asyncio
import contextlib
import os

import structlog
from aiohttp import web

from actions.database import Database
from actions.errors import BackroomError, WrongSetting
from ingress.api.keys import ApiKeys
from ingress.app import DOOR, create_app
from ingress.urls import is_loopback
from workers.settings import Settings
from workers.signals import stop_asked

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

DRAIN_SECONDS = 8.0
"""How long requests that were begun may take after SIGTERM."""
CALL_SECONDS = 6.0
"""How long calls of the API may take after that: a write that is under way is answered."""
_REDIS_SECONDS = 1.5
"""Redis' time limit here: the ingress answers 503 within 2 s, whatever Redis does."""


class CannotListen(BackroomError):
    """The address is taken or is not ours."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        WrongSetting, DatabaseAway, CannotListen: the ingress cannot start.
    """
    stop = stop_asked()
    async with Database(settings.redis_url, _REDIS_SECONDS) as database:
        app = await create_app(settings, database)
        runner = web.AppRunner(
            app,
            access_log=None,  # each delivery has its own canonical line
            auto_decompress=False,  # a Content-Encoding is refused, so nothing is unpacked
            shutdown_timeout=CALL_SECONDS,
            lingering_time=1.0,
        )
        await runner.setup()
        try:
            site = await _listen(runner, settings)
            await _check_keys(runner, settings.host, database)
            log.info("web.ready", url=_url(runner), pid=os.getpid())
            await stop.wait()
            await site.stop()
            # aiohttp stops reading when it shuts down, so what is in flight must end before.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await app[DOOR].drain()
        finally:
            await runner.cleanup()
            log.info("web.stopped")


async def _listen(runner: web.AppRunner, settings: Settings) -> web.TCPSite:
    site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
    try:
        await site.start()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no such host"
        raise CannotListen(
            f"Cannot listen on {settings.host}:{settings.port} ({why}): free it, or "
            "set HOST and PORT to another address."
        ) from error
    return site


async def _check_keys(runner: web.AppRunner, host: str, database: Database) -> None:
    """See that who listens to everybody knows whom to let in."""
    if all(is_loopback(str(one[0])) for one in runner.addresses):
        return
    if not await ApiKeys(database).exist():
        raise WrongSetting(
            f"HOST is {host}, where everybody can call, and there is no API key: make one with "
            "`backroom keys create NAME`, or set HOST to 127.0.0.1."
        )


def _url(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"
