"""A plugin whose one subscriber does nothing."""

from workers.events import SALE_UPDATE, Event
from workers.payloads import SaleUpdate
from workers.plugins import Context, NoSettings, Plugin

plugin = Plugin("nothing")


@plugin.on(SALE_UPDATE)
async def ignore(event: Event[SaleUpdate], ctx: Context[NoSettings]) -> None:
    del event, ctx
