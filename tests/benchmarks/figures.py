"""How figures are printed: each beside its goal and whether it is met."""

from collections.abc import Sequence
from statistics import median
from typing import TypeAlias

from msgspec import Struct


class Figure(Struct, frozen=True):
    """One number, and what it should be."""

    name: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the goal is met; a figure without one is only told."""
        enough = self.least is None or self.value >= self.least
        return enough and (self.most is None or self.value <= self.most)

    def __str__(self) -> str:
        told = f"  {self.name:<46} {_written(self.value):>9} {self.unit:<5}"
        if self.least is None and self.most is None:
            return told.rstrip()
        goal = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"
        return f"{told} goal {goal:<7} {'met' if self.is_met else 'NOT MET'}"


Line: TypeAlias = Figure | str
"""A figure, or why there is none."""


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], least: float) -> Figure:
    """Return the median of the ratios of each round: what slows a round slows both in it."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    spread = f"{name}, {min(ratios):.2f} to {max(ratios):.2f}"
    return Figure(spread, median(ratios), "times", least=least)


def _written(value: float) -> str:
    if value < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
