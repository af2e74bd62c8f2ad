"""What is outside: who answers at `PUBLIC_URL`, and whether Lightspeed does."""

import os
import time
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from aiohttp import hdrs

from actions.connections import retailers
from actions.database import Database
from actions.errors import BackroomError
from workers.doctor.finding import Finding, Setup
from workers.installation import HEADER, installation

_SECONDS: Final = 3.0
_CLOCK_SECONDS: Final = 6.0
"""A second more than for Redis: a Date has no fraction."""


class NoAnswer(BackroomError):
    """Nothing answers there, or not in time."""


async def public(setup: Setup, database: Database) -> Finding:
    """See that a `web` of this Redis answers at PUBLIC_URL."""
    url = setup.settings.base_url
    try:
        answer = await _asked("GET", f"{url}/health")
    except NoAnswer as none:
        said = f"PUBLIC_URL cannot be reached from here: {url} gives no answer ({none})."
        mend = "See that `web` runs and its name leads to it; some networks hide it from inside."
        return Finding("warn", "address", said, mend)
    name = answer.headers.get(HEADER)
    if name is None:
        status = answer.status
        said = f"PUBLIC_URL leads elsewhere: {url}/health answers {status}, and not as ours does."
        return Finding("wrong", "address", said, "Point it, or what stands before it, to `web`.")
    if name != await installation(database):
        said = f"PUBLIC_URL leads to another Backroom: what answers at {url} uses another Redis."
        mend = "Set both alike; if this Redis was emptied, start `web` anew."
        return Finding("wrong", "address", said, mend)
    return Finding("ok", "address", f"Webhook URLs begin with {url}, where `web` answers.")


async def lightspeed(setup: Setup, database: Database) -> list[Finding]:
    """See that a store answers, and that its clock and ours agree. It costs no call."""
    names = await retailers(database)
    if not names:
        return [Finding("skipped", "lightspeed", "Not looked at until a retailer is linked.")]
    url = setup.settings.lightspeed_origin.replace("{domain_prefix}", names[0])
    before = time.time()
    try:
        answer = await _asked("HEAD", url)
    except NoAnswer as none:
        said = f"{url} cannot be reached from here ({none}), so calls wait or fail."
        mend = "See LIGHTSPEED_ORIGIN, and this machine's network and DNS."
        return [Finding("warn", "lightspeed", said, mend)]
    here = (before + time.time()) / 2
    apart = here - _moment(answer.headers.get(hdrs.DATE), here)
    if abs(apart) <= _CLOCK_SECONDS:
        return [Finding("ok", "lightspeed", f"{url} answers, and agrees on the time.")]
    how = f"{abs(apart):,.0f} s {'ahead of' if apart > 0 else 'behind'}"
    said = f"This machine's clock is {how} Lightspeed's."
    return [Finding("warn", "lightspeed", said, "Let NTP set it: tokens are refreshed by it.")]


async def _asked(verb: str, url: str) -> aiohttp.ClientResponse:
    """Ask once, and follow no redirect: Lightspeed would not either.

    Raises:
        NoAnswer: what went wrong, by its class.
    """
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(verb, url, allow_redirects=False) as answer,
        ):
            return answer
    except TimeoutError:
        raise NoAnswer(f"within {_SECONDS:g} s") from None
    except aiohttp.ClientConnectorError as error:
        number = error.os_error.errno or 0
        said = os.strerror(number) if number > 0 else error.os_error.strerror
        raise NoAnswer(said or type(error).__name__) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NoAnswer(type(error).__name__) from None


def _moment(date: str | None, otherwise: float) -> float:
    """Read a Date header, in seconds since 1970."""
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return otherwise
