"""Times as people give them on the command line."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import click

_AGO: Final = re.compile(r"(\d{1,6})([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def past(_: click.Context, __: click.Parameter, value: str) -> datetime:
    """Read a time: ISO 8601, of UTC where it says nothing else, or 90m, 12h, 7d ago.

    Raises:
        BadParameter: it is neither, or before 1970.
    """
    try:
        if ago := _AGO.fullmatch(value):
            found = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            found = datetime.fromisoformat(value)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        is_sensible = found.timestamp() >= 0
    except (ValueError, OverflowError):
        is_sensible = False
    if not is_sensible:
        said = f"{value[:40]!r} is no time: write 2026-07-31, 2026-07-31T09:00 or 7d."
        raise click.BadParameter(said)
    return found
