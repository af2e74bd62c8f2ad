"""How soon a call starts that somebody waits for, while bulk takes all it gets."""

from actions.simulator.limits import SECONDS, Plan
from tests.benchmarks.budgets.judging import PROCESSES, Judged, judged, retailer
from tests.benchmarks.figures import Figure, Line
from tests.benchmarks.storage import Storage

_PACE = 15.0
_LIMIT = 3_650
"""Twelve registers: the reserve is 183 calls in a window."""
_SHARE = 0.6
"""Of the reserve is called for."""
_WINDOWS = 2
_WINDOW_SECONDS = SECONDS / _PACE
_RELEASE_SECONDS = 10.0
"""Simulated; before a window's end."""
_BULK_FIRST = 2.0
"""Seconds by which bulk is earlier."""


def hurrying(storage: Storage) -> list[Line]:
    """Measure at one retailer, from the processes that do the bulk too. Milliseconds are real."""
    calls = 0.05 * _LIMIT * _SHARE
    plan = Plan(limit=_LIMIT)
    found = judged(
        storage,
        [
            retailer("sole", plan),
            retailer(
                "sole",
                plan,
                lane="interactive",
                callers=1,
                every=PROCESSES * _WINDOW_SECONDS / calls,
                after=_BULK_FIRST,
            ),
        ],
        _PACE,
        _WINDOWS * _WINDOW_SECONDS + _BULK_FIRST,
    )["sole"]
    waits = sorted(1000 * wait for asked, wait in found.hurried if _lasts(found, asked))
    return [
        Figure("interactive calls while the reserve lasts", len(waits)),
        Figure("bulk calls meanwhile", len(found.taken) - len(found.hurried)),
        Figure("from asked to started, p50", waits[len(waits) // 2], "ms"),
        Figure("from asked to started, p99", waits[len(waits) * 99 // 100], "ms", most=50),
        Figure("429s", found.refused, most=0),
    ]


def _lasts(found: Judged, asked: float) -> bool:
    """Whether the reserve was still kept: shortly before the window's end bulk gets it."""
    begun = max(one for one in found.begun if one <= asked)
    return asked < begun + SECONDS - _RELEASE_SECONDS
