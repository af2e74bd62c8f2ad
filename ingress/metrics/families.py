"""Families of metrics in prometheus-client's form."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

Rows: TypeAlias = Mapping[Any, float]
"""Numbers by the labels' values, which are a tuple of texts."""


def counter(name: str, says: str, labels: Sequence[str], rows: Rows) -> Metric:
    """Return what only grows; `_total` is put behind its name."""
    family = CounterMetricFamily(name, says, labels=labels)
    for values, number in rows.items():
        family.add_metric(values, number)
    return family


def gauge(name: str, says: str, labels: Sequence[str], rows: Rows) -> Metric:
    """Return what goes up and down."""
    family = GaugeMetricFamily(name, says, labels=labels)
    for values, number in rows.items():
        family.add_metric(values, number)
    return family


def single(name: str, says: str, number: float) -> Metric:
    """Return a gauge without labels."""
    return gauge(name, says, (), {(): number})


def histogram(
    name: str, says: str, bounds: Sequence[float], counts: Sequence[int], total: float
) -> Metric:
    """Return a histogram of what was counted for each bound, and beyond them all."""
    ends = [*(f"{one:g}" for one in bounds), "+Inf"]
    pairs = list(zip(ends, map(float, accumulate(counts)), strict=True))
    return HistogramMetricFamily(name, says, buckets=pairs, sum_value=total)


def by_one(numbers: Mapping[str, int]) -> Rows:
    """Return what has one label."""
    return {(name,): number for name, number in numbers.items()}
