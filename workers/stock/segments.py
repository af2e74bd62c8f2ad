"""Finding the bad rows of a refused batch: by what the answer names, else by halving."""

import re
from collections.abc import Mapping, Sequence
from math import log
from typing import Final, TypeAlias

from msgspec import Struct

from workers.stock.items import MOST_IN_REQUEST

_ROW: Final = re.compile(r"stock_adjustments\[(\d+)\]")
_TELLING: Final = 5
"""So many bad ones tell how common they are."""
Refusals: TypeAlias = dict[int, str]
"""Why which item was refused; numbers are places among those that were taken together."""


class Segment(Struct, frozen=True, array_like=True):
    """Items that go in one request."""

    places: list[int]
    is_bad: bool = False
    """At least one of them is known to be refused."""
    is_first_half: bool = False
    """It and the segment after it were refused together."""
    reason: str = ""
    """Why they were refused."""


def worth(over: int, refused: int) -> int:
    """Return how many are worth a request, when of so many that are over some were refused.

    As many as are refused every other time: then an answer tells most.
    """
    if refused < _TELLING:
        return MOST_IN_REQUEST
    if refused >= over:
        return 1
    return max(1, round(log(0.5) / log(1 - refused / over)))


def next_up(
    pending: Sequence[Segment], most: int = MOST_IN_REQUEST
) -> tuple[list[Segment], Refusals]:
    """Cut what is known to be bad, until the first segment is worth a request: `most` at most."""
    left, refused = list(pending), Refusals()
    while left and left[0].is_bad:
        segment = left.pop(0)
        if len(segment.places) == 1:
            refused[segment.places[0]] = segment.reason
        else:
            left[:0] = _cut(segment, most)
    return _shortened(_merged(left), most), refused


def _merged(pending: list[Segment]) -> list[Segment]:
    """Put what nothing speaks against into one request again."""
    if not pending or any(one.is_bad or one.is_first_half for one in pending):
        return pending
    return [Segment([place for one in pending for place in one.places])]


def _shortened(pending: list[Segment], most: int) -> list[Segment]:
    """Let no more than so many go together, unless something else hangs on them."""
    if not pending or pending[0].is_first_half or len(pending[0].places) <= most:
        return pending
    first, *rest = pending
    return [Segment(first.places[:most]), Segment(first.places[most:]), *rest]


def one_ahead(pending: Sequence[Segment]) -> list[Segment]:
    """Let the first item go alone."""
    first, *rest = pending
    ahead, behind = first.places[:1], first.places[1:]
    return [Segment(ahead), Segment(behind), *rest] if behind else list(pending)


def after_success(pending: Sequence[Segment]) -> list[Segment]:
    """Return what is left once the first segment was applied: then the other half is bad."""
    first, *rest = pending
    if first.is_first_half:
        rest[0] = Segment(rest[0].places, is_bad=True, reason=first.reason)
    return rest


def after_refusal(
    pending: Sequence[Segment],
    reason: str,
    fields: Mapping[str, Sequence[str]],
    most: int = MOST_IN_REQUEST,
) -> tuple[list[Segment], Refusals]:
    """Return what is left once the first segment was refused, and what is known to be at fault."""
    first, *rest = pending
    rows = _named(fields, len(first.places))
    if rows:
        refused = {first.places[row]: why for row, why in rows.items()}
        good = [place for place in first.places if place not in refused]
        return _merged([Segment(good), *rest] if good else list(rest)), refused
    return next_up([Segment(first.places, is_bad=True, reason=reason), *rest], most)


def without(pending: Sequence[Segment], over: set[int]) -> list[Segment]:
    """Return what is left once nothing more is to be done about some items."""
    left = []
    for segment in pending:
        places = [place for place in segment.places if place not in over]
        if places == segment.places:
            left.append(segment)
        elif places:
            left.append(Segment(places))
    return left


def _named(fields: Mapping[str, Sequence[str]], size: int) -> Refusals:
    found = Refusals()
    for name, texts in fields.items():
        if (row := _ROW.match(name)) and int(row[1]) < size:
            found[int(row[1])] = " ".join(texts)
    return found


def _cut(segment: Segment, most: int) -> tuple[Segment, Segment]:
    middle = min(len(segment.places) // 2, most)
    first, second = segment.places[:middle], segment.places[middle:]
    return Segment(first, is_first_half=True, reason=segment.reason), Segment(second)
