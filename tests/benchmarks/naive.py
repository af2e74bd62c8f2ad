"""The second opponent: what one writes first. Verify, parse, enqueue, once per request.

`python -m tests.benchmarks.naive PORT REDIS_URL SECRET`
"""

import hmac
import json
import sys
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import uvloop
from aiohttp import web
from arq import ArqRedis, create_pool
from arq.connections import RedisSettings

_PORT, _REDIS_URL, _SECRET = sys.argv[1:]
_QUEUE = web.AppKey("queue", ArqRedis)


async def receive(request: web.Request) -> web.Response:
    body = await request.read()
    digest = hmac.new(_SECRET.encode(), body, "sha256").hexdigest()
    given = request.headers["X-Signature"].partition("=")[2].partition(",")[0]
    if not hmac.compare_digest(given, digest):
        raise web.HTTPUnauthorized
    form = parse_qs(body.decode())
    payload = json.loads(form["payload"][0])
    await request.app[_QUEUE].enqueue_job("handle", form["type"][0], payload)
    return web.Response()


async def ready(_: web.Request) -> web.Response:
    return web.Response()


async def queue(app: web.Application) -> AsyncIterator[None]:
    app[_QUEUE] = await create_pool(RedisSettings.from_dsn(_REDIS_URL))  # as many as it needs
    yield
    await app[_QUEUE].aclose()


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/webhooks/{key}/{event_type}", receive)
    app.router.add_get("/ready", ready)
    app.cleanup_ctx.append(queue)
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=int(_PORT), access_log=None, loop=loop)
