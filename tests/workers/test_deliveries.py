import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.errors import CannotOpen
from actions.secret import Secret
from actions.vault import Vault, new_key
from tests.workers.conftest import posted
from workers.deliveries import (
    Claims,
    Delivery,
    Reading,
    body_of,
    event,
    form_of,
    keep,
    kept,
    read,
)
from workers.events import EVENT_TYPES, PING, SALE_UPDATE, WEBHOOK_TYPES, EventType, Ping
from workers.samples import form, sample

SALE = '{"id": "s1", "version": 5}'

each = pytest.mark.parametrize("name", WEBHOOK_TYPES)


def ping_of(reading: Reading) -> Ping:
    assert reading.event_type is PING
    assert isinstance(reading.payload, Ping)
    assert reading.note == reading.payload.reason
    return reading.payload


@each
def test_each_type_is_known_by_the_url(name: str) -> None:
    reading = read(name, posted(json.dumps(sample(name))))
    assert reading.event_type is EVENT_TYPES[name]
    assert isinstance(reading.payload, EVENT_TYPES[name].payload)
    assert (reading.entity, reading.note) == (sample(name)["id"], "")


@each
def test_each_type_is_known_by_its_form_when_the_hook_was_added_by_hand(name: str) -> None:
    reading = read("", form(name, sample(name), "kowhai", "r1"))
    assert reading.event_type is EVENT_TYPES[name]


def test_the_type_in_the_signed_form_wins_over_the_url() -> None:
    assert read("product.update", posted(SALE, type="sale.update")).event_type is SALE_UPDATE


@pytest.mark.parametrize("said", ["", "sale.exploded", "ping", "SALE.UPDATE"])
def test_the_url_decides_when_the_form_says_no_type_of_ours(said: str) -> None:
    assert read("sale.update", posted(SALE, type=said)).event_type is SALE_UPDATE


NO_FORM = "The body is no form."
NO_PAYLOAD = "The form has no payload."
NO_JSON = "The payload is not JSON."
NO_OBJECT = "The payload is not a JSON object."
TOO_DEEP = "The payload is nested too deeply."
NO_ID = "The payload has no usable id."
DEEP = "[" * 100_000 + "]" * 100_000
MANY = b"&".join(b"f%d=1" % i for i in range(60))

BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", NO_FORM),
    "escaped bytes that are not UTF-8": (b"payload=%FF", NO_FORM),
    "plain bytes that are not UTF-8": (b"payload=\xff", NO_FORM),
    "too many fields": (MANY + b"&" + posted(SALE), NO_FORM),
    "no payload": (b"domain_prefix=kowhai", NO_PAYLOAD),
    "an empty payload": (b"payload=", NO_PAYLOAD),
    "half an object": (posted("{"), NO_JSON),
    "plain text": (posted("plain text"), NO_JSON),
    "a NUL at the end": (posted(SALE + "\0"), NO_JSON),
    "NaN in a field": (posted('{"id": "s1", "n": NaN}'), NO_JSON),
    "NaN alone": (posted("NaN"), NO_JSON),
    "null": (posted("null"), NO_OBJECT),
    "a list": (posted("[1]"), NO_OBJECT),
    "a deep list": (posted(DEEP), TOO_DEEP),
    "a deep id": (posted('{"id":' + DEEP + "}"), TOO_DEEP),
    "a deep unknown field": (posted('{"id": "s1", "x":' + DEEP + "}"), TOO_DEEP),
    "no id": (posted("{}"), NO_ID),
    "a blank id": (posted('{"id": " "}'), NO_ID),
    "a null id": (posted('{"id": null}'), NO_ID),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_holds_no_event_is_a_ping_that_says_why(what: str) -> None:
    body, reason = BODIES[what]
    ping = ping_of(read("sale.update", body))
    assert (ping.declared, ping.reason) == ("sale.update", reason)


@pytest.mark.parametrize("body", [SALE.encode(), b"<xml/>", b"\x00\x01"])
def test_a_body_that_is_no_form_is_a_ping(body: bytes) -> None:
    assert ping_of(read("sale.update", body)).declared == "sale.update"


def test_a_payload_that_comes_twice_is_a_ping() -> None:
    body = posted(SALE) + b"&" + posted('{"id": "s2"}')
    assert ping_of(read("sale.update", body)).declared == "sale.update"


def test_an_unknown_type_is_a_ping_that_names_it() -> None:
    ping = ping_of(read("sale.exploded", posted(SALE)))
    assert (ping.declared, ping.reason) == ("sale.exploded", "The type is unknown.")


def test_a_hook_added_by_hand_may_name_an_unknown_type() -> None:
    ping = ping_of(read("", posted(SALE, type="sale.exploded")))
    assert (ping.declared, ping.reason) == ("sale.exploded", "The type is unknown.")


def test_no_type_at_all_is_a_ping() -> None:
    ping = ping_of(read("", posted(SALE)))
    assert (ping.declared, ping.reason) == (None, "No type is given.")


@pytest.mark.parametrize(
    ("number", "event_type"),
    [
        ("1e99999999999999999", SALE_UPDATE),
        ("9" * 4300, SALE_UPDATE),
        ("0." + "9" * 5000, SALE_UPDATE),
        ("11e999999999999999999", PING),
        ("1e99999999999999999999", PING),
        ("-1e-99999999999999999999", PING),
        ("9" * 4301, PING),
    ],
)
@pytest.mark.parametrize("where", ["unheard_of", "version", "invoice_number"])
def test_no_number_is_too_large_to_be_read(
    number: str, event_type: EventType[Any], where: str
) -> None:
    reading = read("sale.update", posted(f'{{"id": "s1", "{where}": {number}}}'))
    assert reading.event_type is event_type
    assert isinstance(reading.raw, str if reading.ping else dict)


