"""Who may call: personal tokens, an application's grants with rotating tokens, consent codes."""

import random
import string
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from actions.simulator.clock import Clock

CODE_SECONDS: Final = 600.0
_LETTERS = string.ascii_letters + string.digits


class Grant(Struct):
    """What a token stands for."""

    prefix: str
    application: str
    """The client id; empty for a personal token."""
    scopes: frozenset[str]
    user_id: str
    access_token: str
    refresh_token: str = ""
    expires: float = float("inf")


class Code(Struct, frozen=True):
    """What a consent code stands for, until it is used or ten minutes old."""

    prefix: str
    application: str
    redirect_uri: str
    scopes: frozenset[str]
    user_id: str
    expires: float


class Access:
    """Every token and code. They come from the seed, so that a restart makes the same ones."""

    def __init__(self, clock: Clock, seed: int, token_seconds: int) -> None:
        self.token_seconds = token_seconds
        self._clock = clock
        self._seed = seed
        self._random = random.Random(f"tokens {seed}")  # noqa: S311 - nothing here is a secret
        self._grants: dict[tuple[str, str], Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._codes: dict[str, Code] = {}

    def personal(self, prefix: str, scopes: Iterable[str], user_id: str, chosen: str = "") -> str:
        """Make a personal token, or return the one with these scopes; `chosen` is its text."""
        wanted = frozenset(scopes)
        dice = random.Random(f"{self._seed} {prefix} {sorted(wanted)}")  # noqa: S311 - see above
        token = chosen or "lsxs_pt_" + "".join(dice.choices(_LETTERS, k=40))
        self._grants.setdefault((prefix, token), Grant(prefix, "", wanted, user_id, token))
        return token

    def code(self, code: Code) -> str:
        """Keep what a consent code stands for, and return it."""
        text = self._made(32)
        self._codes[text] = code
        return text

    def spend(self, text: str) -> Code | None:
        """Take what a code stands for; a second time there is nothing."""
        code = self._codes.pop(text, None)
        return code if code is not None and self._clock.now() < code.expires else None

    def grant(self, prefix: str, application: str, scopes: frozenset[str], user_id: str) -> Grant:
        """Make a pair of tokens."""
        grant = Grant(
            prefix,
            application,
            scopes,
            user_id,
            access_token=self._made(48),
            refresh_token=self._made(48),
            expires=self._clock.now() + self.token_seconds,
        )
        self._grants[prefix, grant.access_token] = self._refresh[grant.refresh_token] = grant
        return grant

    def refreshed(self, prefix: str, application: str, refresh_token: str) -> Grant | None:
        """Rotate a pair: the old refresh token and its access token end at once."""
        old = self._refresh.get(refresh_token)
        if old is None or (old.prefix, old.application) != (prefix, application):
            return None
        self._end(old)
        return self.grant(prefix, application, old.scopes, old.user_id)

    def of(self, authorization: str, prefix: str) -> Grant | None:
        """Return what the token of an `Authorization` header stands for at a store, if valid."""
        scheme, _, token = authorization.partition(" ")
        grant = self._grants.get((prefix, token.strip()))
        if grant is None or scheme.lower() != "bearer":
            return None
        return grant if self._clock.now() < grant.expires else None

    def expire(self, grant: Grant) -> None:
        """End an access token before its time; its refresh token goes on."""
        if grant.application:
            grant.expires = float("-inf")

    def revoke(self, prefix: str) -> int:
        """End every grant of applications at a store, as when it uninstalls them."""
        ended = [one for one in self._refresh.values() if one.prefix == prefix]
        for grant in ended:
            self._end(grant)
        return len(ended)

    def _end(self, grant: Grant) -> None:
        self._grants.pop((grant.prefix, grant.access_token), None)
        self._refresh.pop(grant.refresh_token, None)

    def _made(self, length: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=length))
