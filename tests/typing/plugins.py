"""Type-checked, never run: what an author may write, and what a type checker must refuse."""

from collections.abc import AsyncGenerator

from msgspec import Struct

from actions.errors import NotFound
from actions.resources.brands import Brand
from actions.resources.customers import Customer
from actions.resources.sale_rows import Sale
from actions.resources.sales import GetSale, ListSales
from workers.events import PRODUCT_UPDATE, SALE_UPDATE, Event, ProductUpdate, SaleUpdate
from workers.plugins import Context, Plugin
from workers.testing import FakeContext, make_event


class Settings(Struct):
    url: str


class Others(Struct):
    url: str


plugin = Plugin("ledger", Settings)
plain = Plugin("plain")


@plugin.on(SALE_UPDATE)
async def right(event: Event[SaleUpdate], ctx: Context[Settings]) -> None:
    status: str | None = event.payload.status
    number: int = event.payload.id  # type: ignore[assignment]
    url: str = ctx.settings.url
    ctx.log.info("seen", status=status, number=number, url=url)


@plugin.on(PRODUCT_UPDATE)  # type: ignore[arg-type]
async def wrong_payload(event: Event[SaleUpdate], ctx: Context[Settings]) -> None: ...


@plugin.on(SALE_UPDATE)  # type: ignore[arg-type]
async def wrong_settings(event: Event[SaleUpdate], ctx: Context[Others]) -> None: ...


@plugin.on(SALE_UPDATE)  # type: ignore[arg-type]
def not_async(event: Event[SaleUpdate], ctx: Context[Settings]) -> None: ...


@plugin.lifespan
async def session(settings: Settings) -> AsyncGenerator[int, None]:
    yield len(settings.url)


async def author_tests(ctx: Context[Settings]) -> None:
    opened: int = ctx.opened(session)
    text: str = ctx.opened(session)  # type: ignore[assignment]
    make_event(SALE_UPDATE, ProductUpdate("7"))  # type: ignore[misc]
    await right(make_event(SALE_UPDATE), FakeContext(Settings("")))
    await right(make_event(SALE_UPDATE), FakeContext(Others("")))  # type: ignore[arg-type]
    ctx.log.info("opened", opened=opened, text=text)


@plugin.on(SALE_UPDATE)
async def calling(event: Event[SaleUpdate], ctx: Context[Settings]) -> None:
    sale: Sale = await ctx.call(GetSale(event.payload.id))
    customer: Customer = await ctx.call(GetSale("7"))  # type: ignore[arg-type]
    page = await ctx.call(ListSales(after=7))
    note: str | None = page.data[0].note
    total: int = page.data[0].note  # type: ignore[assignment]
    job_id: str = await ctx.enqueue(GetSale("7"))
    await ctx.call(GetSale)  # type: ignore[arg-type]
    ctx.log.info("called", sale=sale, customer=customer, note=note, total=total, job=job_id)


async def author_says_what_is_answered(sale: Sale, brand: Brand, customer: Customer) -> None:
    ctx = FakeContext(Settings(""))
    ctx.returns(GetSale, sale, NotFound("GetSale", "kowhai", "gone"), sale)
    ctx.returns(GetSale, brand)  # type: ignore[misc]
    ctx.returns(GetSale, sale, customer)  # type: ignore[misc]
    ctx.returns(GetSale("7"), sale)  # type: ignore[arg-type]
    await calling(make_event(SALE_UPDATE), ctx)
