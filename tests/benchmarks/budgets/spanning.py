"""How long 2,000 calls take: ours, and three peers in the same minutes."""

from http import HTTPStatus

from actions.simulator.limits import SECONDS, Plan
from tests.benchmarks.budgets.judging import PROCESSES, Judged, judged, retailer
from tests.benchmarks.budgets.orders import Style
from tests.benchmarks.figures import Figure, Line
from tests.benchmarks.processes import Wrong
from tests.benchmarks.storage import Storage

_CALLS, _LIMIT = 2_000, 350
_PACE = 15.0
_OPTIMUM = _CALLS // _LIMIT * SECONDS
"""Simulated seconds: five whole windows, and what is left in no time."""
_SECONDS = 1.2 * _CALLS / _LIMIT * SECONDS / _PACE
"""After which a peer is given up."""
_APART = 2.5
"""Seconds between the starts, so that one's bursts do not disturb the other's."""
_CALLERS = 32
_STYLES: dict[str, Style] = {
    "ours": "budget",
    "retry-after only": "retry-after",
    "back-off, 10 tries": "back-off",
    "even pacing": "even",
}


def spanning(storage: Storage) -> list[Line]:
    """Measure each at a retailer of its own."""
    retailers = {
        style: retailer(
            style,
            Plan(limit=_LIMIT),
            style=style,
            calls=_CALLS // PROCESSES,
            callers=_CALLS // PROCESSES if style == "even" else _CALLERS,
            after=_APART * place,
        )
        for place, style in enumerate(_STYLES.values())
    }
    found = judged(storage, list(retailers.values()), _PACE, _SECONDS)
    optimum = f"{_CALLS // _LIMIT} windows are {_OPTIMUM:,.0f} s, and the rest takes no time"
    lines: list[Line] = [f"  8 processes, {_CALLERS} callers in each; optimum: {optimum}"]
    for name, style in _STYLES.items():
        lines += _lines(name, found[style], is_ours=style == "budget")
    return lines


def _lines(name: str, found: Judged, *, is_ours: bool) -> list[Line]:
    done = [at for at, status in found.answers if status == HTTPStatus.OK]
    ratio = (max(done) - min(at for at, _ in found.answers)) / _OPTIMUM
    if missing := _CALLS - len(done):
        if is_ours:
            raise Wrong(f"{missing} of {_CALLS:,} calls were not done")
        spans: Line = f"  {name}: {missing:,} of {_CALLS:,} calls were not done"
    else:
        most = 1.01 if is_ours else None
        spans = Figure(f"{name}: makespan / optimum", ratio, "times", most=most)
    return [spans, Figure(f"{name}: 429s", found.refused, most=0 if is_ours else None)]