fields = st.dictionaries(
    st.sampled_from(["payload", "type", "domain_prefix", "retailer_id", "x"]),
    st.text() | st.from_regex(r'\{"(id|retailer_id)": ?[-0-9eE.+"\[{ ]{0,12}\}'),
)


@settings(derandomize=True, deadline=None)
@given(body=st.binary() | fields.map(lambda form: urlencode(form, errors="replace").encode()))
def test_whatever_the_body_reading_it_never_fails(body: bytes) -> None:
    reading = read("sale.update", body)
    assert reading.event_type is PING or isinstance(reading.raw, dict)


def test_raw_is_the_undecoded_object_with_its_numbers_exact() -> None:
    text = '{"id": "s1", "total": 0.10, "big": 12345678901234567890123, "new": {"key": [1.50]}}'
    raw = read("sale.update", posted(text)).raw
    assert raw == {
        "id": "s1",
        "total": Decimal("0.10"),
        "big": 12345678901234567890123,
        "new": {"key": [Decimal("1.50")]},
    }
    assert str(raw["total"]) == "0.10"


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        (posted("plain text"), "plain text"),
        (posted("[1]"), [1]),
        (b'{"id": "s1"}', {"id": "s1"}),
        (b"caf\xe9", "caf�"),
    ],
)
def test_raw_of_a_ping_is_json_or_else_text(body: bytes, raw: object) -> None:
    assert read("sale.update", body).raw == raw


@pytest.mark.parametrize("note", ["a + b", "100%25", "ü 🏕", "a&b=c;d", '"', "a%2Bb"])
def test_a_form_is_decoded_once(note: str) -> None:
    reading = read("sale.update", posted(json.dumps({"id": "s1", "note": note})))
    assert (reading.payload.note, reading.raw["note"]) == (note, note)


def test_a_form_may_spell_a_blank_either_way() -> None:
    plus = ("payload=" + quote('{"id": "s1", "note": "a b"}').replace("%20", "+")).encode()
    assert read("sale.update", plus).raw["note"] == "a b"


CLAIMS: list[tuple[str, dict[str, str], Claims]] = [
    (SALE, {}, Claims()),
    (SALE, {"domain_prefix": " KOWHAI "}, Claims("kowhai")),
    (SALE, {"retailer_id": "r1"}, Claims(None, frozenset({"r1"}))),
    ('{"id": "s1", "retailer_id": "r1"}', {}, Claims(None, frozenset({"r1"}))),
    (
        '{"id": "s1", "retailer_id": "r2"}',
        {"retailer_id": "r1"},
        Claims(None, frozenset({"r1", "r2"})),
    ),
    ('{"id": "s1", "retailer_id": 7}', {"retailer_id": ""}, Claims()),
    (
        "no JSON",
        {"domain_prefix": "kowhai", "retailer_id": "r1"},
        Claims("kowhai", frozenset({"r1"})),
    ),
]


@pytest.mark.parametrize(("payload", "more", "claims"), CLAIMS)
def test_a_delivery_claims_whose_it_is(payload: str, more: dict[str, str], claims: Claims) -> None:
    assert read("sale.update", posted(payload, **more)).claims == claims


def kept_of(body: bytes) -> Delivery:
    is_signed = True
    return Delivery("kowhai", "sale.update", 1_795_000_000_123, is_signed, "text/plain", body)


def test_a_delivery_is_kept_whole() -> None:
    delivery = kept_of(b"\x00\xff")
    assert kept(keep(delivery)) == delivery


def test_an_event_says_where_it_came_from_and_nothing_of_the_shopper() -> None:
    made: Any = event("e1", kept_of(b""), read("", posted(SALE, type="sale.update")))
    assert (made.id, made.type, made.retailer) == ("e1", SALE_UPDATE, "kowhai")
    assert made.received_at.isoformat() == "2026-11-18T11:06:40.123000+00:00"
    assert (made.source, made.payload.id, made.raw["version"]) == ("webhook", "s1", 5)
    assert repr(made) == "Event('e1', 'sale.update', 'kowhai')"


def test_a_body_opens_only_under_the_id_it_was_sealed_for() -> None:
    vault = Vault([Secret(new_key())])
    delivery = kept_of(vault.seal(b"body", "e1"))
    assert body_of("e1", delivery, vault) == b"body"
    with pytest.raises(CannotOpen):
        body_of("e2", delivery, vault)


HALF = st.binary(max_size=6) | st.sampled_from(
    [b"%", b"=", b"+", b"%C3%A9", b"%3d", b"%3D", b"%FF", b"%0D%0A", b"\r\n", b" \n", b"%%", b"%4"]
)


@given(st.lists(st.lists(HALF, max_size=6).map(b"".join), max_size=6).map(b"&".join))
def test_a_form_is_decoded_as_the_standard_library_does(body: bytes) -> None:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        pairs = []
    once = {name: value for name, value in pairs if [one for one, _ in pairs].count(name) == 1}
    assert form_of(body) == once


def test_a_form_of_more_fields_than_the_vendor_sends_is_none() -> None:
    assert len(form_of(b"&".join(b"n%d=1" % number for number in range(50)))) == 50
    assert form_of(b"&".join(b"n%d=1" % number for number in range(51))) == {}
