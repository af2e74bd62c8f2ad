import base64
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.errors import CannotOpen, WrongSetting
from actions.secret import Secret
from actions.vault import KEY_BYTES, Vault, new_key

OLD = Secret(new_key())
NEW = Secret(new_key())
PLAIN = b"canary: moana@example.com"


def test_what_is_sealed_opens_again_and_does_not_show_what_it_holds() -> None:
    sealed = Vault([OLD]).seal(PLAIN, "token kowhai")
    assert PLAIN not in sealed
    assert Vault([OLD]).open(sealed, "token kowhai") == PLAIN


@settings(max_examples=300, deadline=None)
@given(plain=st.binary(max_size=2000), bound_to=st.text(max_size=40))
def test_any_bytes_bound_to_anything_come_back(plain: bytes, bound_to: str) -> None:
    vault = Vault([OLD])
    assert vault.open(vault.seal(plain, bound_to), bound_to) == plain


def test_the_same_plain_bytes_never_seal_alike() -> None:
    vault = Vault([OLD])
    assert len({vault.seal(PLAIN, "token kowhai") for _ in range(1000)}) == 1000


@pytest.mark.parametrize("other", ["token torea", "webhook key kowhai", "", "token kowhai "])
def test_what_is_sealed_for_one_thing_does_not_open_as_another(other: str) -> None:
    sealed = Vault([OLD]).seal(PLAIN, "token kowhai")
    with pytest.raises(CannotOpen):
        Vault([OLD]).open(sealed, other)


def test_the_first_key_seals_and_every_key_opens() -> None:
    before = Vault([OLD]).seal(PLAIN, "x")
    during = Vault([NEW, OLD])
    assert during.open(before, "x") == PLAIN
    assert Vault([NEW]).open(during.seal(PLAIN, "x"), "x") == PLAIN
    with pytest.raises(CannotOpen):
        Vault([OLD]).open(during.seal(PLAIN, "x"), "x")


def test_a_key_that_was_taken_away_opens_nothing_and_the_message_says_what_to_do() -> None:
    sealed = Vault([OLD]).seal(PLAIN, "token kowhai")
    with pytest.raises(CannotOpen) as caught:
        Vault([NEW]).open(sealed, "token kowhai")
    said = str(caught.value)
    assert "token kowhai" in said
    assert "BACKROOM_KEYS" in said
    assert "\n" not in said


def test_no_changed_byte_and_no_cut_opens() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(PLAIN, "x")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CannotOpen):
            vault.open(bytes(changed), "x")
    for end in range(len(sealed)):
        with pytest.raises(CannotOpen):
            vault.open(sealed[:end], "x")
    with pytest.raises(CannotOpen):
        vault.open(sealed + b"\0", "x")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=100))
def test_no_made_up_bytes_open(made_up: bytes) -> None:
    with pytest.raises(CannotOpen):
        Vault([OLD]).open(made_up, "x")


WRONG = [
    "",
    " ",
    "canary",
    "canary-äöü",
    base64.b64encode(b"canary").decode(),
    base64.b64encode(os.urandom(KEY_BYTES - 1)).decode(),
    base64.b64encode(os.urandom(KEY_BYTES + 1)).decode(),
    os.urandom(KEY_BYTES).hex(),
    OLD.reveal()[:-2],
    OLD.reveal() + "\n" + OLD.reveal(),
]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_a_wrong_key_is_said_in_words_without_showing_it(wrong: str) -> None:
    with pytest.raises(WrongSetting) as caught:
        Vault([OLD, Secret(wrong)])
    assert "BACKROOM_KEYS" in str(caught.value)
    assert "backroom keys new" in str(caught.value)
    assert not wrong.strip() or wrong not in str(caught.value)


def test_no_key_at_all_is_said_in_words() -> None:
    with pytest.raises(WrongSetting, match="BACKROOM_KEYS is not set"):
        Vault([])


def test_a_key_may_be_written_in_either_base64_alphabet() -> None:
    raw = b"\xfb\xff" * (KEY_BYTES // 2)
    plus, minus = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    assert plus != minus
    sealed = Vault([Secret(plus)]).seal(PLAIN, "x")
    assert Vault([Secret(minus)]).open(sealed, "x") == PLAIN


def test_new_keys_differ_and_serve() -> None:
    made = {new_key() for _ in range(100)}
    assert len(made) == 100
    assert all(len(base64.b64decode(key)) == KEY_BYTES for key in made)


def test_a_vault_shows_no_key() -> None:
    assert OLD.reveal() not in repr(Vault([OLD]))
    assert OLD.reveal() not in str(vars(Vault([OLD])))
