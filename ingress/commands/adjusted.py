"""What became of a file of stock adjustments: its report, a summary, an exit code."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
from msgspec import Struct

from ingress.commands.printing import as_json, table
from workers.stock.items import Progress, Result
from workers.stock.problems import Problems
from workers.stock.sheet import BadSheet

SHOWN: Final = 20
REFUSED, UNKNOWN = 3, 4
"""Exit codes of a file of which some rows were refused, of which some nobody knows."""
_STOPPED: Final = 130
_HEADER: Final = ("row", "outcome", "detail")
_RESUMES: Final = "the same command goes on with what is left"
_LOST: Final = "Redis has lost it: look at the store whether it was applied"


class Told(Struct, frozen=True):
    """An order, whose rows its items are, and what became of them."""

    progress: Progress
    numbers: Sequence[int]
    results: list[Result]
    was_stopped: bool = False

    @property
    def unknown(self) -> int:
        """Of how many rows nobody knows: those too that Redis has lost."""
        return self.progress.unknown + (0 if self.was_stopped else self.progress.left)

    @property
    def code(self) -> int:
        """The exit code: the gravest first."""
        if self.was_stopped and self.progress.left:
            return _STOPPED
        if self.unknown:
            return UNKNOWN
        return REFUSED if self.progress.refused else 0

    def rows(self) -> Iterator[tuple[int, str, str]]:
        """Yield each row's number, outcome and detail, in the order of the file."""
        results = iter(self.results)
        result = next(results, None)
        for place, number in enumerate(self.numbers):
            if result is not None and result.place == place:
                yield number, result.outcome, result.detail
                result = next(results, None)
            elif self.was_stopped:
                yield number, "left", ""
            else:
                yield number, "unknown", _LOST


def wrong(problems: Problems, *, in_json: bool) -> None:
    """List what is wrong with a file."""
    count = problems.count
    if in_json:
        as_json({"wrong": count, "problems": problems.first(count)})
        return
    shown = problems.first(SHOWN)
    table(("row", "column", "rule"), [(one.row, one.column, one.rule) for one in shown])
    more = f", the first {len(shown)} of them above" if count > len(shown) else ""
    many = "1 cell is wrong" if count == 1 else f"{count:,} cells are wrong{more}"
    click.echo(f"backroom: Nothing was sent, because {many}: mend the file.", err=True)


def dry(retailer: str, order_id: str, left: int, requests: int, seconds: float) -> None:
    """Print what a file would do as JSON."""
    as_json(
        {
            "retailer": retailer,
            "order_id": order_id,
            "left": left,
            "requests": requests,
            "seconds": round(seconds),
        }
    )


def prepare(report: Path) -> None:
    """Make sure, before anything is sent, that the report can be written.

    Raises:
        BadSheet: it cannot.
    """
    try:
        report.open("a").close()
    except OSError as error:
        raise BadSheet(f"{report} cannot be written: {error.strerror}.") from None


def told(ours: Told, report: Path | None, *, in_json: bool) -> int:
    """Write the report, print the summary, and return the exit code."""
    if report is not None:
        prepare(report)
        with report.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_HEADER)
            writer.writerows(ours.rows())
    if in_json:
        as_json(_summary(ours, report))
    else:
        _print(ours, report)
    return ours.code


def _left(progress: Progress) -> str:
    done = progress.total - progress.left
    return f"{done:,} of {progress.total:,} are done, {progress.left:,} are left: {_RESUMES}."


def _summary(ours: Told, report: Path | None) -> dict[str, Any]:
    progress = ours.progress
    shown = {
        "order_id": progress.order_id,
        "retailer": progress.retailer,
        "total": progress.total,
        "applied": progress.applied,
        "refused": progress.refused,
        "unknown": ours.unknown,
        "left": progress.left if ours.was_stopped else 0,
    }
    if report is not None:
        return {**shown, "report": str(report)}
    return {**shown, "rows": [dict(zip(_HEADER, row, strict=True)) for row in ours.rows()]}


def _print(ours: Told, report: Path | None) -> None:
    bad = [row for row in ours.rows() if row[1] in {"refused", "unknown"}]
    if bad:
        table(_HEADER, bad[:SHOWN])
    progress = ours.progress
    counts = [("applied", progress.applied), ("refused", progress.refused)]
    counts.append(("unknown", ours.unknown))
    line = ", ".join(f"{count:,} {name}" for name, count in counts if count or name == "applied")
    click.echo(f"{line}; each row is in {report}." if report else f"{line}.")
    if ours.was_stopped and progress.left:
        click.echo(_left(progress), err=True)
