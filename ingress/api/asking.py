"""What a call asks for in its address and its headers."""

import re
from collections.abc import Collection
from typing import Final

from aiohttp import web

from ingress.api.problems import Problem

LONGEST_SECONDS: Final = 25
"""Nobody waits longer for an answer: proxies give up after 30 s."""
_WAIT: Final = re.compile(r'(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)', re.IGNORECASE)
_SECONDS: Final = re.compile(r"\d{1,2}", re.ASCII)


def asked(request: web.Request, known: Collection[str]) -> dict[str, str]:
    """Return the parameters in the address.

    Raises:
        Problem: one is not known here, or given twice.
    """
    for name in request.query:
        if name not in known:
            names = ", ".join(known) or "none"
            raise Problem(400, f"?{name[:60]}= is not known here: the parameters are {names}.")
        if len(request.query.getall(name)) > 1:
            raise Problem(400, f"?{name}= is given twice: give it once.")
    return dict(request.query)


def patience(request: web.Request, usual: float) -> float:
    """Return how many seconds a caller waits: `?wait=` says, or else `Prefer: wait=`.

    Raises:
        Problem: `?wait=` is no such number.
    """
    given = request.query.get("wait")
    if given is None:
        found = _WAIT.search(",".join(request.headers.getall("Prefer", ())))
        return min(int(found[1]), LONGEST_SECONDS) if found else usual  # RFC 7240: a wish
    if not _SECONDS.fullmatch(given) or int(given) > LONGEST_SECONDS:
        raise Problem(400, f"?wait= takes whole seconds, 0 to {LONGEST_SECONDS}.")
    return int(given)
