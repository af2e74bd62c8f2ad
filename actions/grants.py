"""Grants in Redis: what each retailer has granted, and whose turn it is to refresh it.

One refresh at a time for all processes. The intent is written before the request leaves, a new
pair is stored before anyone uses it, and who comes too late reads again.
"""

import secrets
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from actions.connections import not_linked
from actions.database import Database, Script
from actions.secret import Secret
from actions.vault import Vault

TURN_SECONDS: Final = 15
"""How long a turn lasts at most: longer than a token request may take."""

State: TypeAlias = Literal["linked", "needs_relink"]


_BEGIN = Script.load("actions.scripts", "begin_refresh")
_END = Script.load("actions.scripts", "end_refresh")
_KEEP = Script.load("actions.scripts", "keep_grant")


class Pair(Struct, frozen=True, kw_only=True):
    """Tokens as Lightspeed gave them."""

    access: Secret
    refresh: Secret = Secret("")
    """Empty for a personal token, which is never refreshed."""
    expires_at: float = 0
    """In seconds since 1970; 0 is never."""
    lasts: float = 0
    """The access token's whole life in seconds; 0 where nobody says."""
    scopes: frozenset[str] | None = None
    """What was granted; None where nobody says, as for personal tokens."""


class Grant(Struct, frozen=True, kw_only=True):
    """What a retailer has granted us."""

    retailer: str
    pair: Pair
    generation: int
    """Rises with every new pair."""
    state: State
    why: str = ""
    """Why it must be linked again."""
    link: str = ""
    """Another one each time a merchant links it, who may be another user; refreshes keep it."""


class Standing(Struct, frozen=True):
    """How a grant stands, as far as it can be told without its key."""

    state: State
    why: str
    """Why it must be linked again."""
    expires: bool
    """Its tokens must be refreshed: it came by OAuth."""


class Mine(Struct, frozen=True):
    """It is our turn to refresh."""

    fence: int
    asked_before: bool
    """An earlier turn asked with the same refresh token and was never answered."""


class Busy(Struct, frozen=True):
    """Another process refreshes."""


class Over(Struct, frozen=True):
    """Nothing to do: somebody has been faster, or the grant is dead. Read it again."""


class Grants:
    """Every retailer's grant. Every method is one round trip."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def keep(self, retailer: str, pair: Pair) -> None:
        """Keep what a retailer has just granted, in place of what was there."""
        args = (*self._kept(retailer, pair), secrets.token_hex(6))
        await self._database.run(_KEEP, [_key(retailer)], args)

    async def forget(self, retailer: str) -> None:
        """Forget what a retailer has granted."""
        await self._database.do("DEL", _key(retailer))

    async def get(self, retailer: str) -> Grant:
        """Return a retailer's grant.

        Raises:
            NotConnected: there is none.
            CannotOpen: it was sealed with a key that is not in `BACKROOM_KEYS`.
        """
        names = ("tokens", "expires", "lasts", "scopes", "generation", "state", "why", "link")
        found = await self._database.do("HMGET", _key(retailer), *names)
        if found[0] is None:
            raise not_linked(retailer)
        tokens, expires, lasts, scopes, generation, state, why, link = found
        access, refresh = msgspec.msgpack.decode(self._vault.open(tokens, _bound(retailer)))
        return Grant(
            retailer=retailer,
            pair=Pair(
                access=Secret(access),
                refresh=Secret(refresh),
                expires_at=float(expires),
                lasts=float(lasts or 0),
                scopes=frozenset(scopes.decode().split()) or None,
            ),
            generation=int(generation),
            state=msgspec.convert(state.decode(), State),
            why=(why or b"").decode(),
            link=(link or b"").decode(),
        )

    async def states(self, retailers: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return of each retailer whether it is `linked` or `needs_relink`, and why."""
        found = await standings(self._database, retailers)
        return {retailer: (one.state, one.why) for retailer, one in found.items()}

    async def begin(self, grant: Grant) -> Mine | Busy | Over:
        """Ask for the turn to refresh a grant."""
        args = [grant.generation, TURN_SECONDS]
        said, *more = await self._database.run(_BEGIN, [_key(grant.retailer)], args)
        if said == b"mine":
            return Mine(more[0], bool(more[1]))
        return Busy() if said == b"busy" else Over()

    async def renew(self, grant: Grant, turn: Mine, pair: Pair) -> None:
        """End a turn with a new pair."""
        await self._end(grant, turn, "kept", *self._kept(grant.retailer, pair))

    async def bury(self, grant: Grant, turn: Mine, why: str) -> None:
        """End a turn that was refused for good: the retailer must be linked again."""
        await self._end(grant, turn, "refused", why)

    async def yield_turn(self, grant: Grant, turn: Mine, *, sent: bool) -> None:
        """End a turn without a pair; where it was `sent`, the answer may have been lost."""
        await self._end(grant, turn, "unanswered" if sent else "unsent")

    async def _end(self, grant: Grant, turn: Mine, what: str, *more: bytes | str | float) -> None:
        args = [grant.generation, turn.fence, what, *more]
        await self._database.run(_END, [_key(grant.retailer)], args)

    def _kept(self, retailer: str, pair: Pair) -> tuple[bytes, float, str, float]:
        tokens = msgspec.msgpack.encode((pair.access.reveal(), pair.refresh.reveal()))
        sealed = self._vault.seal(tokens, _bound(retailer))
        return sealed, pair.expires_at, " ".join(sorted(pair.scopes or ())), pair.lasts


async def standings(database: Database, retailers: Sequence[str]) -> dict[str, Standing]:
    """Return how each retailer's grant stands; one that is not kept needs to be linked."""
    asked = [("HMGET", _key(retailer), "state", "why", "expires") for retailer in retailers]
    found = await database.together(asked)
    return {
        retailer: Standing(
            msgspec.convert((state or b"needs_relink").decode(), State),
            (why or b"").decode(),
            expires=float(expires or 0) > 0,
        )
        for retailer, (state, why, expires) in zip(retailers, found, strict=True)
    }


async def granted(database: Database, retailers: Sequence[str]) -> dict[str, frozenset[str] | None]:
    """Return the scopes that each retailer has granted; None where nobody says."""
    found = await database.together([("HGET", _key(one), "scopes") for one in retailers])
    return {
        retailer: frozenset((scopes or b"").decode().split()) or None
        for retailer, scopes in zip(retailers, found, strict=True)
    }


def tokens_place(retailer: str) -> tuple[str, str, str]:
    """Return the hash and field where a retailer's tokens stand, and what they are bound to."""
    return _key(retailer), "tokens", _bound(retailer)


def _key(retailer: str) -> str:
    return f"backroom:grant:{retailer}"


def _bound(retailer: str) -> str:
    return f"tokens {retailer}"
