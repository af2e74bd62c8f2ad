"""A process that uses one retailer's token as it is ordered: `python -m …refresh_caller SETUP`.

Orders and reports travel through lists in Redis; all are JSON.
"""

import asyncio
import os
import random
import sys
import time
from typing import Literal

import msgspec
from msgspec import Struct

from actions.database import Database
from actions.errors import BackroomError
from actions.grants import Grant, Grants
from actions.oauth import Application, OAuth
from actions.secret import Secret
from actions.sending import open_session
from actions.tokens import NeedsRelink, Tokens
from actions.vault import Vault

RETAILER = "kowhai"
REPORTS = "test:reports"
_PATIENCE = 2
"""Seconds that one look for orders takes: less than a call of Redis may."""


class Setup(Struct):
    """What a process is started with."""

    name: str
    redis_url: str
    key: str
    origin: str
    client_id: str
    client_secret: str
    redirect_uri: str


class Order(Struct):
    """What to do once."""

    what: Literal["expired", "refused", "fresh", "use"]
    """The token has expired; was refused; was read anew and then refused; or just use it."""
    callers: int = 1
    spread: float = 0
    """Callers begin within so many seconds, by chance."""


class Report(Struct):
    """What came of an order."""

    name: str
    pid: int
    generations: list[int] = []
    """What each caller got."""
    waits: list[float] = []
    """Seconds that each caller waited."""
    dead: list[str] = []
    """What callers were told who got nothing because the retailer must be linked again."""
    troubles: list[str] = []
    """What others were told who got nothing."""


def orders(name: str) -> str:
    """Return the list that a process takes its orders from."""
    return f"test:orders:{name}"


class Caller:
    """One process' way to tokens."""

    def __init__(self, setup: Setup, database: Database, oauth: OAuth) -> None:
        self._setup = setup
        self._database = database
        self._oauth = oauth
        self._grants = Grants(database, Vault([Secret(setup.key)]))
        self._tokens = Tokens(self._grants, oauth)
        self._held: Grant | None = None

    async def work(self) -> None:
        """Carry out orders until this process is ended."""
        await self._tokens_warm()
        await self._report(self._blank())
        while True:
            found = await self._database.do("BLPOP", orders(self._setup.name), _PATIENCE)
            if found is not None:
                await self._report(await self._done(msgspec.json.decode(found[1], type=Order)))

    async def _tokens_warm(self) -> None:
        self._held = await self._grants.get(RETAILER)

    async def _done(self, order: Order) -> Report:
        if order.what == "expired":
            self._tokens = Tokens(self._grants, self._oauth)  # as after a restart
        if order.what == "fresh":
            self._held = await self._grants.get(RETAILER)
        report, held = self._blank(), self._held
        await asyncio.gather(*(self._called(order, held, report) for _ in range(order.callers)))
        return report

    async def _called(self, order: Order, held: Grant | None, report: Report) -> None:
        await asyncio.sleep(random.uniform(0, order.spread))  # noqa: S311 - no secret
        began = time.perf_counter()
        try:
            if order.what in {"expired", "use"} or held is None:
                self._held = await self._tokens.get(RETAILER)
            else:
                self._held = await self._tokens.after_refusal(held)
        except NeedsRelink as error:
            report.dead.append(str(error))
        except BackroomError as error:
            report.troubles.append(repr(error))
        else:
            report.generations.append(self._held.generation)
            report.waits.append(time.perf_counter() - began)

    def _blank(self) -> Report:
        return Report(self._setup.name, os.getpid())

    async def _report(self, report: Report) -> None:
        await self._database.do("RPUSH", REPORTS, msgspec.json.encode(report))


async def main(setup: Setup) -> None:
    """Work as set up."""
    application = Application(
        client_id=setup.client_id,
        client_secret=Secret(setup.client_secret),
        redirect_uri=setup.redirect_uri,
        scopes=(),
    )
    async with Database(setup.redis_url) as database, open_session() as session:
        await Caller(setup, database, OAuth(session, application, setup.origin)).work()


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Setup)))
