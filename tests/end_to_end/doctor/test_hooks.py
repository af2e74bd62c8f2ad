"""Webhooks that lack or lead nowhere: one line says the cause and its mend."""

import time

from actions.connections import Connections
from tests.end_to_end.doctor.conftest import Patient, examined, names
from workers.events import WEBHOOK_TYPES
from workers.lightspeed import SCOPES

FIX = "Run `backroom webhooks --fix`."
OAUTH = {"LIGHTSPEED_CLIENT_ID": "app"}


async def linked(patient: Patient, retailer: str = "torea", *types: str) -> None:
    """Link a retailer by OAuth whose store has webhooks of ours for these types."""
    await patient.link(retailer, expires_at=time.time() + 3600, lasts=3600)
    if types:
        await patient.register(retailer, *types)


async def test_all_that_is_wanted_is_there(patient: Patient) -> None:
    await linked(patient, "torea", *WEBHOOK_TYPES)
    said = "ok hooks 1 retailer with all the webhooks that are wanted."
    assert said in await examined(patient, 0, **OAUTH)


async def test_a_webhook_that_lacks(patient: Patient) -> None:
    await linked(patient, "torea", *WEBHOOK_TYPES[1:])
    cause = f"hooks torea lacks webhooks for {WEBHOOK_TYPES[0]}: such events do not come in."
    await names(patient, "wrong", cause, FIX, **OAUTH)


async def test_a_webhook_that_leads_nowhere_any_more(patient: Patient) -> None:
    await linked(patient, "torea", *WEBHOOK_TYPES)
    url = f"{patient.environ['PUBLIC_URL']}/webhooks/{'a' * 32}/sale.update"
    patient.hook("torea", "sale.update", url)
    cause = "hooks torea has 1 webhook of ours that is to go (of an older key)."
    await names(patient, "warn", cause, FIX, **OAUTH)


async def test_webhooks_that_nobody_may_look_at(patient: Patient) -> None:
    scopes = frozenset(SCOPES) - {"webhooks"}
    await patient.link("torea", expires_at=time.time() + 3600, lasts=3600, scopes=scopes)
    cause = "hooks The webhooks of torea cannot be looked at: ListWebhooks for torea: "
    await names(patient, "warn", cause, "webhooks", ("scopes",), **OAUTH)


async def test_of_many_findings_five_are_told(patient: Patient) -> None:
    for number in range(6):
        await linked(patient, f"store-{number}")
    lines = await examined(patient, 1, **OAUTH)
    told = [line for line in lines if " hooks " in line]
    assert [" lacks webhooks for " in line for line in told] == [True] * 5 + [False]
    assert told[-1] == "warn hooks 1 more finding about webhooks. Run `backroom webhooks`."


async def test_no_webhook_key_is_told(patient: Patient) -> None:
    await linked(patient, "torea", *WEBHOOK_TYPES[1:])
    connection = await Connections(patient.database, patient.vault).get("torea")
    assert connection.webhook_key.reveal() not in str(await examined(patient, 1, **OAUTH))


async def test_what_was_registered_by_hand_is_not_missed(patient: Patient) -> None:
    await patient.link("torea")  # by a personal token: Lightspeed lists such hooks to nobody else
    said = "ok hooks No retailer's webhooks are ours to register: none is linked by OAuth."
    assert said in await examined(patient, 0)
