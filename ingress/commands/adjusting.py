"""What `backroom stock adjust` does: it checks a file, says what that costs, and sends it."""

import asyncio
import math
import sys
from array import array
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final, TextIO

import click
from msgspec import Struct

from actions.errors import BackroomError, DatabaseAway, RateLimited, TryLater
from actions.exchange import WINDOW_SECONDS
from actions.listening import cancelled
from actions.resources.outlets import ListOutlets
from actions.resources.stock_adjustments import NewStockAdjustment
from ingress.commands import adjusted
from ingress.commands.adjusted import Told
from ingress.commands.opening import opened
from ingress.commands.sending_bar import SendingBar
from workers.lightspeed import Lightspeed, lightspeed
from workers.signals import Stop
from workers.stock.files import KEEP_SECONDS, FileSender, digest, latest, unless
from workers.stock.items import MOST_IN_REQUEST, Progress
from workers.stock.names import resolved
from workers.stock.sheet import BadSheet, Sheet, read

_WAS_SENT: Final = (
    "All of this file was sent before, so nothing is sent now; --again sends it once more."
)
_REQUEST_SECONDS: Final = 2.0
"""What a full request takes, about; nothing has told yet."""
_ASK_SECONDS: Final = 1.0


class Given(Struct, frozen=True):
    """What stands on the command line."""

    file: str
    retailer: str | None
    is_dry: bool
    again: bool
    in_json: bool

    @property
    def report(self) -> Path | None:
        """Where the report goes; None where the file is standard input."""
        return None if self.file == "-" else Path(self.file).with_suffix(".report.csv")


class Plan(Struct, frozen=True):
    """What is to be sent. Its list is emptied once Redis has it: 100,000 take 20 MB."""

    retailer: str
    order_id: str
    adjustments: list[NewStockAdjustment]
    numbers: Sequence[int]
    """The row of each adjustment."""

    def __repr__(self) -> str:
        """Name it: as its loop ends asyncio writes down what a task returned, 60 MB of rows."""
        return f"Plan({self.order_id})"


async def planned(given: Given) -> Plan | int:
    """Check a file and say what it will do; return an exit code where nothing is to be done.

    Raises:
        BadSheet: it cannot be read as a table.
        BackroomError: names cannot be looked up.
    """
    sheet = _read(given.file)
    async with opened(quiet=True) as ours:
        retailer = await ours.prefix(given.retailer)
        async with lightspeed(ours.settings, ours.database, ours.vault) as reach:
            found = await _resolved(sheet, reach, retailer)
            if sheet.problems:
                adjusted.wrong(sheet.problems, in_json=given.in_json)
                return BadSheet.exit_code
            numbers = array("L", (row.number for row in sheet.rows))
            sheet.rows.clear()
            known = digest(found, retailer)
            order_id, progress = await latest(reach.stock, known, again=given.again)
            plan = Plan(retailer, order_id, found, numbers)
            if progress is not None and progress.is_over:
                return await _was_sent(given, reach, plan)
            await _say_cost(given, reach, plan, progress)
    return 0 if given.is_dry else plan


async def _was_sent(given: Given, reach: Lightspeed, plan: Plan) -> int:
    """Say that there is nothing to send, and report once more."""
    plan.adjustments.clear()
    _say(given, _WAS_SENT)
    if not given.is_dry:
        return await _told(given, reach, plan, was_stopped=False)
    if given.in_json:
        adjusted.dry(plan.retailer, plan.order_id, 0, 0, 0.0)
    return 0


def _read(file: str) -> Sheet:
    try:
        with _lines(file) as lines:
            return read(lines)
    except OSError as error:
        raise BadSheet(f"{file} cannot be read: {error.strerror}.") from None


def _lines(file: str) -> AbstractContextManager[TextIO]:
    if file == "-":
        return open(sys.stdin.fileno(), encoding="utf-8", newline="", closefd=False)
    return Path(file).open(encoding="utf-8", newline="")


