"""Who may call: what the doctor looks at among the API keys."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from actions.database import Database
from ingress.api.keys import ApiKeys
from ingress.urls import is_loopback
from workers.backlog import counted, lasting
from workers.doctor.examination import Check
from workers.doctor.finding import Finding, Setup, listed

_SOON: Final = timedelta(days=7)


async def access(setup: Setup, database: Database) -> list[Finding]:
    """See that whoever can call needs a key, and that keys are good."""
    keys = [one.key for one in await ApiKeys(database).all()]
    host = setup.settings.host
    if not keys and _is_open(host):
        said = (
            f"HOST is {host}, where everybody can call, and there is no API key: no `web` starts."
        )
        mend = "Make one with `backroom keys create NAME`, or set HOST to 127.0.0.1."
        return [Finding("wrong", "access", said, mend)]
    found, now = [], datetime.now(UTC)
    over = [one.name for one in keys if one.expires_at and one.expires_at <= now]
    if over:
        verb = "has" if len(over) == 1 else "have"
        said = f"{counted(len(over), 'API key')} {verb} expired: {listed(over)}."
        mend = f"Run `backroom keys revoke {over[0]}`, and make another for who still calls."
        found.append(Finding("warn", "access", said, mend))
    for one in keys:
        if one.expires_at and now < one.expires_at <= now + _SOON:
            left = lasting((one.expires_at - now).total_seconds())
            said = f"The API key {one.name} expires in {left}."
            mend = "Give who calls with it another: `backroom keys create NAME`."
            found.append(Finding("warn", "access", said, mend))
    if found:
        return found
    none = "There is no API key, so the API answers nobody; webhooks need none."
    return [Finding("ok", "access", f"{counted(len(keys), 'API key')}." if keys else none)]


def _is_open(host: str) -> bool:
    """Say whether an address to listen on is more than this machine's own."""
    try:
        return not is_loopback(host)
    except ValueError:
        return host != "localhost"


OURS: Final[Mapping[str, Check]] = {"access": access}
"""The checks of what only the ingress knows."""
