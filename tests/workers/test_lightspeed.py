"""Lightspeed as a process reaches it, and as a subscriber does through its context."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from actions.catalog import CATALOG
from actions.connections import Connection
from actions.database import Database
from actions.errors import WrongSetting
from actions.grants import Pair
from actions.resources.brands import CreateBrand, ListBrands
from actions.vault import Vault
from tests.stores import Store, consented, open_store
from tests.workers.conftest import Store as Deliver
from tests.workers.conftest import ready, said, sale, states
from workers.action_jobs import ActionJobs
from workers.environment import load
from workers.events import SALE_UPDATE, Event
from workers.inbox import Inbox
from workers.lightspeed import SCOPES, Lightspeed, lightspeed
from workers.plugins import Context, NoSettings, Plugin
from workers.settings import Settings
from workers.worker import build, build_actions

MINUTE = 60


@pytest.fixture
async def shop() -> AsyncIterator[Store]:
    async with open_store(retailers=("kowhai", "torea")) as shop:
        yield shop


@pytest.fixture
def settings(environ: dict[str, str], shop: Store) -> Settings:
    return load(Settings, environ | shop.environ)


@pytest.fixture
async def reach(
    settings: Settings, database: Database, vault: Vault, shop: Store
) -> AsyncIterator[Lightspeed]:
    """The way to both stores."""
    async with lightspeed(settings, database, vault) as reach:
        for retailer in ("kowhai", "torea"):
            await reach.grants.keep(retailer, shop.pair(retailer))
        yield reach


class Calling:
    """A plugin whose one subscriber calls an action and enqueues another."""

    def __init__(self) -> None:
        self.plugin = Plugin("calling")
        self.made: list[str] = []
        self.job_ids: list[str] = []

        @self.plugin.on(SALE_UPDATE)
        async def post(event: Event[Any], ctx: Context[NoSettings]) -> None:
            self.made.append(await ctx.call(CreateBrand(name=f"called for {event.retailer}")))
            self.job_ids.append(await ctx.enqueue(CreateBrand(name="enqueued")))


async def test_a_subscriber_calls_and_enqueues_at_the_retailer_of_its_event(
    settings: Settings,
    inbox: Inbox,
    reach: Lightspeed,
    shop: Store,
    store: Deliver,
    torea: Connection,
) -> None:
    event_ids = [await store(said(sale())), await store(said(sale()), connection=torea)]
    calling = Calling()
    for worker in (
        build(settings, inbox, ready(calling.plugin), burst=True, reach=reach),
        build_actions(settings, reach, burst=True),
    ):
        await worker.async_run()
        await worker.close()
    assert await states(inbox.database, *event_ids) == ["handled"] * 2
    for retailer in ("kowhai", "torea"):
        names = [row["name"] for row in shop.rows("brands", retailer)]
        assert names[-2:] == [f"called for {retailer}", "enqueued"]
        assert shop.written.count((retailer, "POST /brands")) == 2
    found = [await reach.jobs.get(job_id) for job_id in calling.job_ids]
    assert sorted(job.retailer for job in found) == ["kowhai", "torea"]
    assert {job.state for job in found} == {"done"}


async def test_a_context_without_a_way_to_lightspeed_says_so() -> None:
    ctx = Context(NoSettings(), None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="without a way to Lightspeed"):
        await ctx.call(ListBrands())


async def test_an_application_without_id_or_secret_cannot_ask_for_consent(
    settings: Settings, environ: dict[str, str], database: Database, vault: Vault, shop: Store
) -> None:
    async with lightspeed(settings, database, vault) as reach:
        assert reach.consent() is reach.oauth
    for left_out in ("LIGHTSPEED_CLIENT_ID", "LIGHTSPEED_CLIENT_SECRET"):
        fewer = load(Settings, environ | shop.environ | {left_out: ""})
        async with lightspeed(fewer, database, vault) as reach:
            with pytest.raises(WrongSetting, match="must be set to link retailers with OAuth"):
                reach.consent()


async def test_the_application_asks_for_every_scope_and_comes_back_to_the_public_url(
    environ: dict[str, str], database: Database, vault: Vault, shop: Store
) -> None:
    changed = {"PUBLIC_URL": "https://shop.test/hooks/", "LIGHTSPEED_CLIENT_SECRET": "new,old"}
    settings = load(Settings, environ | shop.environ | changed)
    async with lightspeed(settings, database, vault) as reach:
        application = reach.consent().application
    assert application.redirect_uri == "https://shop.test/hooks/oauth/callback"
    assert application.client_secret.reveal() == "new"
    assert application.scopes == SCOPES
    assert set(SCOPES) == {one for kind in CATALOG.values() for one in kind.operation.scopes}
    assert list(SCOPES) == sorted(SCOPES)


async def test_the_whole_way_from_consent_to_an_action_of_a_job(
    settings: Settings, database: Database, vault: Vault, shop: Store
) -> None:
    async with lightspeed(settings, database, vault) as reach:
        oauth = reach.consent()
        url = oauth.link("a state of its own", settings.lightspeed_authorize_url)
        given = await consented(url, "torea")
        pair = await oauth.exchange("torea", given["code"])
        await reach.grants.keep("torea", pair)
        job_id = await reach.enqueue(CreateBrand(name="Tussock"), "torea")
        worker = build_actions(settings, reach, burst=True)
        await worker.async_run()
        await worker.close()
    assert (await ActionJobs(database, vault).get(job_id)).state == "done"
    assert shop.written[-1] == ("torea", "POST /brands")
    assert shop.simulator.stage.ledger.requests[-1].application == oauth.application.client_id


async def test_a_refresh_under_way_is_let_end_before_the_process_does(
    settings: Settings, database: Database, vault: Vault, shop: Store
) -> None:
    async with lightspeed(settings, database, vault) as reach:
        oauth = reach.consent()
        link = oauth.link("a state of its own", settings.lightspeed_authorize_url)
        pair = await oauth.exchange("kowhai", (await consented(link))["code"])
        over = Pair(access=pair.access, refresh=pair.refresh, expires_at=time.time() - MINUTE)
        await reach.grants.keep("kowhai", over)
        shop.strike("slow", path="/token", seconds=0.3)
        call = asyncio.create_task(reach.call(ListBrands(), "kowhai"))
        while not shop.simulator.stage.faults.struck["slow"]:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
    kept = (await reach.grants.get("kowhai")).pair
    assert kept.access.reveal() not in {"", pair.access.reveal()}
    assert shop.seen == [("POST /token", 200)] * 2
