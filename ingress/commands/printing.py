"""How commands print: a table for people, JSON for programs."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

_NO_TERMINAL_WIDTH = 500
_GAP = 2


def as_json(value: Any) -> None:
    """Print a value as indented JSON on stdout."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their columns; away from a terminal nothing is cut or folded."""
    console().print(tabled(columns, rows))


def tabled(columns: Sequence[str], rows: Iterable[Sequence[object]], *, whole: int = 0) -> Table:
    """Return rows under their columns; where that fits, words of up to `whole` are not cut."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    texts = [[str(cell) for cell in row] for row in rows]
    least = [_longest([name, *cells], whole) for name, *cells in zip(columns, *texts, strict=True)]
    fits = sum(least) + _GAP * (len(least) - 1) <= console().width
    for place, (column, width) in enumerate(zip(columns, least, strict=True)):
        fixed = width if fits and width else None
        shown.add_column(column, overflow="fold", no_wrap=place == 0, min_width=fixed)
    for row in texts:
        shown.add_row(*map(Text, row))
    return shown


def _longest(cells: Iterable[str], whole: int) -> int:
    lengths = (len(word) for cell in cells for word in cell.split())
    return max((length for length in lengths if length <= whole), default=0)


def console() -> Console:
    """Return a terminal of the right width."""
    probe = Console()
    return probe if probe.is_terminal else Console(width=_NO_TERMINAL_WIDTH)


def clock(moment: datetime) -> str:
    """Write a time as people read it, in UTC: today without the date."""
    there = moment.astimezone(UTC)
    today = there.date() == datetime.now(UTC).date()
    return there.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M")
