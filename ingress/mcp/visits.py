"""Whose agent calls, at which store, and which actions it may run there."""

from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from actions.action import Action
from actions.grants import Grants
from ingress.api.keys import ApiKey

Style: TypeAlias = Literal["plain", "flat_prefixed"]
"""How parameters are named: `brand_id`, or as StackOne's SDK wants it, `path_brand_id`."""

VISIT: Final = "backroom.visit"
"""Where a request's scope has its visit."""


class Visit(Struct, frozen=True):
    """An agent at a store."""

    key: ApiKey
    retailer: str
    scopes: frozenset[str] | None
    """What the store has granted; None where nobody says, as for personal tokens: all."""
    style: Style = "plain"

    def may(self, kind: type[Action[Any]]) -> bool:
        """Say whether its key may run an action and the store has granted it."""
        return self.key.may(kind) and not self.lacking(kind)

    def lacking(self, kind: type[Action[Any]]) -> tuple[str, ...]:
        """Return the scopes for an action that are known not to be granted."""
        lacking = self.without(kind.operation.scopes)
        # Where a call's own parameters decide which scope it needs, one is enough to begin with.
        one_is_enough = kind.needs is not Action.needs
        return () if one_is_enough and len(lacking) < len(kind.operation.scopes) else lacking

    def without(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Return those scopes that are known not to be granted."""
        granted = self.scopes
        return () if granted is None else tuple(one for one in scopes if one not in granted)


async def visit(key: ApiKey, retailer: str, grants: Grants, style: Style = "plain") -> Visit:
    """Return a key's visit at a store: one round trip.

    Raises:
        NotConnected: the store is not linked.
    """
    grant = await grants.get(retailer)
    return Visit(key, retailer, grant.pair.scopes, style)
