"""What a fault does to a call before anything is done."""

from typing import Final

from actions.simulator.clock import Clock
from actions.simulator.faults import Fault, Faults
from actions.simulator.replies import HTML, Reply, refused, too_many

_STORM_SECONDS: Final = 30.0
_PAGE: Final = b"""<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>
"""
_OUTAGES: Final = (
    (500, "Internal Server Error"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Gateway Timeout"),
)


async def struck(clock: Clock, faults: Faults, strikes: dict[str, Fault]) -> Reply | None:
    """Let the faults of a call strike; return the answer that one of them gives."""
    if "slow" in strikes:
        await clock.sleep(strikes["slow"].lasts())
    if "reset" in strikes:
        return Reply(0, lost=True)
    if "5xx" in strikes:
        return refused(*_OUTAGES[int(faults.some(len(_OUTAGES))) % len(_OUTAGES)])
    if "html-error" in strikes:
        return Reply(502, _PAGE, HTML)
    if "429-storm" in strikes:
        now = clock.now()
        return too_many(now, now + _STORM_SECONDS, strikes)
    return None
