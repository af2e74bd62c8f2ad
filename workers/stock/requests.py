"""The one request of a retailer that is open: kept before it is sent, until its end is known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

from actions.database import Database, Script
from actions.errors import BackroomError, DatabaseAway
from workers.stock import keys
from workers.stock.items import MOST_IN_REQUEST, Item, Outcome, Result, unpacked
from workers.stock.segments import Segment, worth

_TAKE: Final = Script.load("workers.scripts", "clock", "stock_take")
_KEEP: Final = Script.load("workers.scripts", "clock", "stock_hold", "stock_keep")
_SYNC_MS: Final = 2000
LOST: Final = "Another sender has taken over for this retailer; it finds out what was sent."


class LostTurn(BackroomError):
    """Another sender has taken over, or may have; nothing more is done."""


class Open(Struct, frozen=True, kw_only=True):
    """A request as it is kept."""

    items: list[bytes]
    """Packed."""
    pending: list[Segment]
    """What is to be sent yet; the first is what the state speaks of."""
    state: Literal["taken", "sent", "lost"] = "taken"
    """`taken`: nothing of the first has left us. `sent`: it may have. `lost`: its answer was."""
    version: int | None = None
    """The highest version that was seen before it was sent; None where none was."""
    user_id: str = ""
    """As whom it was sent; empty where nobody knew."""
    at: int = 0
    """When that was, in ms since 1970 by Redis' clock."""
    looked: int = 0
    """When what is there now was first seen, and not all was; 0: it was not looked for."""
    found: int = 0
    """How many were there then."""
    refused: int = 0
    """How many of it were refused so far."""
    is_whole: bool | None = None
    """Whether the vendor takes a batch whole or not at all, as far as this one shows."""

    @property
    def worth(self) -> int:
        """How many of its items are worth one request, by how common bad ones were."""
        over = len(self.items) - sum(len(one.places) for one in self.pending)
        return worth(over, self.refused)

    @property
    def all_items(self) -> list[Item]:
        """The items, in the order they were taken."""
        return [unpacked(one) for one in self.items]


class Seen(Struct, frozen=True):
    """What is known of a retailer's adjustments."""

    version: int | None
    user_id: str = ""
    """Empty where it is not known, or not to be noted."""
    link: str = ""
    """Under which we act as that user."""


class Taken(Struct, frozen=True):
    """An open request; `fresh` items are still on their list until it is kept."""

    request: Open
    seen: Seen
    now: int
    fresh: int = 0


class Requests:
    """The open request of one retailer, changed only by who has the turn."""

    def __init__(self, database: Database, retailer: str, source: str, linger: float) -> None:
        """Take items from the list `source`.

        Fewer than make a full request wait `linger` seconds for others.
        """
        self._database = database
        self._names = [
            keys.turn(retailer),
            keys.request(retailer),
            source,
            keys.seen(retailer),
        ]
        self._linger = int(linger * 1000)
        self._revision = 0

    async def take(self, token: str, link: str) -> Taken | float | None:
        """Return the request that is open, else a new one.

        As long as nobody knows as whom we act under a `link`, one item goes alone.

        Returns seconds where others may yet join it, and None when nothing waits.

        Raises:
            LostTurn: it is another's.
        """
        args: list[str | bytes | float] = [token, MOST_IN_REQUEST, self._linger, link]
        answer = await self._database.run(_TAKE, self._names, args)
        if answer == b"lost":
            raise LostTurn(LOST)
        if isinstance(answer, int):
            return answer / 1000
        open_, items, version, user, revision, now = answer
        self._revision = int(revision)
        under, _, user_id = user.decode().partition(" ")
        seen = Seen(int(version) if version else None, user_id if under == link else "", link)
        if open_:
            return Taken(msgspec.msgpack.decode(open_, type=Open), seen, now)
        if not items:
            return None
        fresh = Open(items=items, pending=[Segment(list(range(len(items))))])
        return Taken(fresh, seen, now, len(items))

    async def keep(
        self,
        token: str,
        request: Open | None,
        results: Mapping[str, Sequence[Result]] = {},
        *,
        fresh: int = 0,
        seen: Seen | None = None,
    ) -> None:
        """Keep a request as it stands (None: it is over), with what became of items.

        Raises:
            LostTurn: it is another's; nothing was changed.
        """
        words: list[str | bytes | float] = [
            token,
            self._revision + 1,
            b"" if request is None else msgspec.msgpack.encode(request),
            fresh,
            "" if seen is None or seen.version is None else seen.version,
            f"{seen.link} {seen.user_id}" if seen and seen.user_id else "",
        ]
        for order, rows in results.items():
            counts = _counts(rows)
            words += [order, *(counts[one] for one in ("applied", "refused", "unknown"))]
            words.append(msgspec.msgpack.encode(rows))
        if not await self._database.run(_KEEP, self._names, words):
            raise LostTurn(LOST)
        self._revision += 1

    async def safe(self) -> None:
        """Wait until what was kept is on disk, where Redis writes it there.

        A request that a restarted Redis has forgotten would be sent a second time.

        Raises:
            DatabaseAway: it is not within two seconds.
        """
        if not await self._database.reached_disk(self._names[-1], "synced", _SYNC_MS):
            raise DatabaseAway(
                f"Redis has not written to its disk for {_SYNC_MS / 1000:g} s, so nothing was sent:"
                " see what its disk is busy with."
            )


def _counts(rows: Sequence[Result]) -> Mapping[Outcome, int]:
    counts = defaultdict[Outcome, int](int)
    for row in rows:
        counts[row.outcome] += 1
    return counts
