import base64
import hashlib
import hmac

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from msgspec.structs import replace
from structlog.testing import capture_logs

from actions.connections import Connection
from actions.database import Database
from actions.secret import Secret
from ingress.app import create_app
from ingress.signatures import HEADER, Flaw, flaw, sign
from tests.conftest import CLIENT_SECRET, Ingress, path, signed
from workers.listing import Wanted, newest
from workers.settings import Settings

SECRET = b"example-client-secret"
BODY = (
    b"domain_prefix=kowhaitrail&environment=prod&payload=%7B%22id%22%3A%22abc%22%2C%22note%22"
    b"%3A%22a+%2B+b%22%7D&retailer_id=r1&type=sale.update"
)
DIGEST = "9c08ab427860f8ef91ee3b4c0e0714df3b80f35213908b380a8a681072bdc303"
BASE64 = base64.b64encode(bytes.fromhex(DIGEST)).decode()
GOOD = f"signature={DIGEST},algorithm=HMAC-SHA256"


def wire(header: bytes) -> str:
    """A header as aiohttp hands it over."""
    return header.decode("utf-8", "surrogateescape")


def test_a_signature_is_written_as_the_vendor_writes_it() -> None:
    assert len(BODY) == 138
    assert sign(BODY, SECRET) == GOOD


@pytest.mark.parametrize(
    "header",
    [
        GOOD,
        f"SIGNATURE={DIGEST},Algorithm=HMAC-SHA256",
        f"signature={DIGEST},algorithm=hmac-sha256",
        f"signature={DIGEST},algorithm=Hmac-Sha256",
        f"signature={DIGEST}, algorithm=HMAC-SHA256",
        f" signature = {DIGEST}\t, algorithm = HMAC-SHA256 ",
        f"algorithm=HMAC-SHA256,signature={DIGEST}",
        f"algorithm=HMAC-SHA256, signature={DIGEST}",
        f"signature={DIGEST.upper()},algorithm=HMAC-SHA256",
        f"signature={DIGEST.title()},algorithm=HMAC-SHA256",
        f"signature={BASE64},algorithm=HMAC-SHA256",
        f"algorithm=hmac-sha256, signature={BASE64}",
    ],
)
def test_every_known_spelling_is_accepted(header: str) -> None:
    assert flaw([header], BODY, [SECRET]) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], "missing"),
        ([""], "malformed"),
        ([DIGEST], "malformed"),
        ([f"signature={DIGEST}"], "malformed"),
        (["algorithm=HMAC-SHA256"], "malformed"),
        ([f"signature={DIGEST};algorithm=HMAC-SHA256"], "malformed"),
        ([f"signature={DIGEST},signature={DIGEST},algorithm=HMAC-SHA256"], "malformed"),
        ([f"signature=0,Signature={DIGEST},algorithm=HMAC-SHA256"], "malformed"),
        ([f"{GOOD},algorithm=none"], "malformed"),
        ([f"{GOOD},"], "malformed"),
        ([GOOD, GOOD], "malformed"),
        ([GOOD, "signature=0,algorithm=HMAC-SHA256"], "malformed"),
        (["signature=,algorithm=HMAC-SHA256"], "wrong"),
        ([f"signature={DIGEST[:-1]},algorithm=HMAC-SHA256"], "wrong"),
        ([f"signature={DIGEST}0,algorithm=HMAC-SHA256"], "wrong"),
        ([f'signature="{DIGEST}",algorithm=HMAC-SHA256'], "wrong"),
        ([f"signature=sha256={DIGEST},algorithm=HMAC-SHA256"], "wrong"),
        ([f"signature={BASE64.swapcase()},algorithm=HMAC-SHA256"], "wrong"),
    ],
)
def test_each_flaw_has_its_name(headers: list[str], expected: Flaw) -> None:
    assert flaw(headers, BODY, [SECRET]) == expected


