"""Faults of what is kept, and of who works on it: one line says the cause and its mend."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from actions.connections import CONNECTIONS, WEBHOOK_KEYS, Connections
from actions.grants import Grants, Mine
from actions.secret import Secret
from actions.vault import Vault, new_key
from ingress.api.keys import ApiKeys
from tests.end_to_end.doctor.conftest import Patient, names
from tests.ingress.api.conftest import api_key
from workers import keys
from workers.keys import ACTIONS_QUEUE, EVENTS_QUEUE, OPEN
from workers.lightspeed import SCOPES

Seed = Callable[[Patient], Awaitable[dict[str, str] | None]]


async def lost_key(patient: Patient) -> dict[str, str]:
    for number in range(6):
        await patient.link(f"store-{number}")
    return {"BACKROOM_KEYS": new_key()}


async def event_of_a_lost_key(patient: Patient) -> None:
    await patient.event(OPEN, Vault([Secret(new_key())]), seconds=1)


async def linked_by_oauth(patient: Patient) -> None:
    await patient.link("torea", expires_at=time.time() + 3600)
    await patient.register("torea")


async def nobody_linked(patient: Patient) -> None:
    await patient.database.do("DEL", CONNECTIONS, WEBHOOK_KEYS, "backroom:grant:kowhai")


async def dead_grant(patient: Patient) -> dict[str, str]:
    await patient.link("torea", expires_at=1)
    grants = Grants(patient.database, patient.vault)
    grant = await grants.get("torea")
    turn = await grants.begin(grant)
    assert isinstance(turn, Mine)
    await grants.bury(grant, turn, "the answer to a refresh was lost")
    return {"LIGHTSPEED_CLIENT_ID": "app"}


def without(*scopes: str) -> Seed:
    """Grants of which the first lacks scopes, and the second lacks none."""

    async def seed(patient: Patient) -> dict[str, str]:
        await patient.link("kowhai", scopes=frozenset(SCOPES) - set(scopes))
        await patient.link("torea", scopes=frozenset(SCOPES))
        return {}

    return seed


async def old_grants(patient: Patient) -> None:
    for number in range(6):
        await patient.link(f"store-{number}", scopes=frozenset(SCOPES) - {"users:read"})


async def public_and_open(_: Patient) -> dict[str, str]:
    return {"HOST": "0.0.0.0"}  # noqa: S104


def a_key_that_ends(days: float) -> Seed:
    async def seed(patient: Patient) -> dict[str, str]:
        ends = datetime.now(UTC) + timedelta(days=days)
        await ApiKeys(patient.database).create(api_key("erp", expires_at=ends))
        return {"HOST": "0.0.0.0"}  # noqa: S104

    return seed


async def no_tokens(patient: Patient) -> None:
    await Connections(patient.database, patient.vault).link("torea", unsigned=False)


async def no_worker(patient: Patient) -> None:
    await patient.database.do("CLIENT", "KILL", "TYPE", "pubsub")


async def late_event(patient: Patient) -> None:
    await patient.event(OPEN)


async def late_job(patient: Patient) -> None:
    await patient.aged(EVENTS_QUEUE, "e1")


async def late_everything_without_worker(patient: Patient) -> None:
    await no_worker(patient)
    await patient.event(OPEN)
    await patient.aged(EVENTS_QUEUE, "e1")


async def late_actions_without_worker(patient: Patient) -> None:
    await no_worker(patient)
    await patient.aged(ACTIONS_QUEUE, "j1")
    await patient.aged(ACTIONS_QUEUE, "j2")


async def failed(patient: Patient) -> None:
    await patient.event(keys.FAILED)


async def misdirected(patient: Patient) -> None:
    await patient.database.do("HSET", keys.event("e1"), "state", "misdirected")
    await patient.aged(keys.HANDLED, "e1")


def refused(reason: str) -> Seed:
    async def seed(patient: Patient) -> None:
        await patient.database.do("HSET", keys.COUNTS, "stored", 3, f"refused {reason}", 1057)

    return seed


FAULTS: dict[str, tuple[Seed, str, str]] = {
    "a key that was lost": (
        lost_key,
        (
            "wrong keys BACKROOM_KEYS does not open what is kept of kowhai, store-0, store-1, "
            "store-2, store-3 and 2 more."
        ),
        "Add the key that sealed it behind the others in BACKROOM_KEYS.",
    ),
    "a key that was lost while an event waited": (
        event_of_a_lost_key,
        "wrong keys BACKROOM_KEYS does not open event e1.",
        "Add the key that sealed it behind the others in BACKROOM_KEYS.",
    ),
    "an application that is not set": (
        linked_by_oauth,
        "wrong secret Tokens of torea cannot be refreshed: LIGHTSPEED_CLIENT_ID or",
        "LIGHTSPEED_CLIENT_SECRET is not set. Copy both from the developer portal.",
    ),
    "nobody linked": (
        nobody_linked,
        "warn retailers No retailer is linked.",
        "Run `backroom connect PREFIX --personal-token …`.",
    ),
    "a dead grant": (
        dead_grant,
        "wrong retailers torea must be linked again (the answer to a refresh was lost); its jobs",
        "/connect in a browser.",
    ),
    "a scope that was not granted": (
        without("users:read"),
        "warn scopes kowhai has not granted users:read: ListUsers, GetUser cannot be called.",
        "/connect in a browser, and consent anew.",
    ),
    "a scope without which webhooks are lost": (
        without("webhooks"),
        (
            "warn scopes kowhai has not granted webhooks: ListWebhooks, CreateWebhook, "
            "DeleteWebhook cannot be called, and webhooks not be mended."
        ),
        "/connect in a browser, and consent anew.",
    ),
    "a scope that is newer than grants": (
        old_grants,
        (
            "warn scopes store-0, store-1, store-2, store-3, store-4 and 1 more have not granted "
            "users:read: ListUsers, GetUser cannot be called."
        ),
        "/connect in a browser, and consent anew.",
    ),
    "a public address without an API key": (
        public_and_open,
        "wrong access HOST is 0.0.0.0, where everybody can call, and there is no API key: no `web`",
        "starts. Make one with `backroom keys create NAME`, or set HOST to 127.0.0.1.",
    ),
    "an API key that is over": (
        a_key_that_ends(-1),
        "warn access 1 API key has expired: erp.",
        "Run `backroom keys revoke erp`, and make another for who still calls.",
    ),
    "an API key that will soon be over": (
        a_key_that_ends(3.5),
        "warn access The API key erp expires in 3 d.",
        "Give who calls with it another: `backroom keys create NAME`.",
    ),
    "a retailer without tokens": (
        no_tokens,
        "wrong retailers torea must be linked again (no tokens are kept); its jobs wait.",
        "Run `backroom connect torea --personal-token …`.",
    ),
    "no worker": (
        no_worker,
        "warn backlog No worker listens to the events and the actions queue.",
        "Start `backroom worker`.",
    ),
    "an event that is not dispatched": (
        late_event,
        "wrong backlog Overdue: 1 event without dispatch for more than 60 s, the oldest for 2 min.",
        "Start more workers; if they have time, their log says why under `job.postponed`.",
    ),
    "a job that nobody takes": (
        late_job,
        "wrong backlog Overdue: 1 job of the events queue for more than 60 s, the oldest for 2",
        "Start more workers; if they have time, their log says why under `job.postponed`.",
    ),
    "actions without a worker": (
        late_actions_without_worker,
        "wrong backlog Overdue: 2 jobs of the actions queue for more than 60 s, the oldest for 2",
        "with no worker. Start `backroom worker`.",
    ),
    "everything without a worker": (
        late_everything_without_worker,
        "wrong backlog Overdue: 1 event without dispatch for more than 60 s, the oldest for 2 min",
        (
            "; 1 job of the events queue for more than 60 s, the oldest for 2 min, with no worker. "
            "Start `backroom worker`."
        ),
    ),
    "an event that failed": (
        failed,
        "warn inbox 1 event failed: a subscriber gave up.",
        "See `backroom failed`, mend the cause, then run `backroom replay --failed`.",
    ),
    "an event of another store": (
        misdirected,
        "warn inbox 1 of the latest 100 events that are over were misdirected.",
        "Register each store's hooks with that store's URLs: `backroom retailers --json`.",
    ),
    "a secret of another application": (
        refused("signature wrong"),
        "warn inbox 1,057 deliveries were refused (signature wrong), and 3 stored.",
        "Set LIGHTSPEED_CLIENT_SECRET to the secret of the app that sends them.",
    ),
    "hooks added by hand": (
        refused("signature missing"),
        "warn inbox 1,057 deliveries were refused (signature missing), and 3 stored.",
        "Hooks added by hand are not signed: link that retailer with --unsigned.",
    ),
    "URLs of another installation": (
        refused("unknown key"),
        "warn inbox 1,057 deliveries were refused (unknown key), and 3 stored.",
        "Register the URLs that `backroom retailers --json` prints.",
    ),
    "a limit that is too low": (
        refused("too large"),
        "warn inbox 1,057 deliveries were refused (too large), and 3 stored.",
        "Raise WEBHOOK_MAX_BYTES.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_what_is_kept_is_named_with_its_mend(patient: Patient, fault: str) -> None:
    seed, cause, mend = FAULTS[fault]
    more = await seed(patient) or {}
    await names(patient, cause.split()[0], cause, mend, **more)
