import asyncio
import base64
import hashlib
import hmac
import itertools
import json
from typing import Any

import pytest

from actions.simulator.deliveries import RETRIES
from tests.actions.simulator.conftest import Browser, Receiver, Start

HOURS_48 = 48 * 3600


async def entries(kowhai: Browser, **wanted: Any) -> list[dict[str, Any]]:
    report = await kowhai.control("GET", "/ledger?last=5000")
    return [
        one
        for one in report["deliveries"]
        if all(one[name] == value for name, value in wanted.items())
    ]


async def settled(kowhai: Browser) -> None:
    await kowhai.simulator.stage.deliveries.settled()


async def tried(kowhai: Browser, count: int) -> None:
    """Wait until so many tries are booked."""
    ledger = kowhai.simulator.stage.ledger
    while sum(ledger.attempts.values()) < count:
        await kowhai.control("GET", "/clock")


async def test_a_change_is_sent_in_the_captured_form(kowhai: Browser, receiver: Receiver) -> None:
    await kowhai.subscribe(receiver.url)
    customer_id = await kowhai.change("Ana & Zoë + 1")
    await receiver.got(1)
    (body,), (form,), (headers,) = receiver.bodies, receiver.forms, receiver.headers
    assert list(form) == ["domain_prefix", "environment", "payload", "retailer_id", "type"]
    assert body.startswith(b"domain_prefix=kowhai&environment=prod&payload=%7B%22")
    assert b"+" in body
    assert b"%2B" in body
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form["retailer_id"] == kowhai.simulator.shop("kowhai").retailer_id
    assert form["type"] == "customer.update"
    payload = json.loads(form["payload"])
    assert (payload["id"], payload["first_name"]) == (customer_id, "Ana & Zoë + 1")


async def test_an_applications_webhooks_are_signed_over_the_raw_body(
    kowhai: Browser, receiver: Receiver
) -> None:
    await kowhai.subscribe(receiver.url, (await kowhai.granted())["access_token"])
    await kowhai.change()
    await receiver.got(1)
    key = kowhai.simulator.options.client_secret.encode()
    digest = hmac.new(key, receiver.bodies[0], hashlib.sha256)
    signature = receiver.headers[0]["X-Signature"]
    assert signature == f"signature={digest.hexdigest()},algorithm=HMAC-SHA256"
    await kowhai.control("POST", "/switches", {"signature_encoding": "base64"})
    await kowhai.change()
    await receiver.got(2)
    again = hmac.new(key, receiver.bodies[1], hashlib.sha256).digest()
    text = base64.b64encode(again).decode()
    assert receiver.headers[1]["X-Signature"] == f"signature={text},algorithm=HMAC-SHA256"


FORMS = {
    "shuffled": (b"type=customer.update&", 5),
    "payload-only": (b"payload=%7B", 1),
    "more-fields": (b"api=1.0&domain_prefix=", 7),
    "percent-20": (b"Ana%20Rua", 5),
    "lower-case-hex": (b"payload=%7b", 5),
}


@pytest.mark.parametrize(("form", "holds", "fields"), [(k, *v) for k, v in FORMS.items()])
async def test_a_webhooks_form_can_be_written_otherwise_and_its_signature_fits(
    start: Start, receiver: Receiver, form: str, holds: bytes, fields: int
) -> None:
    kowhai = await start(switches={"webhook_form": form})
    await kowhai.subscribe(receiver.url, (await kowhai.granted())["access_token"])
    await kowhai.change("Ana Rua")
    await receiver.got(1)
    assert holds in receiver.bodies[0]
    assert len(receiver.forms[0]) == fields
    assert json.loads(receiver.forms[0]["payload"])["first_name"] == "Ana Rua"
    key = kowhai.simulator.options.client_secret.encode()
    digest = hmac.new(key, receiver.bodies[0], hashlib.sha256).hexdigest()
    assert receiver.headers[0]["X-Signature"] == f"signature={digest},algorithm=HMAC-SHA256"


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("spaced", "signature={}, algorithm=HMAC-SHA256"),
        ("reversed", "algorithm=HMAC-SHA256,signature={}"),
        ("none", None),
        ("wrong", None),
    ],
)
async def test_a_signature_can_be_written_otherwise_or_be_wrong(
    start: Start, receiver: Receiver, form: str, pattern: str | None
) -> None:
    kowhai = await start(switches={"signature_form": form})
    await kowhai.subscribe(receiver.url, (await kowhai.granted())["access_token"])
    await kowhai.change()
    await receiver.got(1)
    key = kowhai.simulator.options.client_secret.encode()
    digest = hmac.new(key, receiver.bodies[0], hashlib.sha256).hexdigest()
    header = receiver.headers[0].get("X-Signature")
    if pattern:
        assert header == pattern.format(digest)
    else:
        assert digest not in (header or "")
        assert (header is None) == (form == "none")


