"""How a wait is said: in seconds, and by the clock."""

import math
import time
from typing import Final

_COARSE_SECONDS: Final = 10.0
"""From here on tenths tell nobody anything."""
_FINEST_SECONDS: Final = 0.1
_LONGEST_SECONDS: Final = 1e9
"""Some thirty years: whatever is longer has no date."""


def seconds(wait: float) -> str:
    """Write how many seconds it is, never fewer: `0.3 s`, `1,234 s`."""
    exact = _exact(wait)
    if exact > _COARSE_SECONDS:
        return f"{math.ceil(exact):,} s"
    return f"{max(_FINEST_SECONDS, math.ceil(round(exact * 10, 2)) / 10):g} s"


def clock(moment: float) -> str:
    """Write a moment in seconds since 1970 as this machine's clock shows it.

    Parts of a second count as a whole one. A day that is not today is written before it.
    """
    there = _there(moment)
    today = there[:3] == time.localtime()[:3]
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S", there)


def until(wait: float) -> str:
    """Write a wait both ways: `123 s (14:32:10)`."""
    return f"{seconds(wait)} ({clock(_over(wait))})"


def until_anywhere(wait: float) -> str:
    """Write it for whoever may read it elsewhere: `123 s (14:32:10 NZDT)`."""
    over = _over(wait)
    return f"{seconds(wait)} ({clock(over)} {_there(over).tm_zone})"


def _exact(wait: float) -> float:
    return round(min(wait, _LONGEST_SECONDS), 3)


def _over(wait: float) -> float:
    return time.time() + _exact(wait)


def _there(moment: float) -> time.struct_time:
    return time.localtime(math.ceil(moment))
