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

    Where `user_id` is known, those of other users are not ours; unless there is none of that user's
    among them, for then we may act as another by now. Where it is not, equal ones of several users
    leave it open whose they are.
    """
    ours, found = defaultdict[Key, list[int]](list), defaultdict[Key, list[StockAdjustment]](list)
    for place, item in enumerate(items):
        ours[key_of(item.adjustment)].append(place)
    for row in rows:
        found[key_of(row)].append(row)
    users = {user_id, None} if user_id else {row.user_id for row in rows}
    is_proven = any(row.user_id == user_id for key in ours for row in found[key])
    applied, missing, ambiguous = dict[int, str](), list[int](), list[int]()
    for key, places in ours.items():
        there = [row for row in found[key] if row.user_id in users]
        is_open = found[key] and not there and not is_proven
        if is_open or len(there) > len(places) or len({row.user_id for row in there}) > 1:
            ambiguous += places
            continue
        applied |= {place: row.id for place, row in zip(places, there, strict=False)}
        missing += places[len(there) :]
    return Match(applied, sorted(missing), sorted(ambiguous))