async def test_what_is_subscribed_at_the_start_is_the_applications(
    start: Start, receiver: Receiver
) -> None:
    kowhai = await start(webhooks=(f"customer.update={receiver.url}",), client_secret="chosen")
    await kowhai.change()
    await receiver.got(1)
    digest = hmac.new(b"chosen", receiver.bodies[0], hashlib.sha256).hexdigest()
    assert receiver.headers[0]["X-Signature"].startswith(f"signature={digest},")
    assert [hook["url"] for hook in (await kowhai.call("GET", "/webhooks")).json["data"]] == [
        receiver.url
    ]


async def test_webhooks_of_a_personal_token_are_not_signed(
    kowhai: Browser, receiver: Receiver
) -> None:
    await kowhai.subscribe(receiver.url)
    await kowhai.change()
    await receiver.got(1)
    assert "X-Signature" not in receiver.headers[0]


async def test_only_active_subscriptions_of_the_type_are_served(
    kowhai: Browser, receiver: Receiver
) -> None:
    for kind, url, active in (
        ("sale.update", receiver.url, True),
        ("customer.update", receiver.url, False),
        ("customer.update", f"{receiver.url}/other", True),
    ):
        hook = {"type": kind, "url": url, "active": active}
        await kowhai.call("POST", "/webhooks", json=hook)
    await kowhai.change()
    await settled(kowhai)
    assert [one["url"] for one in await entries(kowhai)] == [f"{receiver.url}/other"]


