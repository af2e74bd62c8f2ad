"""Return URLs: where a browser is sent once a link session is over, and nowhere else."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from actions.errors import BackroomError

LONGEST: Final = 2_000
_PLAIN: Final = re.compile(r"https?://[!-\[\]-~]+")
"""Visible ASCII without a backslash, which browsers read as a slash."""
_PORTS: Final = {"http": 80, "https": 443}
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}
_OURS: Final = {"status", "retailer", "reference"}


class BadReturn(BackroomError):
    """Nobody can be sent to that URL from here."""


def checked(url: str, allowed: Sequence[str]) -> str:
    """Return a return URL that may be used: origin and beginning of the path are on the list.

    Raises:
        BadReturn: it is not, or browsers might read it in another way than we do.
    """
    parts = _parts(url)
    if parts is None:
        raise BadReturn("return_url is no plain https URL: http is for this machine alone.")
    if _OURS & {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}:
        raise BadReturn("return_url may not hold status, retailer or reference: we add them.")
    if not any(_covers(one, parts) for one in allowed):
        raise BadReturn("return_url is not among RETURN_URLS: list its origin there.")
    return url


def returning(url: str, **facts: str | None) -> str:
    """Return a return URL with what came of it."""
    told = urlencode({name: fact for name, fact in facts.items() if fact is not None})
    return f"{url}{'&' if '?' in url else '?'}{told}"


def _parts(url: str) -> SplitResult | None:
    """Take a URL apart, if there is one way to read it."""
    if len(url) > LONGEST or not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host = _origin(parts)[1]
    except ValueError:
        return None
    is_safe = parts.scheme == "https" or host in _LOOPBACK
    is_plain = "@" not in parts.netloc and "#" not in url and not _has_dots(parts.path)
    return parts if host and is_safe and is_plain else None


def _covers(allowed: str, parts: SplitResult) -> bool:
    there = _parts(allowed)
    if there is None or _origin(there) != _origin(parts):
        return False
    beginning = there.path.rstrip("/")
    return parts.path == beginning or parts.path.startswith(f"{beginning}/") or not beginning


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    return parts.scheme, parts.hostname or "", port


def _has_dots(path: str) -> bool:
    """Whether it leads upwards, also when it is decoded once more by somebody."""
    for _ in range(3):
        path = unquote(path)
    return bool(re.search(r"(^|[/\\;])\.{1,2}([/\\;]|$)", path)) or "\\" in path
