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


def as_json(value: Any) -> None:
    """Print a value as indented JSON on stdout."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their columns; away from a terminal nothing is cut or folded."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        shown.add_column(column, overflow="fold", no_wrap=place == 0)
    for row in rows:
        shown.add_row(*(Text(str(cell)) for cell in row))
    console().print(shown)


def console() -> Console:
    """Return a terminal of the right width."""
    probe = Console()
    return probe if probe.is_terminal else Console(width=_NO_TERMINAL_WIDTH)


def clock(moment: datetime) -> str:
    """Write a time as people read it, in UTC: today without the date."""
    there = moment.astimezone(UTC)
    today = there.date() == datetime.now(UTC).date()
    return there.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M")