async def _resolved(sheet: Sheet, reach: Lightspeed, retailer: str) -> list[NewStockAdjustment]:
    """Look names up; a file that is wrong anyhow is told so where that fails."""
    try:
        return await resolved(sheet, reach.client, retailer)
    except BackroomError:
        if not sheet.problems:
            raise
        return []


async def _say_cost(given: Given, reach: Lightspeed, plan: Plan, progress: Progress | None) -> None:
    left = len(plan.adjustments) if progress is None else progress.left
    requests = math.ceil(left / MOST_IN_REQUEST)
    limit, seconds = await _cost(reach, plan.retailer, requests)
    if given.is_dry and given.in_json:
        adjusted.dry(plan.retailer, plan.order_id, left, requests, seconds)
        return
    begun = "" if progress is None else f", what is left of {progress.total:,}"
    _say(given, f"{left:,} adjustments of stock at {plan.retailer}{begun}.")
    many = "1 request" if requests == 1 else f"{requests:,} requests"
    of = f" of the {limit:,} that Lightspeed takes in {WINDOW_SECONDS / 60:g} minutes"
    _say(given, f"{many}{of}: about {_long(seconds)}.")


async def _cost(reach: Lightspeed, retailer: str, requests: int) -> tuple[int, float]:
    """Return the retailer's limit, and how long so many requests take, about."""
    client, opens = reach.client, 0.0
    try:
        permit = await client.permit(
            ListOutlets(), retailer, lane="interactive", patience=_ASK_SECONDS
        )
        permit.unsent()
    except (RateLimited, TryLater) as error:
        opens = error.retry_after
    limit, left = client.budget.known(retailer) if client.budget else (0, 0)
    windows = math.ceil(max(0, requests - left) / max(1, limit))
    return limit, max(opens + requests * _REQUEST_SECONDS, windows * WINDOW_SECONDS)


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * 60 else f"{seconds / 60:.0f} min"


def _say(given: Given, sentence: str) -> None:
    click.echo(sentence, err=given.in_json)


async def carried_out(given: Given, plan: Plan) -> int:
    """Send what is left of a plan, write the report, and return the exit code.

    Raises:
        BackroomError: it cannot go on; what is left is sent by the same command, later.
    """
    stop = Stop()
    if given.report is not None:
        adjusted.prepare(given.report)
    async with (
        opened(quiet=True) as ours,
        lightspeed(ours.settings, ours.database, ours.vault) as reach,
    ):
        await reach.stock.submit(
            plan.adjustments,
            plan.retailer,
            order_id=plan.order_id,
            keep=KEEP_SECONDS,
            by_caller=True,
        )
        plan.adjustments.clear()
        try:
            await unless(stop.insisted, _sent(reach, plan, stop.asked))
        except BackroomError:
            with suppress(DatabaseAway):
                await _told(given, reach, plan, was_stopped=True)
            raise
        return await _told(given, reach, plan, was_stopped=stop.asked.is_set())


async def _told(given: Given, reach: Lightspeed, plan: Plan, *, was_stopped: bool) -> int:
    """Report what became of each row."""
    progress = await reach.stock.progress(plan.order_id)
    results = await reach.stock.results(plan.order_id)
    told = Told(progress, plan.numbers, results, was_stopped)
    return adjusted.told(told, given.report, in_json=given.in_json)


async def _sent(reach: Lightspeed, plan: Plan, stop: asyncio.Event) -> None:
    """Send until it is over or is to stop, and show how far it is."""
    sender = FileSender(reach.stock, reach.client, stop)
    progress = await reach.stock.progress(plan.order_id)
    with SendingBar(progress, sender, reach.client.budget) as bar:
        showing = asyncio.create_task(bar.keep_showing(), name="progress")
        try:
            await sender.send(plan.order_id, bar.advance)
        finally:
            await cancelled(showing)
