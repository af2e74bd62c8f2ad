"""The client under a budget, in front of a simulator whose windows last three seconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from math import inf
from typing import Any

import aiohttp
import msgspec
import pytest

from actions.action import Action
from actions.budget import TOKENS, Budget
from actions.client import Client
from actions.database import Database
from actions.errors import LightspeedError, RateLimited, ServerError, TryLater
from actions.exchange import Lane
from actions.oauth import OAuth, TokensLater, TokensUnanswered
from actions.permit import Permit
from actions.resources.brands import CreateBrand, ListBrands
from actions.resources.customers import ListCustomers
from actions.secret import Secret
from actions.simulator.faults import Fault
from actions.tokens import NeedsRelink, Tokens
from tests.actions.conftest import OpenShop, Shop
from tests.actions.test_oauth import application, code, where

PACE = 100.0
BOUND = 30.0
STORM = "429-storm"
BRAND = CreateBrand(name="Moa")
HEADERS = (
    *("missing", "seconds", "past", "negative", "far", "garbage"),
    "date",
)


class Counting(Budget):
    """A budget that counts what is asked of it."""

    taken = 0

    async def take(
        self, action: str, retailer: str, lane: Lane = "interactive", patience: float = inf
    ) -> Permit:
        self.taken += 1
        return await super().take(action, retailer, lane, patience)


@pytest.fixture
async def old(database: Database) -> Database:
    """A Redis that has kept budgets for long."""
    await database.do("SET", "backroom:budgets:since", 0)
    return database


@pytest.fixture
async def budget(old: Database) -> AsyncIterator[Counting]:
    async with Counting(old, pace=PACE) as budget:
        yield budget


@pytest.fixture
async def metered(
    open_shop: OpenShop, tokens: Tokens, session: aiohttp.ClientSession, budget: Counting
) -> Shop:
    """A shop in which time flies."""
    shop = await open_shop(time_scale=PACE, registers=1)
    origin = f"{shop.simulator.origin}/{{domain_prefix}}"
    shop.client = Client(tokens, session, budget, origin=origin)
    return shop


def statuses(shop: Shop) -> list[int]:
    return [status for _, status in shop.seen()]


async def called(shop: Shop, action: Action[Any], **terms: Any) -> Any:
    async with asyncio.timeout(BOUND):
        return await shop.client.call(action, "kowhai", **terms)


@pytest.mark.parametrize("action", [ListBrands(), BRAND], ids=["a read", "a write"])
async def test_a_429_is_waited_for_and_what_was_refused_is_sent_again_once(
    metered: Shop, action: Action[Any]
) -> None:
    metered.strike(STORM)
    assert await called(metered, action)
    assert statuses(metered) == [429, 200]
    first, second = metered.simulator.stage.ledger.requests
    assert second.at - first.at >= 29  # as the first had said
    assert metered.written() == (["POST /brands"] if action == BRAND else [])


@pytest.mark.parametrize("header", HEADERS)
async def test_whatever_a_429_says_of_its_end_the_call_is_done_in_the_end(
    metered: Shop, header: str
) -> None:
    if header != "date":
        metered.strike(f"retry-after-{header}")
    metered.strike(STORM)
    assert await called(metered, BRAND)
    assert statuses(metered) == [429, 200]
    assert metered.written() == ["POST /brands"]


@pytest.mark.parametrize("lane", ["bulk", "interactive"])
async def test_who_has_no_patience_is_told_when_to_come_back_and_nothing_is_sent(
    metered: Shop, budget: Counting, lane: str
) -> None:
    (await budget.take("ListBrands", "kowhai")).refused({}, 330.0)
    with pytest.raises(RateLimited):
        await called(metered, BRAND, lane=lane, patience=0.5)
    assert budget.opens("kowhai") > 0
    for patience in (0.0, 1.0):
        with pytest.raises(RateLimited) as raised:
            await called(metered, BRAND, lane=lane, patience=patience)
        assert 0 < raised.value.retry_after <= 330 / PACE
    assert metered.seen() == []


async def test_every_try_takes_a_permit(metered: Shop, budget: Counting) -> None:
    metered.strike("5xx", times=2)
    await called(metered, ListBrands())
    metered.strike("token-expired")
    with pytest.raises(NeedsRelink):
        await called(metered, ListBrands())
    assert statuses(metered)[2:] == [200, 401]
    assert budget.taken == len(metered.seen()) == 4


async def test_every_page_takes_a_permit(metered: Shop, budget: Counting) -> None:
    async with asyncio.timeout(BOUND):
        found = [one async for one in metered.client.items(ListCustomers(page_size=3), "kowhai")]
    assert len(found) > 3
    assert budget.taken == len(metered.seen()) > 2


async def test_a_permit_that_is_brought_along_is_the_first_trys(
    metered: Shop, budget: Counting
) -> None:
    permit = await metered.client.permit(BRAND, "kowhai", lane="bulk", patience=1.0)
    await called(metered, BRAND, permit=permit)
    assert budget.taken == 1


async def test_a_call_that_cannot_be_made_gives_its_permit_back(
    metered: Shop, budget: Counting, database: Database
) -> None:
    await called(metered, ListBrands())
    permit = await metered.client.permit(BRAND, "kowhai", lane="bulk", patience=1.0)
    with pytest.raises(Exception, match="name"):
        await called(metered, CreateBrand(name=""), permit=permit)
    await budget.close()
    state = msgspec.msgpack.decode(await database.do("GET", "backroom:budget:kowhai"))
    assert not state["held"]
    assert sum(count for _, count in state["log"]) == 1


async def test_a_call_that_is_cancelled_under_way_holds_no_permit_for_ever(
    metered: Shop, budget: Counting, database: Database
) -> None:
    await called(metered, ListBrands())
    metered.simulator.stage.faults.add(Fault(name="slow", seconds=60 * PACE, times=1))
    going = asyncio.create_task(called(metered, ListBrands()))
    async with asyncio.timeout(BOUND):
        while not metered.simulator.stage.faults.struck["slow"]:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.005)
        going.cancel()
        await asyncio.wait({going})
        await called(metered, ListBrands())
        await budget.close()
    state = msgspec.msgpack.decode(await database.do("GET", "backroom:budget:kowhai"))
    assert not state["held"]


async def test_an_outage_is_not_asked_by_every_caller(metered: Shop) -> None:
    metered.strike("5xx", times=None)

    async def one() -> LightspeedError:
        with pytest.raises((ServerError, TryLater, RateLimited)) as raised:
            await called(metered, ListBrands(), lane="bulk", patience=0.05)
        return raised.value

    told = await asyncio.gather(*(one() for _ in range(100)))
    assert len(metered.seen()) <= 12
    assert sum(isinstance(error, ServerError) for error in told) <= 12


async def test_a_burst_over_two_windows_is_answered_whole_and_without_one_refusal(
    metered: Shop, old: Database, tokens: Tokens, session: aiohttp.ClientSession
) -> None:
    async with AsyncExitStack() as stack:
        there = [await stack.enter_async_context(Budget(old, pace=PACE)) for _ in range(2)]
        origin = f"{metered.simulator.origin}/{{domain_prefix}}"
        clients = [Client(tokens, session, one, origin=origin) for one in there]
        async with asyncio.timeout(BOUND):
            await asyncio.gather(
                *(clients[i % 2].call(ListBrands(), "kowhai", lane="bulk") for i in range(600))
            )
    assert statuses(metered) == [200] * 600
    assert [one["used"] for one in metered.simulator.stage.limits.ended] == [350]


async def test_tokens_have_a_budget_of_their_own_and_beyond_it_nothing_is_sent(
    old: Database, shop: Shop
) -> None:
    browser = shop.browser
    async with Budget(old) as budget:
        ours = application(browser.simulator)
        oauth = OAuth(browser.session, ours, where(browser.simulator), budget)
        pair = await oauth.exchange("kowhai", await code(browser))
        for _ in range(9):
            pair = await oauth.refresh("kowhai", pair.refresh)
        with pytest.raises(TokensLater) as raised:
            await oauth.refresh("kowhai", pair.refresh)
        assert 0 < raised.value.retry_after <= 61
        assert budget.opens(TOKENS) > 0
        assert budget.opens("kowhai") == 0
    assert [one for one in shop.seen() if one[0] == "POST /token"] == [("POST /token", 200)] * 10


async def test_a_token_endpoint_with_an_outage_is_left_alone(old: Database, shop: Shop) -> None:
    shop.strike("5xx", "/token", times=None)
    async with Budget(old) as budget:
        ours = application(shop.simulator)
        oauth = OAuth(shop.browser.session, ours, where(shop.simulator), budget)
        for _ in range(5):
            with pytest.raises(TokensUnanswered):
                await oauth.refresh("kowhai", Secret("any"))
        with pytest.raises(TokensLater) as raised:
            await oauth.refresh("kowhai", Secret("any"))
    assert raised.value.retry_after <= 15
    assert shop.simulator.stage.faults.struck["5xx"] == 5