@pytest.mark.parametrize("name", ["sha1", "sha224", "sha512", "md5"])
def test_a_weaker_or_other_algorithm_is_refused_though_its_digest_fits(name: str) -> None:
    digest = hmac.digest(SECRET, BODY, name).hex()
    other = f"signature={digest},algorithm=HMAC-{name.upper()}"
    assert flaw([other], BODY, [SECRET]) == "algorithm"
    assert flaw([f"signature={digest},algorithm=HMAC-SHA256"], BODY, [SECRET]) == "wrong"


@pytest.mark.parametrize("name", ["", "none", "SHA256", "HMAC", "HMAC-SHA-256", "HMAC-SHA256/0"])
def test_the_header_cannot_choose_its_algorithm(name: str) -> None:
    assert flaw([f"signature={DIGEST},algorithm={name}"], BODY, [SECRET]) == "algorithm"


def test_a_plain_hash_of_the_body_is_no_signature() -> None:
    for plain in (BODY, SECRET + BODY, BODY + SECRET):
        header = f"signature={hashlib.sha256(plain).hexdigest()},algorithm=HMAC-SHA256"
        assert flaw([header], BODY, [SECRET]) == "wrong"


@pytest.mark.parametrize("odd", ["é", "\udcff", "\uff19", "\u017f", "\x00", "☃" * 64])
def test_text_beyond_ascii_is_wrong_and_no_error(odd: str) -> None:
    assert flaw([f"signature={odd},algorithm=HMAC-SHA256"], BODY, [SECRET]) == "wrong"
    assert flaw([f"signature={DIGEST}{odd},algorithm=HMAC-SHA256"], BODY, [SECRET]) == "wrong"


def test_during_a_rotation_either_secret_signs_and_no_third() -> None:
    both = [b"new-secret", SECRET]
    assert flaw([sign(BODY, SECRET)], BODY, both) is None
    assert flaw([sign(BODY, b"new-secret")], BODY, both) is None
    assert flaw([sign(BODY, b"old-secret")], BODY, both) == "wrong"


@pytest.mark.parametrize("secrets", [[], [b""], [b"", b""], [b"", SECRET]])
def test_an_empty_secret_never_verifies(secrets: list[bytes]) -> None:
    assert flaw([sign(BODY, b"")], BODY, secrets) == "wrong"


def test_a_secret_beside_an_empty_one_still_verifies() -> None:
    assert flaw([GOOD], BODY, [b"", SECRET]) is None


