"""A server that answers at once: `python -m tests.benchmarks.answering PORT`.

One product by id, and lists of them that end after `ITEMS`.
"""

import sys

import msgspec
import uvloop
from aiohttp import web

ITEMS = 100_000
_PRODUCT = {
    "handle": "overnight-kit",
    "sku": "10500",
    "active": True,
    "description": "<p>All that a first night out needs.</p>",
    "price_including_tax": 249.0,
    "price_excluding_tax": 216.52174,
    "supply_price": 120.5,
    "has_inventory": True,
    "tag_ids": ["1c9a3f10-5a52-4b0e-8d4a-0c6f1a2b3c4d"],
    "product_codes": [{"id": "1", "type": "CUSTOM", "code": "10500"}],
    "created_at": "2026-01-05T01:49:25+00:00",
    "updated_at": "2026-11-02T10:03:38+00:00",
    "deleted_at": None,
}


def product(number: int) -> dict[str, object]:
    return {
        "id": f"{number:036d}",
        "name": f"Overnight Kit {number}",
        "version": number,
        **_PRODUCT,
    }


def _page(after: int, size: int) -> bytes:
    rows = [product(number) for number in range(after + 1, min(after + size, ITEMS) + 1)]
    bounds = {"min": after + 1, "max": after + len(rows)} if rows else {"min": None, "max": None}
    return msgspec.json.encode({"data": rows, "version": bounds})


async def one(_: web.Request) -> web.Response:
    return web.Response(body=_ONE, content_type="application/json")


async def many(request: web.Request) -> web.Response:
    after, size = (int(request.query.get(name, 0)) for name in ("after", "page_size"))
    return web.Response(body=_page(after, size), content_type="application/json")


async def ready(_: web.Request) -> web.Response:
    return web.Response()


_ONE = msgspec.json.encode({"data": product(1)})

if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/kowhai/api/2026-07/products/{id}", one)
    app.router.add_get("/kowhai/api/2026-07/products", many)
    app.router.add_get("/ready", ready)
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, loop=loop)
