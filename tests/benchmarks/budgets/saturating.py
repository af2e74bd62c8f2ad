"""Retailers of all kinds that are saturated over ten windows."""

from collections.abc import Iterator, Sequence

from actions.simulator.limits import SECONDS, Plan
from tests.benchmarks.budgets.judging import Judged, Retailer, Window, judged, retailer
from tests.benchmarks.budgets.picturing import picturing
from tests.benchmarks.figures import Figure, Line
from tests.benchmarks.storage import Storage

_PACE = 30.0
_WINDOWS = 10
_SECONDS = SECONDS / _PACE
"""How long a window takes."""
_FEW, _MANY = 350, 650
_LEARNING = 2
"""Windows in which it may learn."""
_FAULTS = ("noisy-neighbour:0.4",)
_TITLES = {
    "sole": "Sole consumer, 350 calls in five minutes, 8 processes",
    "shared": "A hidden consumer takes 0 to 40 % of each window, at random",
}


def saturating(storage: Storage) -> Iterator[tuple[str, Sequence[Line]]]:
    """Saturate retailers whose windows are of all kinds, at the same time."""
    seconds = (_WINDOWS + 0.6) * _SECONDS
    found = judged(storage, _retailers(), _PACE, seconds, faults=_FAULTS)
    yield (
        f"8 processes saturate five retailers over {_WINDOWS} windows, 30 times as fast as real",
        [picturing(found, _TITLES)],
    )
    yield "  A sole consumer", _sole(found["sole"])
    yield "  A hidden consumer takes 0 to 40 % of each window", _shared(found["shared"])
    yield "  Phase unknown, fixed windows", _learnt(found["phased"])
    yield "  Phase unknown, sliding windows", _learnt(found["sliding"])
    yield f"  Limit {_FEW}, then {_MANY}, then {_FEW}", _learnt(found["changed"])


def _retailers() -> list[Retailer]:
    return [
        retailer("sole", Plan(limit=_FEW, neighbour=0.0)),
        retailer("shared", Plan(limit=_FEW, phase=77.0), after=0.5),
        retailer("phased", Plan(limit=_FEW, phase=137.0, neighbour=0.0), after=1.0),
        retailer("sliding", Plan(limit=_FEW, neighbour=0.0), after=1.5, sliding=True),
        retailer(
            "changed",
            Plan(limit=_FEW, neighbour=0.0),
            after=2.0,
            changes=((4.0 * _SECONDS, _MANY), (3 * _SECONDS, _FEW)),
        ),
    ]


def _sole(found: Judged) -> list[Line]:
    exchanges = sum(one.exchanges for one in found.done)
    return [
        f"  {len(found.windows)} full windows",
        Figure("used of a window, least", min(one.use for one in found.windows), "%", least=99.5),
        Figure("429s", found.refused, most=0),
        Figure("Redis calls per permit", exchanges / len(found.taken), most=0.1),
    ]


def _shared(found: Judged) -> list[Line]:
    share = [100 * one.neighbour / one.limit for one in found.windows]
    known = found.windows[_LEARNING:]
    return [
        f"  it took {min(share):.0f} to {max(share):.0f} % of a window",
        Figure("used of what was left, all windows", _overall(found.windows), "%", least=97),
        Figure("the same, least from the third on", min(one.use for one in known), "%", least=97),
        Figure("429s in a window, most", max(one.refused for one in found.windows), most=1),
        Figure("429s", found.refused),
    ]


def _learnt(found: Judged) -> list[Line]:
    use = [one.use for one in found.windows]
    return [
        Figure("used, all windows", _overall(found.windows), "%", least=95),
        Figure("windows in a row below 95 %, most", _worst_row(use), most=_LEARNING),
        Figure("429s", found.refused),
    ]


def _overall(found: Sequence[Window]) -> float:
    left = [one.limit - one.neighbour for one in found]
    used = [min(one.used, most) for one, most in zip(found, left, strict=True)]
    return 100 * sum(used) / sum(left)


def _worst_row(uses: Sequence[float]) -> int:
    """Return how many windows in a row were not used well: so long it took to learn."""
    worst = row = 0
    for use in uses:
        row = row + 1 if use < 95 else 0
        worst = max(worst, row)
    return worst
