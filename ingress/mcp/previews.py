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
_USED: Final = "backroom:mcp:used:"
"""Followed by a token's number: that it was used, for as long as it lives."""
_AGAIN: Final = "Call without preview_token for a new preview; nothing was changed."


class BadPreview(BackroomError):
    """A preview token is not good for this call; nothing was changed."""


class _Promise(Struct, frozen=True, array_like=True):
    """What a token is good for."""

    number: str
    ends: float
    key: str
    retailer: str
    action: str
    digest: bytes


class Previews:
    """Makes tokens, and lets each be used once."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def token(self, visit: Visit, action: Action[Any], now: float | None = None) -> str:
        """Return a token that is good for this very call, ten minutes from now."""
        ends = (time.time() if now is None else now) + LIVES_SECONDS
        promise = _Promise(secrets.token_hex(8), ends, *_facts(visit, action))
        sealed = self._vault.seal(msgspec.msgpack.encode(promise), _BOUND)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    async def use(self, token: Any, visit: Visit, action: Action[Any]) -> str:
        """Use a token up; return its number.

        Raises:
            BadPreview: it is not good for this call, or was used before.
        """
        promise = self._opened(token)
        left = promise.ends - time.time()
        key, retailer, name, digest = _facts(visit, action)
        for wrong, said in (
            (promise.key != key, "it was made for another API key"),
            (promise.retailer != retailer, "it was made for another store"),
            (promise.action != name, f"it was made for {promise.action}"),
            (promise.digest != digest, "the parameters are not those of the preview"),
            (left <= 0, f"its {LIVES_SECONDS // 60} minutes are over"),
        ):
            if wrong:
                raise BadPreview(f"This preview token does not hold: {said}. {_AGAIN}")
        number = promise.number
        marked = await self._database.do("SET", _USED + number, "1", "NX", "EX", int(left) + 1)
        if marked is None:
            raise BadPreview(f"This preview token does not hold: it was used before. {_AGAIN}")
        return number

    async def give_back(self, number: str) -> None:
        """Let a token be used after all: nothing was sent."""
        await self._database.do("DEL", _USED + number)

    def _opened(self, token: Any) -> _Promise:
        try:
            padded = str(token) + "=" * (-len(str(token)) % 4)
            sealed = base64.b64decode(padded, b"-_", validate=True)
            return msgspec.msgpack.decode(self._vault.open(sealed, _BOUND), type=_Promise)
        except (binascii.Error, ValueError, CannotOpen):
            said = "preview_token is none that was given out here, or was changed on its way."
            raise BadPreview(f"{said} {_AGAIN}") from None


def _facts(visit: Visit, action: Action[Any]) -> tuple[str, str, str, bytes]:
    """Return what a token is bound to."""
    plain = msgspec.to_builtins(action)
    digest = hashlib.sha256(msgspec.json.encode(plain, order="sorted")).digest()
    return _identity(visit.key), visit.retailer, action.operation.name, digest


def _identity(key: ApiKey) -> str:
    """Tell keys apart, also one that bears the name of one that was revoked."""
    return f"{key.name} {key.hint} {key.created_at.isoformat()}"
