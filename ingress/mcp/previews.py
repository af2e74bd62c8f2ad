"""Writes in two steps: a preview and its token first, then the same call again with the token.

A token is sealed, and says of itself for what it is good; only that it was used is kept, in Redis.
"""

import base64
import binascii
import hashlib
import secrets
import time
from typing import Any, Final

import msgspec
from msgspec import Struct

from actions.action import Action
from actions.database import Database
from actions.errors import BackroomError, CannotOpen
from actions.vault import Vault
from ingress.api.keys import ApiKey
from ingress.mcp.visits import Visit

LIVES_SECONDS: Final = 600
"""How long a preview holds."""
_BOUND: Final = "preview token"
_AGAIN: Final = "Call without preview_token for a new preview; nothing was changed."


class BadPreview(BackroomError):
    """A preview token is not good for this call; nothing was changed."""


class _Promise(Struct, frozen=True, array_like=True):
    """What a token is good for. In digests: an agent copies each of its characters."""

    number: bytes
    ends: int
    """In seconds since 1970."""
    key: bytes
    retailer: bytes
    action: bytes
    parameters: bytes


class Previews:
    """Makes tokens, and lets each be used once."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def token(self, visit: Visit, action: Action[Any], now: float | None = None) -> str:
        """Return a token that is good for this very call, ten minutes from now."""
        ends = int(time.time() if now is None else now) + LIVES_SECONDS
        promise = _Promise(secrets.token_bytes(8), ends, *_facts(visit, action))
        sealed = self._vault.seal(msgspec.msgpack.encode(promise), _BOUND)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    async def use(self, token: Any, visit: Visit, action: Action[Any]) -> bytes:
        """Use a token up; return its number.

        Raises:
            BadPreview: it is not good for this call, or was used before.
        """
        promise = self._opened(token)
        left = promise.ends - time.time()
        key, retailer, name, parameters = _facts(visit, action)
        for wrong, said in (
            (promise.key != key, "it was made for another API key"),
            (promise.retailer != retailer, "it was made for another store"),
            (promise.action != name, "it was made for another tool"),
            (promise.parameters != parameters, "the parameters are not those of the preview"),
            (left <= 0, f"its {LIVES_SECONDS // 60} minutes are over"),
        ):
            if wrong:
                raise BadPreview(f"This preview token does not hold: {said}. {_AGAIN}")
        used = _used(promise.number)
        if await self._database.do("SET", used, "1", "NX", "EX", int(left) + 1) is None:
            raise BadPreview(f"This preview token does not hold: it was used before. {_AGAIN}")
        return promise.number

    async def give_back(self, number: bytes) -> None:
        """Let a token be used after all: nothing was sent."""
        await self._database.do("DEL", _used(number))

    def _opened(self, token: Any) -> _Promise:
        try:
            padded = str(token) + "=" * (-len(str(token)) % 4)
            sealed = base64.b64decode(padded, b"-_", validate=True)
            return msgspec.msgpack.decode(self._vault.open(sealed, _BOUND), type=_Promise)
        except (binascii.Error, ValueError, CannotOpen):
            said = "preview_token is none that was given out here, or was changed on its way."
            raise BadPreview(f"{said} {_AGAIN}") from None


def _facts(visit: Visit, action: Action[Any]) -> tuple[bytes, bytes, bytes, bytes]:
    """Return what a token is bound to: key, retailer, action and parameters."""
    parameters = msgspec.json.encode(msgspec.to_builtins(action), order="sorted")
    return (
        _digest(_identity(visit.key), 6),
        _digest(visit.retailer.encode(), 6),
        _digest(action.operation.name.encode(), 6),
        _digest(parameters, 16),
    )


def _identity(key: ApiKey) -> bytes:
    """Tell keys apart, also one that bears the name of one that was revoked."""
    return f"{key.name} {key.hint} {key.created_at.isoformat()}".encode()


def _digest(plain: bytes, size: int) -> bytes:
    return hashlib.blake2b(plain, digest_size=size).digest()


def _used(number: bytes) -> str:
    return f"backroom:mcp:used:{number.hex()}"