def test_no_body_with_one_bit_flipped_is_accepted() -> None:
    for bit in range(len(BODY) * 8):
        body = bytearray(BODY)
        body[bit // 8] ^= 1 << bit % 8
        assert flaw([GOOD], bytes(body), [SECRET]) == "wrong", bit


def test_no_header_with_one_bit_flipped_is_accepted_unless_only_its_case_changed() -> None:
    for bit in range(len(GOOD) * 8):
        flipped = bytearray(GOOD.encode())
        flipped[bit // 8] ^= 1 << bit % 8
        accepted = flaw([wire(bytes(flipped))], BODY, [SECRET]) is None
        assert accepted == (flipped.lower() == GOOD.lower().encode()), flipped


def test_no_base64_with_one_bit_flipped_is_accepted() -> None:
    for bit in range(len(BASE64) * 8):
        flipped = bytearray(BASE64.encode())
        flipped[bit // 8] ^= 1 << bit % 8
        header = wire(b"signature=" + flipped + b",algorithm=HMAC-SHA256")
        assert flaw([header], BODY, [SECRET]) is not None, flipped


def test_no_truncated_and_no_longer_body_is_accepted() -> None:
    for end in range(len(BODY)):
        assert flaw([GOOD], BODY[:end], [SECRET]) == "wrong"
        assert flaw([GOOD], BODY[end + 1 :], [SECRET]) == "wrong"
    for byte in range(256):
        assert flaw([GOOD], BODY + bytes([byte]), [SECRET]) == "wrong"
        assert flaw([GOOD], bytes([byte]) + BODY, [SECRET]) == "wrong"


def test_no_truncated_header_is_accepted() -> None:
    for end in range(len(GOOD)):
        assert flaw([GOOD[:end]], BODY, [SECRET]) is not None
        assert flaw([GOOD[end + 1 :]], BODY, [SECRET]) is not None


@trying(max_examples=500, deadline=None)
@given(st.lists(st.binary(max_size=120).map(wire), max_size=3))
def test_no_made_up_header_is_accepted(headers: list[str]) -> None:
    assert flaw(headers, BODY, [SECRET]) is not None


@trying(max_examples=500, deadline=None)
@given(given_digest=st.binary(max_size=64), body=st.binary(max_size=200))
def test_no_made_up_digest_is_accepted(given_digest: bytes, body: bytes) -> None:
    for text in (given_digest.hex(), base64.b64encode(given_digest).decode(), wire(given_digest)):
        header = f"signature={text},algorithm=HMAC-SHA256"
        assert flaw([header], body, [SECRET]) is not None


@trying(max_examples=300, deadline=None)
@given(body=st.binary(max_size=300), secret=st.binary(min_size=1, max_size=80))
def test_whatever_the_bytes_are_their_signature_verifies_with_its_secret_only(
    body: bytes, secret: bytes
) -> None:
    assert flaw([sign(body, secret)], body, [secret]) is None
    assert flaw([sign(body, secret)], body, [secret + b"2"]) == "wrong"


async def refused(response: ClientResponse, database: Database) -> str:
    """Check that nothing was kept, and return the one sentence that was answered."""
    assert response.status == 401
    assert await newest(database, Wanted(), 1) == []
    return await response.text()


SIGNATURES = {
    "missing": ({}, "is missing"),
    "malformed": ({HEADER: "abc"}, "is malformed"),
    "algorithm": ({HEADER: "signature=0,algorithm=HMAC-SHA1"}, "must be HMAC-SHA256"),
    "wrong": ({HEADER: sign(b"other", CLIENT_SECRET.encode())}, "does not fit"),
    "not ASCII": ({HEADER: "signature=\u00e9,algorithm=HMAC-SHA256"}, "does not fit"),
    "of an empty secret": ({HEADER: sign(b"canary", b"")}, "does not fit"),
}


@pytest.mark.parametrize(("headers", "said"), SIGNATURES.values(), ids=SIGNATURES)
async def test_a_delivery_without_a_right_signature_is_refused_in_one_sentence(
    ingress: Ingress, kowhai: Connection, database: Database, headers: dict[str, str], said: str
) -> None:
    with capture_logs() as logs:
        answer = await ingress.post(path(kowhai), data=b"canary", headers=headers)
    assert said in await refused(answer, database)
    (line,) = logs
    assert line["reason"].startswith("signature ")
    assert (line["event"], line["status"]) == ("delivery.refused", 401)
    expected = sign(b"canary", CLIENT_SECRET.encode()).split(",")[0].removeprefix("signature=")
    for hidden in ("canary", expected, CLIENT_SECRET, *headers.values()):
        assert hidden not in repr(line) + await answer.text()


async def test_two_signatures_are_refused_though_one_fits(
    ingress: Ingress, kowhai: Connection, database: Database
) -> None:
    headers = [*signed(b"x").items(), (HEADER, sign(b"y", b"z"))]
    answer = await ingress.post(path(kowhai), data=b"x", headers=headers)
    assert "malformed" in await refused(answer, database)


async def test_the_signature_is_over_the_raw_bytes(
    ingress: Ingress, kowhai: Connection, database: Database
) -> None:
    for other in (b"a=%20", b"a=+\n", b" a=+", b"a=%2B", b"A=+"):
        answer = await ingress.post(path(kowhai), data=other, headers=signed(b"a=+"))
        await refused(answer, database)


async def test_either_secret_opens_the_door_during_a_rotation(
    settings: Settings, kowhai: Connection, database: Database
) -> None:
    both = (Secret("new"), Secret(CLIENT_SECRET))
    app = await create_app(replace(settings, lightspeed_client_secret=both), database)
    async with TestClient(TestServer(app)) as client:
        for secret, status in ((CLIENT_SECRET, 200), ("new", 200), ("old", 401)):
            headers = signed(b"a", secret)
            assert (await client.post(path(kowhai), data=b"a", headers=headers)).status == status
