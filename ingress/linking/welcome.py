"""What is done and told once a retailer is linked: its webhooks, its name, its registers."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from aiohttp import web
from msgspec import Struct

from actions.errors import BackroomError, DatabaseAway
from actions.linking import Arrival
from actions.resources.registers import ListRegisters
from actions.resources.retailer import GetRetailer
from ingress.linking.pages import listed, page, paragraph
from ingress.reach import Reach
from workers.hooks.mending import Hooks
from workers.hooks.report import Report
from workers.hooks.wanted import want_all

_HOOK_SECONDS: Final = 8.0
_READ_SECONDS: Final = 4.0
"""Somebody looks at an empty page meanwhile."""
_LATER: Final = "Its webhooks are not all registered yet: Backroom tries again within the hour."


class Welcome(Struct, frozen=True):
    """What the page tells."""

    retailer: str
    name: str
    """What the store is called; its domain prefix where that could not be read."""
    registers: tuple[str, ...]
    webhooks: tuple[str, ...]
    """Event types whose webhooks are registered."""
    is_whole: bool
    """Whether all of them are that should be."""

    def page(self) -> web.Response:
        """Return the page."""
        return page(200, f"{self.name} is linked", self._parts())

    def _parts(self) -> Iterator[str]:
        yield paragraph(f"{self.retailer} is linked. You can close this window.")
        if self.registers:
            yield listed("Registers", self.registers)
        if self.webhooks:
            yield listed("Webhooks", self.webhooks)
        if not self.is_whole:
            yield paragraph(_LATER)


async def welcomed(reach: Reach, arrival: Arrival) -> Welcome:
    """Register a retailer's webhooks and read who it is. Whatever fails, it stays linked."""
    retailer = arrival.connection.retailer
    report, name, registers = await asyncio.gather(
        registered(reach, arrival), _named(reach, retailer), _registers(reach, retailer)
    )
    return Welcome(
        retailer=retailer,
        name=name,
        registers=registers,
        webhooks=tuple(sorted(report.present + report.created)) if report else (),
        is_whole=report is not None and not report.lacking,
    )


async def registered(reach: Reach, arrival: Arrival) -> Report | None:
    """Register a retailer's webhooks; None where nothing could be looked up."""
    hooks = Hooks(reach.settings, reach.database, reach.lightspeed.client)
    try:
        if arrival.all_events:
            await want_all(reach.database, [arrival.connection.retailer], every=True)
        report = await hooks.mend(arrival.connection, _HOOK_SECONDS, anew=arrival.was_unsigned)
    except DatabaseAway:
        return None
    report.log()
    return report


async def _named(reach: Reach, retailer: str) -> str:
    """Return what a store is called; its domain prefix where that cannot be read."""
    with suppress(BackroomError, TimeoutError):
        async with asyncio.timeout(_READ_SECONDS):
            return (await reach.lightspeed.client.call(GetRetailer(), retailer)).name or retailer
    return retailer


async def _registers(reach: Reach, retailer: str) -> tuple[str, ...]:
    with suppress(BackroomError, TimeoutError):
        async with asyncio.timeout(_READ_SECONDS):
            page = await reach.lightspeed.client.call(ListRegisters(), retailer)
            return tuple(one.name or one.id for one in page.data)
    return ()
