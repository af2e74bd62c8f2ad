"""Sets a process' clock wrong by `CLOCK_AHEAD` seconds: Python imports this before all else.

Only the time of day is moved, as on a machine whose clock is wrong; `time.monotonic`, by which
an event loop waits, is left alone. A ledger's lines say whether it took.
"""

import ctypes
import gc
import os
import time
from datetime import UTC, datetime, timedelta, tzinfo

_AHEAD = float(os.environ.get("CLOCK_AHEAD", "0"))
_time, _time_ns, _now = time.time, time.time_ns, datetime.now


def _shifted_now(_: type[datetime], tz: tzinfo | None = None) -> datetime:
    return _now(tz) + timedelta(seconds=_AHEAD)


def _shifted_utcnow(_: type[datetime]) -> datetime:
    return (_now(UTC) + timedelta(seconds=_AHEAD)).replace(tzinfo=None)


if _AHEAD:
    time.time = lambda: _time() + _AHEAD
    time.time_ns = lambda: _time_ns() + int(_AHEAD * 1e9)
    # `datetime` is written in C and takes no attributes, and a class in its place would be none
    # that msgspec knows. So the entries of its own dictionary are replaced, and Python is told.
    (_entries,) = gc.get_referents(datetime.__dict__)
    _entries["now"] = classmethod(_shifted_now)
    _entries["utcnow"] = classmethod(_shifted_utcnow)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime))
