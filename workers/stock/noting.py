"""What became of the items of a request, as it is recorded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from actions.resources.stock_adjustments import StockAdjustment
from workers.stock.items import Item, Outcome, Result

_AMBIGUOUS: Final = "equal adjustments of somebody else's make it impossible to tell"


def newest(rows: Sequence[StockAdjustment], version: int | None) -> int | None:
    """Return the highest version of some adjustments and one known before."""
    found = [row.version for row in rows if row.version is not None]
    return max([*found, *([version] if version is not None else [])], default=None)


def results_of(
    items: list[Item],
    applied: Mapping[int, str],
    refused: Mapping[int, str],
    unknown: set[int] = frozenset(),  # type: ignore[assignment]
) -> defaultdict[str, list[Result]]:
    """Sort what became of items by their orders."""
    found = defaultdict[str, list[Result]](list)

    def note(place: int, outcome: Outcome, detail: str) -> None:
        found[items[place].order].append(Result(items[place].place, outcome, detail))

    for place, row_id in applied.items():
        note(place, "applied", row_id)
    for place, why in refused.items():
        note(place, "refused", why)
    for place in unknown:
        note(place, "unknown", _AMBIGUOUS)
    return found
