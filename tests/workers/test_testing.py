from collections.abc import AsyncGenerator
from decimal import Decimal

import pytest
from msgspec import Struct

from workers.events import EVENT_TYPES, PING, SALE_UPDATE, Event, SaleUpdate
from workers.plugins import Context, Plugin, Retry
from workers.testing import FakeContext, make_event


class Settings(Struct):
    account: str


plugin = Plugin("ledger", Settings)


@plugin.lifespan
async def posted(settings: Settings) -> AsyncGenerator[list[str], None]:
    yield [settings.account]


@plugin.on(SALE_UPDATE)
async def post_sale(event: Event[SaleUpdate], ctx: Context[Settings]) -> None:
    if ctx.attempt > 2:
        raise Retry(after=1)
    ctx.opened(posted).append(event.payload.id)
    ctx.log.info("sale.posted", account=ctx.settings.account)


async def test_a_subscriber_can_be_tested_with_a_payload_of_the_authors_own() -> None:
    ctx = FakeContext(Settings("4000"))
    sales: list[str] = []
    ctx.opens(posted, sales)
    await post_sale(make_event(SALE_UPDATE, SaleUpdate("7", "CLOSED")), ctx)
    assert sales == ["7"]
    assert ctx.logged == [{"event": "sale.posted", "account": "4000", "log_level": "info"}]


async def test_a_later_attempt_can_be_tested() -> None:
    ctx = FakeContext(Settings("4000"), attempt=3)
    with pytest.raises(Retry):
        await post_sale(make_event(SALE_UPDATE), ctx)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_event_type_has_a_sample_event(name: str) -> None:
    event = make_event(EVENT_TYPES[name], retailer="totara")
    assert isinstance(event.payload, EVENT_TYPES[name].payload)
    assert event.retailer == "totara"
    assert event.type is not PING or event.payload.reason


def test_a_sample_event_holds_exact_money_and_the_raw_object() -> None:
    event = make_event(SALE_UPDATE)
    assert event.payload.totals is not None
    assert event.payload.totals.total_price == Decimal(event.raw["totals"]["total_price"])


def test_a_context_without_settings_needs_none() -> None:
    assert FakeContext().attempt == 1
