"""A file of stock adjustments: read whole and checked whole before anything is asked or sent."""

import csv
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Final, TypeAlias, get_args

from msgspec import UNSET, Struct

from actions.errors import BackroomError
from actions.resources.stock_adjustments import NewStockAdjustment, Reason, broken_rule
from workers.stock.problems import Problems

Broken: TypeAlias = tuple[tuple[str, str], ...]
"""Columns, and the rule that each breaks."""
COLUMNS: Final = ("product_id", "sku", "outlet_id", "outlet", "quantity", "reason", "custom_reason")
_PAIRS: Final = (("product_id", "sku"), ("outlet_id", "outlet"))
_NEEDED: Final = ("quantity", "reason")
_REASONS: Final = {reason: reason for reason in get_args(Reason)}
_REMEMBERED: Final = 10_000
"""Different quantities with their reasons whose rules are looked up, not worked out."""
_MOST_IN_ID: Final = 36
_MOST_IN_QUANTITY: Final = 32
_DELIMITERS: Final = ",;\t"
_CUSTOM: Final = "must be given where the reason is CUSTOM, and nowhere else"


class BadSheet(BackroomError):
    """The file is no table of adjustments; nothing was asked and nothing sent."""

    exit_code = 2


class Row(Struct, frozen=True, gc=False, array_like=True):
    """One row: what it names may have to be looked up yet."""

    number: int
    """As a spreadsheet counts: the header is row 1."""
    product: str
    outlet: str
    quantity: str
    reason: str
    custom: str


class Sheet(Struct, kw_only=True):
    """What a file holds, and which of its rows break a rule."""

    rows: list[Row]
    problems: Problems
    by_sku: bool
    by_outlet: bool
    """Whether its outlets are named, not given by id."""


def read(lines: Iterable[str]) -> Sheet:
    """Read a table; its cells may be parted by comma, semicolon or tab.

    Raises:
        BadSheet: it is no CSV in UTF-8, its header is wrong, or nothing follows it.
    """
    try:
        return _read(iter(lines))
    except UnicodeDecodeError:
        raise BadSheet("The file is not text in UTF-8: save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise BadSheet(f"The file is no CSV: {error}.") from None


def _read(lines: Iterator[str]) -> Sheet:
    first = next(lines, "").removeprefix("\ufeff")
    if not first.strip():
        raise BadSheet(f"The file is empty: its first row names columns, of {', '.join(COLUMNS)}.")
    delimiter = max(_DELIMITERS, key=first.count)
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    places = _places(header)
    problems = Problems()
    rows = _Rows(header, places, problems)
    found = rows.all(csv.reader(lines, delimiter=delimiter, strict=True))
    if not found and not problems:
        raise BadSheet("The file holds no row below its header, so there is nothing to do.")
    named = places.keys()
    return Sheet(rows=found, problems=problems, by_sku="sku" in named, by_outlet="outlet" in named)


def _places(header: list[str]) -> dict[str, int]:
    """Return in which place each column stands."""
    known = ", ".join(COLUMNS)
    for name in header:
        if name not in COLUMNS:
            said = f"{name[:40]!r} is no column" if name else "The header has an empty cell"
            raise BadSheet(f"{said}: the first row names columns, of {known}.")
        if header.count(name) > 1:
            raise BadSheet(f"The column {name} stands there twice.")
    for pair in _PAIRS:
        if len(given := [name for name in pair if name in header]) != 1:
            said = "both are" if given else "neither is"
            raise BadSheet(f"The file needs the column {pair[0]} or {pair[1]}, and {said} there.")
    for name in _NEEDED:
        if name not in header:
            raise BadSheet(
                f"The column {name} is missing: the first row names columns, of {known}."
            )
    return {name: place for place, name in enumerate(header)}


class _Rows:
    """Reads rows; what is equal in many of them is kept once, and mostly checked once."""

    def __init__(self, header: list[str], places: dict[str, int], problems: Problems) -> None:
        self._width = len(header)
        self._product = "sku" if "sku" in places else "product_id"
        self._outlet = "outlet" if "outlet" in places else "outlet_id"
        names = (self._product, self._outlet, "quantity", "reason")
        last = places.get("custom_reason", len(header))  # else the empty cell put behind
        self._take = itemgetter(*(places[name] for name in names), last)
        self._problems = problems
        self._names: dict[str, str] = {}
        self._rules: dict[tuple[str, str, str], Broken] = {}

    def all(self, reader: Iterable[list[str]]) -> list[Row]:
        """Return every row that is not empty, also those that break a rule."""
        found = []
        for number, cells in enumerate(reader, start=2):
            if len(cells) == self._width:
                row = self._row(number, *self._take([*map(str.strip, cells), ""]))
                if row is not None:
                    found.append(row)
            elif any(map(str.strip, cells)):
                said = f"has {len(cells)} cells where the header has {self._width}"
                self._problems.add(number, "-", said)
        return found

    def _row(
        self, number: int, product: str, outlet: str, quantity: str, reason: str, custom: str
    ) -> Row | None:
        if not (product or outlet or quantity or reason or custom):
            return None
        names = self._names
        kept = names.get(product) or self._kept(number, self._product, product)
        place = names.get(outlet) or self._kept(number, self._outlet, outlet)
        broken = self._rules.get((quantity, reason, custom))
        if broken is None:
            broken = _broken(quantity, reason, custom)
            if len(self._rules) < _REMEMBERED:
                self._rules[quantity, reason, custom] = broken
        for column, rule in broken:
            self._problems.add(number, column, rule)
        return Row(number, kept, place, quantity, _REASONS.get(reason, reason), custom)

    def _kept(self, number: int, column: str, text: str) -> str:
        """Keep an id or a name that comes for the first time, or note what is wrong with it."""
        if not text:
            self._problems.add(number, column, "is empty")
        elif len(text) > _MOST_IN_ID and column.endswith("_id"):
            self._problems.add(number, column, f"is longer than {_MOST_IN_ID} characters")
        else:
            self._names[text] = text
        return text


def _broken(quantity: str, reason: str, custom: str) -> Broken:
    """Return the columns that break a rule, and which."""
    found = []
    if reason not in _REASONS:
        found.append(("reason", f"must be one of {', '.join(_REASONS)}, but is {reason[:40]!r}"))
    if (reason == "CUSTOM") is not bool(custom):
        found.append(("custom_reason", _CUSTOM))
    elif len(custom) > _MOST_IN_ID:
        found.append(("custom_reason", f"is longer than {_MOST_IN_ID} characters"))
    one = adjustment("", "", quantity, reason, "?" if reason == "CUSTOM" else "")
    if len(quantity) > _MOST_IN_QUANTITY:
        found.append(("quantity", f"is longer than {_MOST_IN_QUANTITY} characters"))
    elif rule := broken_rule(one):
        found.append(("quantity", rule.removeprefix("quantity ")))
    return tuple(found)


def adjustment(
    product_id: str, outlet_id: str, quantity: str, reason: str, custom: str
) -> NewStockAdjustment:
    """Return the adjustment of a row that was checked, or is."""
    return NewStockAdjustment(
        product_id=product_id,
        outlet_id=outlet_id,
        quantity=quantity,
        reason=_REASONS.get(reason, reason),
        custom_inventory_adjustment_reason_id=custom or UNSET,
    )
