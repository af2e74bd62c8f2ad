"""A file of stock adjustments: read whole and checked whole before anything is asked or sent."""

import csv
from collections.abc import Iterable, Iterator
from typing import Final, get_args

from msgspec import UNSET, Struct

from actions.errors import BackroomError
from actions.resources.stock_adjustments import NewStockAdjustment, Reason, broken_rule
from workers.stock.problems import Problems

COLUMNS: Final = ("product_id", "sku", "outlet_id", "outlet", "quantity", "reason", "custom_reason")
_PAIRS: Final = (("product_id", "sku"), ("outlet_id", "outlet"))
_NEEDED: Final = ("quantity", "reason")
_REASONS: Final = {reason: reason for reason in get_args(Reason)}
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
    """Reads rows; what is equal in many of them is kept and checked once."""

    def __init__(self, header: list[str], places: dict[str, int], problems: Problems) -> None:
        self._width = len(header)
        self._product = "sku" if "sku" in places else "product_id"
        self._outlet = "outlet" if "outlet" in places else "outlet_id"
        names = (self._product, self._outlet, "quantity", "reason")
        self._take = [places[name] for name in names]
        self._custom = places.get("custom_reason")
        self._problems = problems
        self._texts: dict[str, str] = {}
        self._rules: dict[tuple[str, str, str], list[tuple[str, str]]] = {}

    def all(self, reader: Iterable[list[str]]) -> list[Row]:
        """Return every row that is not empty, also those that break a rule."""
        found = []
        for number, cells in enumerate(reader, start=2):
            if len(cells) == self._width:
                if (row := self._row(number, cells)) is not None:
                    found.append(row)
            elif any(cell.strip() for cell in cells):
                said = f"has {len(cells)} cells where the header has {self._width}"
                self._problems.add(number, "-", said)
        return found

    def _row(self, number: int, cells: list[str]) -> Row | None:
        kept = self._texts.setdefault
        product, outlet, quantity, reason = (
            kept(text, text) for text in [cells[place].strip() for place in self._take]
        )
        custom = cells[self._custom].strip() if self._custom is not None else ""
        if not (product or outlet or quantity or reason or custom):
            return None
        for name, text in ((self._product, product), (self._outlet, outlet)):
            if not text:
                self._problems.add(number, name, "is empty")
            elif len(text) > _MOST_IN_ID and name.endswith("_id"):
                self._problems.add(number, name, f"is longer than {_MOST_IN_ID} characters")
        key = (quantity, reason, custom)
        if (broken := self._rules.get(key)) is None:
            broken = self._rules[key] = list(_broken(*key))
        for column, rule in broken:
            self._problems.add(number, column, rule)
        return Row(number, product, outlet, quantity, reason, kept(custom, custom))


def _broken(quantity: str, reason: str, custom: str) -> Iterator[tuple[str, str]]:
    """Yield the columns that break a rule, and which."""
    if reason not in _REASONS:
        yield "reason", f"must be one of {', '.join(_REASONS)}, but is {reason[:40]!r}"
    if (reason == "CUSTOM") is not bool(custom):
        yield "custom_reason", _CUSTOM
    elif len(custom) > _MOST_IN_ID:
        yield "custom_reason", f"is longer than {_MOST_IN_ID} characters"
    if len(quantity) > _MOST_IN_QUANTITY:
        yield "quantity", f"is longer than {_MOST_IN_QUANTITY} characters"
    elif rule := broken_rule(
        adjustment("?", "?", quantity, reason, "?" if reason == "CUSTOM" else "")
    ):
        yield "quantity", rule.removeprefix("quantity ")


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
