"""The retailers: whether what is kept of them opens, and whether they can be reached both ways."""

from typing import Final

from actions.connections import all_unsigned, retailers
from actions.database import Database
from actions.errors import CannotOpen, WrongSetting
from actions.grants import standings
from actions.resealing import unopened
from actions.vault import Vault
from workers.backlog import counted
from workers.deliveries import body_of, kept
from workers.doctor import outside
from workers.doctor.finding import Finding, Setup, listed
from workers.hooks.address import is_local
from workers.keys import FAILED, OPEN, delivery

_NAMED: Final = 5
"""Retailers that are named before the rest is counted."""


async def keys(setup: Setup, database: Database) -> list[Finding]:
    """See that BACKROOM_KEYS opens what is kept."""
    try:
        vault = Vault(setup.settings.backroom_keys)
    except WrongSetting:
        return []  # said among the settings
    mend = "Add the key that sealed it behind the others in BACKROOM_KEYS."
    found = []
    if closed := await unopened(database, vault):
        said = f"BACKROOM_KEYS does not open what is kept of {listed(closed)}."
        found.append(Finding("wrong", "keys", said, mend))
    if event_id := await _closed_event(database, vault):
        said = f"BACKROOM_KEYS does not open event {event_id}."
        found.append(Finding("wrong", "keys", said, mend))
    return found or [Finding("ok", "keys", "BACKROOM_KEYS opens what is kept.")]


async def secret(setup: Setup, database: Database) -> list[Finding]:
    """See that signatures can be verified and tokens refreshed."""
    ours = setup.settings
    if "LIGHTSPEED_CLIENT_SECRET" in setup.refused:
        return []
    if not ours.lightspeed_client_secret and not await all_unsigned(database):
        said = "LIGHTSPEED_CLIENT_SECRET is not set, so no signature can be verified."
        mend = "Copy it from the developer portal, or link every retailer with --unsigned."
        return [Finding("wrong", "secret", said, mend)]
    names = await retailers(database)
    standing = await standings(database, names)
    by_oauth = [name for name in names if standing[name].expires]
    if by_oauth and not (ours.lightspeed_client_id and ours.lightspeed_client_secret):
        said = f"Tokens of {listed(by_oauth)} cannot be refreshed"
        why = "LIGHTSPEED_CLIENT_ID or LIGHTSPEED_CLIENT_SECRET is not set."
        mend = "Copy both from the developer portal."
        return [Finding("wrong", "secret", f"{said}: {why}", mend)]
    if not ours.lightspeed_client_secret:
        return [Finding("ok", "secret", "None is needed: no delivery is to be signed.")]
    return [Finding("ok", "secret", "Signatures can be verified.")]


async def address(setup: Setup, database: Database) -> list[Finding]:
    """See that Lightspeed can reach `web`, and that nothing travels in the clear."""
    ours, found = setup.settings, []
    at_home = is_local(ours.lightspeed_origin)
    if not at_home and ours.lightspeed_origin.startswith("http:"):
        said = "LIGHTSPEED_ORIGIN is not https, so tokens travel in the clear."
        found.append(Finding("wrong", "address", said, "Begin it with https://."))
    if "PUBLIC_URL" in setup.refused:
        return found
    if not at_home and await retailers(database):
        if not ours.public_url or is_local(ours.base_url):
            what = "is not set" if not ours.public_url else "is an address of this network"
            said = f"PUBLIC_URL {what}: Lightspeed cannot reach {ours.base_url}."
            mend = "Set it to the https address where the internet reaches `web`."
            found.append(Finding("warn", "address", said, mend))
        elif not ours.base_url.startswith("https:"):
            said = "PUBLIC_URL is not https, so shoppers' data travels in the clear."
            found.append(Finding("warn", "address", said, "Begin it with https://."))
    if not found and ours.public_url:
        return [await outside.public(setup, database)]
    return found or [Finding("ok", "address", f"Webhook URLs begin with {ours.base_url}.")]


async def linked(setup: Setup, database: Database) -> list[Finding]:
    """Name the retailers that must be linked again."""
    names = await retailers(database)
    if not names:
        said = "No retailer is linked."
        mend = "Run `backroom connect PREFIX --personal-token …`."
        return [Finding("warn", "retailers", said, mend)]
    standing = await standings(database, names)
    dead = [name for name in names if standing[name].state != "linked"]
    found = []
    for name in dead[:_NAMED]:
        why = standing[name].why or "no tokens are kept"
        said = f"{name} must be linked again ({why}); its jobs wait."
        mend = f"Run `backroom connect {name} --personal-token …`."
        if standing[name].expires:
            mend = f"Open {setup.settings.base_url}/connect in a browser."
        found.append(Finding("wrong", "retailers", said, mend))
    if len(dead) > _NAMED:
        said = f"{counted(len(dead) - _NAMED, 'more retailer')} must be linked again."
        found.append(Finding("wrong", "retailers", said, "See `backroom retailers`."))
    return found or [Finding("ok", "retailers", f"{len(names):,} linked.")]


async def _closed_event(database: Database, vault: Vault) -> str:
    """Return the oldest open or failed event if its body does not open: they wait for a key."""
    for name in (OPEN, FAILED):
        for event_id in await database.do("ZRANGE", name, 0, 0):
            data = await database.do("GET", delivery(event_id.decode()))
            try:
                if data is not None:
                    body_of(event_id.decode(), kept(data), vault)
            except CannotOpen:
                return str(event_id.decode())
    return ""
