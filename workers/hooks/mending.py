"""Mending a retailer's webhooks: create what lacks, delete what is ours and stale."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Final, TypeVar, cast

from actions.action import Action
from actions.client import Client
from actions.connections import Connection, address
from actions.database import Database
from actions.errors import (
    BackroomError,
    BadAction,
    Conflict,
    DatabaseAway,
    NotFound,
    OutcomeUnknown,
    Rejected,
    WrongSetting,
)
from actions.exchange import Lane
from actions.grants import standings
from actions.resources.webhooks import (
    CreateWebhook,
    DeleteWebhook,
    ListWebhooks,
    Webhook,
    WebhookType,
)
from workers.events import WEBHOOK_TYPES
from workers.hooks.address import unreachable, webhook_urls
from workers.hooks.comparing import Stale, compare, retired, unknown_keys
from workers.hooks.report import Report
from workers.hooks.wanted import wanted
from workers.settings import Settings

R = TypeVar("R")

_PATIENCE_SECONDS: Final = 20.0
"""To wait for the rate limit, for each call."""


class Unsigned(BackroomError):
    """What would be registered is not signed, and the retailer's deliveries must be."""


class NoAnswer(BackroomError):
    """It took longer than it may."""


class Hooks:
    """Every retailer's webhooks, as one process sees and mends them.

    Raises, from every method:
        DatabaseAway: nothing can be looked up. Whatever else goes wrong is in the report.
    """

    def __init__(
        self, settings: Settings, database: Database, client: Client, lane: Lane = "interactive"
    ) -> None:
        self._settings = settings
        self._database = database
        self._client = client
        self._lane: Lane = lane

    async def look(self, connection: Connection, seconds: float, *, every: bool = False) -> Report:
        """Compare, and change nothing: with all seven types where `every` is asked for."""
        report = await self._begun(connection, every=every)
        await self._tried(self._look(connection, report), report, connection, seconds)
        return report

    async def mend(self, connection: Connection, seconds: float, *, anew: bool = False) -> Report:
        """Create what lacks and delete what is ours and stale.

        `anew` registers again what is there: for it was registered when nothing was signed.
        """
        report = await self._begun(connection)
        if why := unreachable(self._settings):
            report.trouble(WrongSetting(why), connection)
            return report
        await self._tried(self._mend(connection, report, anew=anew), report, connection, seconds)
        return report

    async def remove(self, connection: Connection, seconds: float) -> Report:
        """Delete every webhook of ours at a retailer's store, for it is to be forgotten."""
        report = Report(retailer=connection.retailer)
        await self._tried(self._remove(connection, report), report, connection, seconds)
        return report

    async def _begun(self, connection: Connection, *, every: bool = False) -> Report:
        retailer = connection.retailer
        names = WEBHOOK_TYPES if every else await wanted(self._database, retailer)
        return Report(retailer=retailer, wanted=names, lacking=list(names))

    async def _tried(
        self, work: Awaitable[None], report: Report, connection: Connection, seconds: float
    ) -> None:
        try:
            async with asyncio.timeout(seconds):
                await work
        except DatabaseAway:
            raise
        except TimeoutError:
            said = f"Lightspeed did not answer for {connection.retailer} within {seconds:g} s."
            report.trouble(NoAnswer(said), connection)
        except BackroomError as error:
            report.trouble(error, connection)

    async def _look(self, connection: Connection, report: Report, *, anew: bool = False) -> None:
        there = await self._list(connection)
        others = await self._others(there, connection)
        base_url = self._settings.base_url
        report.found(compare(there, connection, base_url, report.wanted, others, anew=anew))

    async def _mend(self, connection: Connection, report: Report, *, anew: bool) -> None:
        await self._look(connection, report, anew=anew)
        lacking = set(report.lacking)  # Lightspeed takes no second of the same type and URL
        await self._delete([one for one in report.stale if one.type in lacking], report, connection)
        await self._create(report, connection)
        await self._delete(list(report.stale), report, connection)

    async def _remove(self, connection: Connection, report: Report) -> None:
        there = await self._list(connection)
        others = await self._others(there, connection)
        report.found(retired(there, connection, self._settings.base_url, others))
        await self._delete(list(report.stale), report, connection)

    async def _create(self, report: Report, connection: Connection) -> None:
        if report.lacking and not connection.unsigned:
            await self._check_signing(connection)
        urls = webhook_urls(connection, self._settings.base_url)
        for name in list(report.lacking):
            action = CreateWebhook(url=urls[name], type=cast("WebhookType", name), active=True)
            try:
                is_new = await self._created(action, connection.retailer)
            except Rejected as error:
                report.trouble(error, connection)
                continue
            report.lacking.remove(name)
            (report.created if is_new else report.present).append(name)

    async def _created(self, action: CreateWebhook, retailer: str) -> bool:
        """Create a webhook; False where it is there already."""
        for is_last in (False, True):
            try:
                await self._call(action, retailer)
            except Conflict:
                return is_last  # after a lost answer it is there because of us
            except OutcomeUnknown:
                if is_last:
                    raise
            else:
                break
        return True

    async def _delete(self, stale: Iterable[Stale], report: Report, connection: Connection) -> None:
        for one in stale:
            try:
                await self._call(DeleteWebhook(webhook_id=one.id), connection.retailer)
            except NotFound:
                pass  # it is gone, whoever did it
            except (Rejected, BadAction) as error:
                report.trouble(error, connection)
                continue
            report.stale.remove(one)
            report.deleted.append(one)

    async def _check_signing(self, connection: Connection) -> None:
        """See that what we register is signed (vendor: only an application's webhooks are).

        Raises:
            Unsigned: the token is personal, and the retailer's deliveries must be signed.
        """
        standing = await standings(self._database, [connection.retailer])
        if not standing[connection.retailer].expires:
            raise Unsigned(
                f"The token of {connection.retailer} is personal, and Lightspeed signs no webhook "
                "that is registered with one: link it by OAuth, or with --unsigned."
            )

    async def _list(self, connection: Connection) -> list[Webhook]:
        await self._client.reread(connection.retailer)  # who registers decides what is signed
        return (await self._call(ListWebhooks(), connection.retailer)).data

    async def _others(self, there: Iterable[Webhook], connection: Connection) -> set[str]:
        """Return the keys of other retailers of ours that lead somewhere from this store."""
        keys = unknown_keys(there, connection, self._settings.base_url)
        return {key for key in keys if await address(self._database, key) is not None}

    async def _call(self, action: Action[R], retailer: str) -> R:
        return await self._client.call(
            action, retailer, lane=self._lane, patience=_PATIENCE_SECONDS
        )
