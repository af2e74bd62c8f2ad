"""Sealing what is kept in Redis: tokens, webhook keys, and the bodies that name shoppers."""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from actions.errors import CannotOpen, WrongSetting
from actions.secret import Secret

KEY_BYTES = 32
_ID_BYTES = 4
_NONCE_BYTES = 12


def new_key() -> str:
    """Make a key for `BACKROOM_KEYS`: 32 random bytes in base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


class Vault:
    """AES-256-GCM under one or more keys: the first seals, every one opens.

    Nonces are random, so one key should seal no more than 2**32 times (NIST SP 800-38D §8.3):
    at a hundred deliveries a second, put a new key in front once a year.
    """

    def __init__(self, keys: Sequence[Secret]) -> None:
        """Take the keys of `BACKROOM_KEYS`, newest first.

        Raises:
            WrongSetting: there is none, or one is not 32 bytes in base64.
        """
        if not keys:
            raise WrongSetting(
                "BACKROOM_KEYS is not set: make a key with `backroom keys new` and give the same "
                "one to every process."
            )
        self._ciphers = dict(map(_cipher, keys))
        self._first = next(iter(self._ciphers))

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """Encrypt `plain` so that it opens only under the same `bound_to`."""
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._ciphers[self._first]
        return self._first + nonce + cipher.encrypt(nonce, plain, bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Decrypt what `seal` made.

        Raises:
            CannotOpen: no key fits, or it was sealed for something else, or it was changed.
        """
        key_id, rest = sealed[:_ID_BYTES], sealed[_ID_BYTES:]
        try:
            cipher = self._ciphers[key_id]
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], bound_to.encode())
        except (KeyError, InvalidTag, ValueError):
            raise CannotOpen(
                f"What is kept for {bound_to} does not open with the keys in BACKROOM_KEYS: "
                "add the key that sealed it."
            ) from None


def _cipher(key: Secret) -> tuple[bytes, AESGCM]:
    try:
        raw = base64.b64decode(key.reveal().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise WrongSetting(
            "BACKROOM_KEYS holds a key that is not 32 bytes in base64: "
            "make one with `backroom keys new`."
        )
    return hashlib.sha256(raw).digest()[:_ID_BYTES], AESGCM(raw)
