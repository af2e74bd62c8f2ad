"""The vendor's signature: HMAC-SHA256 over the raw body with the app's client secret.

`X-Signature: signature=<digest>,algorithm=HMAC-SHA256` (vendor: Webhooks). The text form of the
digest is not documented; hex is what real deliveries carry, and base64 of the same is taken too.
"""

import base64
import hmac
from collections.abc import Sequence
from typing import Literal, TypeAlias

HEADER = "X-Signature"
ALGORITHM = "HMAC-SHA256"

Flaw: TypeAlias = Literal["missing", "malformed", "algorithm", "wrong"]


def sign(body: bytes, secret: bytes) -> str:
    """Return the header's value for a body, as the vendor writes it."""
    digest = hmac.digest(secret, body, "sha256").hex()
    return f"signature={digest},algorithm={ALGORITHM}"


def flaw(headers: Sequence[str], body: bytes, secrets: Sequence[bytes]) -> Flaw | None:
    """Say what is wrong with a delivery's signature, or None when one of the secrets made it.

    Args:
        headers: every `X-Signature` header of the request; more than one is malformed.
        body: the raw bytes, before any decoding.
        secrets: the client secrets, none of them empty: an empty key would verify forgeries.
    """
    if not headers:
        return "missing"
    if len(secrets) == 1 and len(headers) == 1 and _as_vendor(headers[0], body, secrets[0]):
        return None
    members = _members(headers[0]) if len(headers) == 1 else None
    if members is None:
        return "malformed"
    if members["algorithm"].upper() != ALGORITHM:
        return "algorithm"
    given = members["signature"].encode(errors="surrogateescape")
    digests = [hmac.digest(secret, body, "sha256") for secret in secrets if secret]
    # Every comparison is made, whichever fits, so that time tells nothing.
    fits = [_fits(given, digest) for digest in digests]
    return None if any(fits) else "wrong"


def _as_vendor(header: str, body: bytes, secret: bytes) -> bool:
    """Compare with the header as the vendor writes it, before taking any other apart."""
    given = header.encode(errors="surrogateescape")
    return bool(secret) and hmac.compare_digest(given, sign(body, secret).encode())


def _members(header: str) -> dict[str, str] | None:
    """Take `signature` and `algorithm` apart; None when either lacks or comes twice."""
    members: dict[str, str] = {}
    for part in header.split(","):
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not equals or name in members:
            return None
        members[name] = value.strip()
    return members if members.keys() >= {"signature", "algorithm"} else None


def _fits(given: bytes, digest: bytes) -> bool:
    in_hex = hmac.compare_digest(given.lower(), digest.hex().encode())
    in_base64 = hmac.compare_digest(given, base64.b64encode(digest))
    return in_hex or in_base64
