from collections.abc import AsyncGenerator
from decimal import Decimal

import pytest
from msgspec import Struct

from actions.errors import BadAction, NotFound
from actions.resources.brands import Brand, CreateBrand, GetBrand
from workers.events import EVENT_TYPES, PING, SALE_UPDATE, Event, SaleUpdate
from workers.plugins import Context, NoSettings, Plugin, Retry
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


MISSING = NotFound("GetBrand", "kowhai", "there is nothing for brand_id 7.")


async def brand_of(event: Event[SaleUpdate], ctx: Context[NoSettings]) -> str:
    """What a subscriber of an author may do."""
    try:
        brand = await ctx.call(GetBrand(event.payload.id))
    except NotFound:
        return await ctx.call(CreateBrand(name="Tussock"))
    await ctx.enqueue(CreateBrand(name=f"{brand.name} & Sons"))
    return brand.id


async def test_an_action_answers_what_the_author_said_and_is_remembered() -> None:
    ctx = FakeContext()
    ctx.returns(GetBrand, Brand(id="7", name="Tussock"))
    assert await brand_of(make_event(SALE_UPDATE, SaleUpdate("7")), ctx) == "7"
    assert ctx.calls == [GetBrand("7")]
    assert ctx.calls != [GetBrand("8")]
    assert ctx.enqueued == [CreateBrand(name="Tussock & Sons")]


async def test_an_action_can_be_said_to_fail() -> None:
    ctx = FakeContext()
    ctx.returns(GetBrand, MISSING)
    ctx.returns(CreateBrand, "9")
    assert await brand_of(make_event(SALE_UPDATE, SaleUpdate("7")), ctx) == "9"
    assert ctx.calls == [GetBrand("7"), CreateBrand(name="Tussock")]
    assert ctx.enqueued == []


async def test_several_answers_come_one_after_the_other_and_the_last_for_ever() -> None:
    ctx = FakeContext()
    ctx.returns(GetBrand, Brand(id="1"), MISSING, Brand(id="2"))
    assert (await ctx.call(GetBrand("1"))).id == "1"
    with pytest.raises(NotFound):
        await ctx.call(GetBrand("1"))
    assert [(await ctx.call(GetBrand("1"))).id for _ in range(3)] == ["2", "2", "2"]
    assert len(ctx.calls) == 5


async def test_what_was_not_said_to_answer_anything_is_asked_for_in_words() -> None:
    ctx = FakeContext()
    ctx.returns(CreateBrand, "9")
    ctx.returns(CreateBrand)
    with pytest.raises(LookupError, match=r"^Say what it answers: ctx.returns\(GetBrand, …\)\.$"):
        await ctx.call(GetBrand("7"))
    with pytest.raises(LookupError, match=r"ctx.returns\(CreateBrand, …\)\.$"):
        await ctx.call(CreateBrand(name="Tussock"))


async def test_bad_parameters_are_refused_as_the_client_refuses_them() -> None:
    ctx = FakeContext()
    ctx.returns(CreateBrand, "9")
    with pytest.raises(BadAction, match=r"CreateBrand: name: Expected .* length >= 1"):
        await ctx.call(CreateBrand(name=""))
    with pytest.raises(BadAction, match="GetBrand: brand_id"):
        await ctx.enqueue(GetBrand(7))  # type: ignore[arg-type]
    assert (ctx.calls, ctx.enqueued) == ([], [])


async def test_each_enqueued_action_has_an_id_of_its_own() -> None:
    ctx = FakeContext()
    assert len({await ctx.enqueue(GetBrand("7")) for _ in range(3)}) == 3