@pytest.mark.parametrize("status", [200, 201, 204, 299])
async def test_2xx_acknowledges(kowhai: Browser, receiver: Receiver, status: int) -> None:
    receiver.status = status
    await kowhai.subscribe(receiver.url)
    await kowhai.change()
    await settled(kowhai)
    (one,) = await entries(kowhai)
    assert (one["state"], [two["status"] for two in one["attempts"]]) == ("done", [status])


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410, 429])
async def test_3xx_is_not_followed_and_like_4xx_not_tried_again(
    kowhai: Browser, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    await kowhai.subscribe(receiver.url)
    await kowhai.change()
    await settled(kowhai)
    (one,) = await entries(kowhai)
    assert (one["state"], len(one["attempts"])) == ("failed", 1)
    assert len(receiver.bodies) == 1


async def test_4xx_is_tried_again_when_the_switch_says_so(start: Start, receiver: Receiver) -> None:
    kowhai = await start(switches={"retry_4xx": True})
    receiver.statuses = [410]
    await kowhai.subscribe(receiver.url)
    await kowhai.change()
    await tried(kowhai, 1)
    await kowhai.control("POST", "/clock", {"advance": 30})
    await settled(kowhai)
    assert len(receiver.bodies) == 2


async def test_a_failure_is_tried_again_after_30_s_then_after_double_that(
    kowhai: Browser, receiver: Receiver
) -> None:
    receiver.statuses = [500, 503, 500]
    await kowhai.subscribe(receiver.url)
    await kowhai.change()
    for count, wait in ((1, 30), (2, 60), (3, 120)):
        await tried(kowhai, count)
        await kowhai.control("POST", "/clock", {"advance": wait})
    await settled(kowhai)
    (one,) = await entries(kowhai)
    assert [two["status"] for two in one["attempts"]] == [500, 503, 500, 200]
    times = [round(two["at"] - one["at"]) for two in one["attempts"]]
    assert [time // 5 * 5 for time in times] == [0, 30, 90, 210]
    assert len(set(receiver.bodies)) == 1


async def test_20_retries_pass_in_48_hours_and_then_it_is_given_up(
    start: Start, receiver: Receiver
) -> None:
    kowhai = await start(time_scale=200_000)
    receiver.status = 503
    await kowhai.subscribe(receiver.url)
    await kowhai.change()
    await settled(kowhai)
    (one,) = await entries(kowhai)
    assert (one["state"], len(one["attempts"])) == ("failed", 1 + RETRIES)
    times = [two["at"] - one["attempts"][0]["at"] for two in one["attempts"]]
    assert HOURS_48 <= times[-1] < HOURS_48 + 3600 * 4
    assert max(late - early for early, late in itertools.pairwise(times)) < 5 * 3600


async def test_no_answer_in_time_and_nobody_there_are_failures(
    start: Start, receiver: Receiver
) -> None:
    kowhai = await start(answer_seconds=0.2)
    receiver.status = 0
    for url in (receiver.url, "http://127.0.0.1:1/x", "http://a..b/x"):
        await kowhai.subscribe(url)
    await kowhai.change()
    await tried(kowhai, 3)
    waiting = await entries(kowhai, state="waiting")
    assert [one["attempts"][0]["status"] for one in waiting] == [0, 0, 0]
    assert all(one["attempts"][0]["trouble"] for one in waiting)


async def test_a_duplicate_can_come_late_after_2xx(start: Start, receiver: Receiver) -> None:
    kowhai = await start(faults=("late-duplicate",))
    await kowhai.subscribe(receiver.url)
    await kowhai.change()
    await receiver.got(1)
    await kowhai.control("POST", "/clock", {"advance": 3600})
    await receiver.got(2)
    await settled(kowhai)
    assert receiver.bodies[0] == receiver.bodies[1]
    assert [one["duplicate"] for one in await entries(kowhai, state="done")] == [False, True]


async def test_events_can_be_out_of_order(start: Start, receiver: Receiver) -> None:
    kowhai = await start(faults=("reordered",))
    await kowhai.subscribe(receiver.url)
    made = [await kowhai.change(str(number)) for number in range(20)]
    await kowhai.control("POST", "/clock", {"advance": 30})
    await settled(kowhai)
    came = [json.loads(form["payload"])["id"] for form in receiver.forms]
    assert came != made
    assert sorted(came) == sorted(made)


async def test_an_event_can_be_dropped_and_the_ledger_knows(
    start: Start, receiver: Receiver
) -> None:
    kowhai = await start(faults=("dropped-webhook:1:customer.*",))
    await kowhai.subscribe(receiver.url)
    customer_id = await kowhai.change()
    await settled(kowhai)
    assert [one["id"] for one in await entries(kowhai, state="dropped")] == [customer_id]
    assert receiver.bodies == []


async def flooded(kowhai: Browser, receiver: Receiver) -> None:
    """Let a receiver fail for more than an hour while 1,100 events wait for it."""
    receiver.status = 500
    await kowhai.subscribe(receiver.url)
    await kowhai.change()
    await tried(kowhai, 1)
    await kowhai.control("POST", "/clock", {"advance": 3600})
    await tried(kowhai, 2)
    shop = kowhai.simulator.shop("kowhai")
    (row, *_) = shop.table("customers").all()
    for _ in range(1100):
        shop.tell("customer.update", row)


async def test_who_fails_for_an_hour_with_a_backlog_hears_nothing_for_a_day(
    kowhai: Browser, receiver: Receiver
) -> None:
    await flooded(kowhai, receiver)
    await settled(kowhai)
    erased = await entries(kowhai, state="erased")
    assert len(erased) == 1101
    await kowhai.change("silenced")
    assert len(await entries(kowhai, state="silenced")) == 1
    receiver.status, before = 200, len(receiver.bodies)
    await kowhai.control("POST", "/clock", {"advance": 24 * 3600})
    await kowhai.change("heard")
    await settled(kowhai)
    assert len(receiver.bodies) == before + 1


async def test_a_backlog_stays_when_the_switch_says_so(start: Start, receiver: Receiver) -> None:
    kowhai = await start(switches={"black_hole": False})
    await flooded(kowhai, receiver)
    await tried(kowhai, 1102)
    receiver.status = 200
    await kowhai.control("POST", "/clock", {"advance": HOURS_48})
    await settled(kowhai)
    assert len(await entries(kowhai, state="done")) == 1101


async def test_a_hanging_receiver_does_not_hold_up_the_end(
    start: Start, receiver: Receiver
) -> None:
    kowhai = await start()
    receiver.status = 0
    await kowhai.subscribe(receiver.url)
    await kowhai.change()
    await receiver.got(1)
    async with asyncio.timeout(3):
        await kowhai.simulator.__aexit__()
