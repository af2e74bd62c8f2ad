"""What is wrong with a file: every row is counted, and the first are kept."""

from typing import Final

from msgspec import Struct

KEPT: Final = 1000
"""Of a file in which every row is wrong, enough to see how."""


class Problem(Struct, frozen=True):
    """One cell that breaks a rule."""

    row: int
    """As a spreadsheet counts: the header is row 1."""
    column: str
    rule: str


class Problems:
    """All of a file's, in any order; those that stand highest in the file are kept."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[Problem] = []

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, row: int, column: str, rule: str) -> None:
        """Note one."""
        self.count += 1
        self._first.append(Problem(row, column, rule))
        if len(self._first) >= 2 * KEPT:
            self._first = self.first(KEPT)

    def first(self, most: int) -> list[Problem]:
        """Return so many, in the order of rows."""
        return sorted(self._first, key=lambda one: one.row)[: min(most, KEPT)]
