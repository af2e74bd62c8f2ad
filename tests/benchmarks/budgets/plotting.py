"""Draw permits, answers and 429s: `python -m tests.benchmarks.budgets.plotting DATA.json OUT.png`.

It runs with the Python of `.venv-bench`, which has matplotlib and nothing of ours.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

_OURS, _PERMITS, _OTHERS, _REFUSED, _QUIET = "#9ec5e8", "#1d4e89", "#d9d4c7", "#c1272d", "#777777"
_WINDOW = 300.0
_EARLY = 3.0
"""A permit comes so much before the call that opens a window, at most."""
_REFUSAL = 429


def draw(panels: list[dict[str, Any]], target: Path) -> None:
    """Draw one panel below the other, over the same minutes."""
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(9, 2.7 * len(panels)), sharex=True, layout="constrained"
    )
    for place, (panel, data) in enumerate(zip(axes, panels, strict=True)):
        _panel(panel, data)
        if not place:
            _legend(figure, panel)
    axes[-1].set_xlabel("minutes of Lightspeed's time; a window is five")
    figure.savefig(target, dpi=140)


def _panel(panel: Any, data: dict[str, Any]) -> None:
    start = data["windows"][0]["begun"]
    for window in data["windows"]:
        begun, limit = window["begun"], window["limit"]
        end = begun + _WINDOW
        span = [(begun - start) / 60, (end - start) / 60]
        answers = [at for at, status in data["answers"] if begun <= at < end and status < _REFUSAL]
        refused = [at for at, status in data["answers"] if begun <= at < end and status == _REFUSAL]
        permits = [at for at in data["taken"] if begun - _EARLY <= at < end - _EARLY]
        panel.fill_between(*_steps(answers, begun, end, start), step="post", color=_OURS, lw=0)
        panel.fill_between(span, limit - window["neighbour"], limit, color=_OTHERS, lw=0)
        panel.plot(*_steps(permits, begun, end, start), color=_PERMITS, lw=1, ds="steps-post")
        panel.plot(span, [limit, limit], color=_QUIET, lw=0.8, ls=(0, (4, 3)))
        minutes = [(at - start) / 60 for at in refused]
        panel.plot(minutes, [limit] * len(minutes), "x", color=_REFUSED, ms=5, mew=1.5)
    panel.set_title(data["title"], loc="left", fontsize=9.5)
    panel.set_ylabel("calls in the window")
    panel.set_xlim(left=0, right=(data["windows"][-1]["begun"] + _WINDOW - start) / 60)
    panel.set_ylim(0, 1.06 * max(window["limit"] for window in data["windows"]))
    panel.set_xticks(range(0, 51, 5))


def _steps(
    moments: list[float], begun: float, end: float, start: float
) -> tuple[list[float], list[int]]:
    """Return how many there were until each moment, from the beginning of a window to its end."""
    inside = [max(begun, moment) for moment in sorted(moments)]
    times = [begun, *inside, end]
    counts = [0, *range(1, len(inside) + 1), len(inside)]
    return [(moment - start) / 60 for moment in times], counts


def _legend(figure: Any, panel: Any) -> None:
    panel.fill_between([], [], color=_OURS, label="answers")
    panel.plot([], [], color=_PERMITS, lw=1, label="permits")
    panel.fill_between([], [], color=_OTHERS, label="the hidden consumer's calls")
    panel.plot([], [], color=_QUIET, lw=0.8, ls=(0, (4, 3)), label="limit")
    panel.plot([], [], "x", color=_REFUSED, ms=5, mew=1.5, label="429")
    figure.legend(loc="outside upper center", ncols=5, frameon=False)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
