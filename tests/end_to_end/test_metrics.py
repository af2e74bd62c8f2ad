"""Two web processes and a worker: each web tells the totals of all."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp

from actions.connections import Connection
from tests.conftest import path, signed
from tests.end_to_end.conftest import PATIENCE, Process, Run
from tests.ingress.metrics.conftest import Page, nonzero, read
from tests.workers.conftest import said, sale

PLUGIN = """
from workers.events import SALE_UPDATE
from workers.plugins import GiveUp, Plugin

plugin = Plugin("shop")

@plugin.on(SALE_UPDATE)
async def post(event, ctx):
    if event.payload.id == "bad":
        raise GiveUp("no")
"""


async def test_totals_are_right_whichever_of_two_webs_is_scraped(
    run: Run, start: Callable[..., Process], kowhai: Connection, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(PLUGIN)
    key = run("keys", "create", "prometheus", "--read-only").stdout.strip()
    webs = [start("web"), start("web")]
    worker = start("worker", PLUGINS="shop", PLUGINS_OFF="*")
    urls = [web.line("web.ready")["url"] for web in webs]
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for number, name in enumerate(("s1", "s2", "s3", "s4", "bad")):
            body, url = said(sale(name)), urls[number % 2] + path(kowhai)
            async with session.post(url, data=body, headers=signed(body)) as answer:
                event_id = (await answer.json())["event_id"]
            end = "subscriber.failed" if name == "bad" else "subscriber.succeeded"
            await asyncio.to_thread(worker.line, end, event_id=event_id)

        async def page(url: str) -> Page:
            headers = {"Authorization": f"Bearer {key}"}
            async with session.get(f"{url}/metrics", headers=headers) as answer:
                return read(await answer.text())

        pages = [await page(url) for url in urls]
    for found, answers in zip(pages, (3, 2), strict=True):
        events = {("handled", "sale.update"): 4, ("failed", "sale.update"): 1}
        assert nonzero(found, "backroom_events_total") == events
        assert nonzero(found, "backroom_deliveries_total") == {("stored",): 5}
        assert found["backroom_runs_total", "done", "events"] == 4
        assert nonzero(found, "backroom_failures_total") == {("GiveUp", "events"): 1}
        assert nonzero(found, "backroom_workers") == {("events",): 1, ("actions",): 1}
        assert nonzero(found, "backroom_answers_total") == {("200",): answers}
        assert found["process_resident_memory_bytes",] > 1 << 20
