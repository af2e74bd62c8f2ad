"""The page of metrics: it says what happened, whoever is asked, and nobody else hears it."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp.test_utils import TestClient, TestServer

from actions.connections import Connection
from actions.database import Database
from actions.vault import Vault
from ingress.api.keys import ApiKeys
from ingress.app import create_app
from tests.conftest import Ingress, Work, path, signed, unique
from tests.ingress.api.conftest import Make, api_key, basic, bearer
from tests.ingress.metrics.conftest import Page, Scrape, nonzero, read
from tests.ingress.test_health import emptied, full, opened, reachable, unreachable
from tests.ingress.test_webhooks import counted
from tests.workers.conftest import EMAIL, KOWHAI_ID, Ledger, said, sale
from workers.events import PRODUCT_UPDATE
from workers.keys import EVENTS_QUEUE, OPEN
from workers.plugins import GiveUp
from workers.samples import form, sample
from workers.settings import Settings

OWN = ("process_", "backroom_acknowledgement_", "backroom_answers_")
"""What a process says of itself."""


async def post(web: Ingress, connection: Connection, body: bytes, name: str = "") -> int:
    headers = signed(body)
    async with web.post(path(connection, name), data=body, headers=headers) as answer:
        return answer.status


def shared(page: Page) -> Page:
    return {name: number for name, number in page.items() if not name[0].startswith(OWN)}


@pytest.fixture
async def other(settings: Settings, database: Database) -> AsyncIterator[Ingress]:
    """A second web process, as far as it matters: another application on the same Redis."""
    async with TestClient(TestServer(await create_app(settings, database))) as client:
        yield client


async def test_the_numbers_are_what_happened_whichever_web_is_asked(
    ingress: Ingress, other: Ingress, kowhai: Connection, work: Work, scrape: Scrape
) -> None:
    bodies = [said(sale(f"s{number}")) for number in range(4)]
    for body in (*bodies, bodies[0]):
        assert await post(ingress, kowhai, body) == 200
    product = form("product.update", sample("product.update"), "kowhai", KOWHAI_ID)
    assert await post(other, kowhai, product) == 200
    assert await post(other, kowhai, b"payload=hello", "sale.update") == 200
    assert await post(other, kowhai, said(sale("s1", 0))) == 200
    elsewhere = said(sale("s9"), domain_prefix="torea")
    assert await post(other, kowhai, elsewhere) == 200
    bad = Ledger(GiveUp("no"), name="bad", on=PRODUCT_UPDATE)
    await work(Ledger().plugin, bad.plugin)
    first, second = await scrape(ingress), await scrape(other)
    assert shared(first) == shared(second)
    assert nonzero(first, "backroom_deliveries_total") == {("stored",): 8, ("repeated",): 1}
    assert nonzero(first, "backroom_events_total") == {
        ("handled", "sale.update"): 4,
        ("stale", "sale.update"): 1,
        ("misdirected", "sale.update"): 1,
        ("failed", "product.update"): 1,
        ("handled", "ping"): 1,
    }
    runs = {("done", "events"): 4, ("failed", "events"): 1}
    assert nonzero(first, "backroom_runs_total") == runs
    assert nonzero(first, "backroom_failures_total") == {("GiveUp", "events"): 1}
    kept = {("failed",): 1, ("handled",): 7}
    assert nonzero(first, "backroom_inbox_events") == kept
    assert first["backroom_dispatch_lag_seconds_count",] == 8
    assert 0 < first["backroom_dispatch_lag_seconds_sum",] < 60
    assert (first["backroom_up",], first["backroom_ready",]) == (1, 1)
    for page, answers in ((first, 5), (second, 4)):
        assert nonzero(page, "backroom_answers_total") == {("200",): answers}
        assert page["backroom_acknowledgement_seconds_count",] == answers
        assert 0 < page["backroom_acknowledgement_seconds_sum",] < 5 * answers


async def test_what_is_refused_is_counted_by_status_here_and_by_reason_for_all(
    ingress: Ingress, other: Ingress, kowhai: Connection, scrape: Scrape, database: Database
) -> None:
    assert await post(ingress, kowhai, unique()) == 200
    for status, words in ((404, "unknown"), (405, "")):
        method = ingress.post if words else ingress.get
        async with method(f"/webhooks/{words or 'k'}", data=unique()) as answer:
            assert answer.status == status
    async with ingress.post(path(kowhai), data=b"a=b") as answer:
        assert answer.status == 401
    assert await post(ingress, kowhai, unique()) == 200  # the counts leave with it
    await counted(
        database,
        {
            "refused unknown key": 1,
            "refused method": 1,
            "refused signature missing": 1,
            "stored": 2,
        },
    )
    page = await scrape(other)
    refused = {("unknown key",): 1, ("method",): 1, ("signature missing",): 1}
    assert nonzero(page, "backroom_deliveries_refused_total") == refused
    page = await scrape(ingress)
    answers = {("200",): 2, ("401",): 1, ("404",): 1, ("405",): 1}
    assert nonzero(page, "backroom_answers_total") == answers
    assert page["backroom_acknowledgement_seconds_count",] == 2


async def test_what_waits_too_long_turns_it_red(
    ingress: Ingress, kowhai: Connection, scrape: Scrape, database: Database
) -> None:
    assert await post(ingress, kowhai, unique()) == 200
    (event_id,) = await database.do("ZRANGE", OPEN, 0, -1)
    for name in (OPEN, EVENTS_QUEUE):
        await database.do("ZINCRBY", name, "-90000", event_id)
    page = await scrape()
    assert (page["backroom_up",], page["backroom_ready",]) == (1, 0)
    assert (page["backroom_overdue_events",], page["backroom_overdue_jobs", "events"]) == (1, 1)
    assert 90 <= page["backroom_oldest_event_seconds",] < 120
    assert 90 <= page["backroom_oldest_job_seconds", "events"] < 120
    assert page["backroom_jobs", "events", "due"] == 1


async def test_redis_is_asked_once_for_all_who_ask_within_seconds(
    scrape: Scrape, database: Database
) -> None:
    first = await scrape()
    await database.do("CONFIG", "RESETSTAT")
    assert shared(await scrape()) == shared(first)
    asked = await database.do("INFO", "commandstats")
    assert asked["cmdstat_evalsha"]["calls"] == 1  # the key alone is looked at


async def test_without_redis_the_page_says_so_to_who_has_been_let_in(
    settings: Settings, vault: Vault
) -> None:
    with TemporaryDirectory(prefix="backroom-") as folder:
        async with opened(settings, vault, Path(folder)) as shop:
            keys = ApiKeys(shop.control)
            known, unknown = [
                bearer((await keys.create(api_key(name))).reveal()) for name in ("a", "b")
            ]

            async def page(headers: dict[str, str]) -> tuple[int, str]:
                async with shop.client.get("/metrics", headers=headers) as answer:
                    return answer.status, await answer.text()

            assert read((await page(known))[1])["backroom_up",] == 1
            await full(shop)
            status, text = await page(known)
            assert (status, read(text)["backroom_up",]) == (200, 0)
            await emptied(shop)
            await unreachable(shop)
            status, text = await page(known)
            assert status == 200
            assert not [name for name, *_ in shared(read(text)) if name.endswith("_jobs")]
            status, text = await page(unknown)
            assert status == 503
            assert folder not in text
            await reachable(shop)
            await keys.revoke("a")
            assert (await page(known))[0] == 401


async def test_nobody_without_a_key_for_all_retailers_hears_of_it(
    ingress: Ingress, make: Make
) -> None:
    some = await make("shop", retailers=("kowhai",))
    for headers, status in (({}, 401), (bearer("bk_" + "a" * 43), 401), (some, 403)):
        async with ingress.get("/metrics", headers=headers) as answer:
            assert answer.status == status
            assert answer.content_type == "application/problem+json"
            assert "backroom_" not in await answer.text()


async def test_the_page_holds_nothing_secret_and_nobodys_data(
    ingress: Ingress, kowhai: Connection, work: Work, headers: dict[str, str], settings: Settings
) -> None:
    body = said(sale("s1", note=EMAIL), EMAIL)
    assert await post(ingress, kowhai, body, EMAIL) == 200
    await work(Ledger(GiveUp(EMAIL)).plugin)
    async with ingress.get("/metrics", headers=headers) as answer:
        text = await answer.text()
    secrets = [kowhai.webhook_key, *settings.backroom_keys, *settings.lightspeed_client_secret]
    hidden = [EMAIL, headers["Authorization"].split()[1], *(one.reveal() for one in secrets)]
    assert not [one for one in hidden if one in text]
    assert settings.redis_url.removeprefix("unix://") not in text


async def test_the_page_is_text_of_the_version_that_it_says(
    ingress: Ingress, headers: dict[str, str]
) -> None:
    async with ingress.get("/metrics", headers=headers) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    as_user = basic(headers["Authorization"].split()[1])
    async with ingress.get("/metrics", headers=as_user) as answer:
        assert answer.status == 200


def test_the_library_is_imported_with_the_first_scrape() -> None:
    names = "ingress.app", "ingress.commands", "ingress.commands.web", "ingress.server"
    code = f"import sys, {', '.join(names)}; print('prometheus_client' in sys.modules)"
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"
