"""What is registered at a retailer's store beside what is wanted. Nothing is sent here."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from actions.connections import Connection
from actions.resources.webhooks import Webhook
from workers.hooks.address import taken_apart

OLDER_KEY: Final = "of an older key"
NOT_WANTED: Final = "not wanted any more"
INACTIVE: Final = "inactive"
TWICE: Final = "twice"
OTHER_TYPE: Final = "its URL names another type"
UNSIGNED: Final = "registered when nothing was signed"
RETIRED: Final = "the retailer is disconnected"


class Stale(Struct, frozen=True):
    """One of ours that is to go."""

    id: str
    type: str
    why: str


class Foreign(Struct, frozen=True):
    """One that is not ours to touch."""

    id: str
    type: str
    leads_to: str
    """Scheme and host of its URL: the rest may be a secret of somebody's."""


class Compared(Struct, kw_only=True):
    """What there is. The keys of our URLs are not in it."""

    present: list[str] = []
    """Event types that are registered and active."""
    lacking: list[str] = []
    stale: list[Stale] = []
    foreign: list[Foreign] = []


def compare(
    there: Iterable[Webhook],
    connection: Connection,
    base_url: str,
    wanted: Sequence[str],
    others: Collection[str],
    *,
    anew: bool = False,
) -> Compared:
    """Compare what is there with what is wanted; `others` are other retailers' webhook keys.

    With `anew` nothing that is there is good enough: it was registered when nothing was signed.
    """
    found, own = Compared(), connection.webhook_key.reveal()
    for hook in there:
        key, event_type = taken_apart(hook.url or "", base_url) or ("", "")
        by_hand = key == own and not event_type  # somebody added it at the store: it may stay
        if not key or key in others or by_hand:
            found.foreign.append(_foreign(hook))
            continue
        why = OLDER_KEY if key != own else _why_stale(hook, event_type, wanted, found)
        why = why or (UNSIGNED if anew else "")
        if why:
            found.stale.append(Stale(hook.id, hook.type or "", why))
        else:
            found.present.append(event_type)
    found.lacking = [name for name in wanted if name not in found.present]
    return found


def retired(
    there: Iterable[Webhook], connection: Connection, base_url: str, others: Collection[str]
) -> Compared:
    """Return as stale whatever leads to a retailer's key, or to none that is known any more."""
    own = connection.webhook_key.reveal()
    found = Compared()
    for hook in there:
        key, _ = taken_apart(hook.url or "", base_url) or ("", "")
        if f"/webhooks/{own}" in (hook.url or "") or (key and key not in others):
            found.stale.append(Stale(hook.id, hook.type or "", RETIRED))
        else:
            found.foreign.append(_foreign(hook))
    return found


def unknown_keys(there: Iterable[Webhook], connection: Connection, base_url: str) -> set[str]:
    """Return the keys in URLs of ours that are not this retailer's."""
    found = {taken_apart(hook.url or "", base_url) for hook in there}
    return {one[0] for one in found if one} - {connection.webhook_key.reveal()}


def _why_stale(hook: Webhook, named: str, wanted: Sequence[str], found: Compared) -> str:
    """Say why one with the retailer's own key is to go; nothing where it is to stay."""
    if hook.type != named:
        return OTHER_TYPE
    if named not in wanted:
        return NOT_WANTED
    if hook.active is False:
        return INACTIVE
    return TWICE if named in found.present else ""


def _foreign(hook: Webhook) -> Foreign:
    try:
        url = urlsplit(hook.url or "")
        leads_to = f"{url.scheme}://{url.hostname}" + (f":{url.port}" if url.port else "")
    except ValueError:
        leads_to = "nowhere"
    return Foreign(hook.id, hook.type or "", leads_to)
