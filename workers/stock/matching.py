"""Which of our adjustments are there: compared as a multiset, never guessed."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from actions.resources.stock_adjustments import StockAdjustment
from workers.stock.items import Item, Key, key_of


class Match(Struct, frozen=True):
    """What was found of the items of a request; numbers are places in it."""

    applied: dict[int, str]
    """And the vendor's ids."""
    missing: list[int]
    ambiguous: list[int]
    """There are more equal ones than ours, so nobody can tell whether ours are among them."""


def match(items: Sequence[Item], rows: Sequence[StockAdjustment], user_id: str) -> Match:
    """Find our items among adjustments that were made since they were sent.

    Those of other users are not ours. As long as it is not known as whom we act, equal ones leave
    it open whose they are.
    """
    ours, found = defaultdict[Key, list[int]](list), defaultdict[Key, list[StockAdjustment]](list)
    for place, item in enumerate(items):
        ours[key_of(item.adjustment)].append(place)
    for row in rows:
        if not user_id or row.user_id in {None, user_id}:
            found[key_of(row)].append(row)
    applied, missing, ambiguous = dict[int, str](), list[int](), list[int]()
    for key, places in ours.items():
        there = found[key]
        if len(there) > len(places) or (there and not user_id):
            ambiguous += places
            continue
        applied |= {place: row.id for place, row in zip(places, there, strict=False)}
        missing += places[len(there) :]
    return Match(applied, sorted(missing), sorted(ambiguous))
