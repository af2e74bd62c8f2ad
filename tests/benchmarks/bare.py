"""The first opponent: what aiohttp itself costs. It reads the body and answers.

`python -m tests.benchmarks.bare PORT`
"""

import sys

import uvloop
from aiohttp import web


async def receive(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


async def ready(_: web.Request) -> web.Response:
    return web.Response()


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/webhooks/{key}/{event_type}", receive)
    app.router.add_get("/ready", ready)
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, loop=loop)
