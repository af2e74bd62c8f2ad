"""Lightspeed as the web process reaches it: opened once, for the link flow, the API and agents."""

from collections.abc import AsyncIterator

from aiohttp import web

from actions.database import Database
from actions.vault import Vault
from workers.lightspeed import Lightspeed, lightspeed
from workers.settings import Settings


class Reach:
    """What stays open as long as the application runs."""

    def __init__(self, settings: Settings, database: Database, vault: Vault) -> None:
        self.settings = settings
        self.database = database
        self.vault = vault
        self._lightspeed: Lightspeed | None = None

    async def opened(self, _: web.Application) -> AsyncIterator[None]:
        """Keep connections to Lightspeed open while the application runs."""
        async with lightspeed(self.settings, self.database, self.vault) as self._lightspeed:
            yield

    @property
    def lightspeed(self) -> Lightspeed:
        """The way there, once the application runs."""
        assert self._lightspeed is not None  # noqa: S101 - the application is running
        return self._lightspeed
