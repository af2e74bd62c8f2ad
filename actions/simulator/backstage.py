"""What the doors of one simulator share."""

from collections import deque
from typing import Any

from msgspec import Struct, field

from actions.simulator.access import Access
from actions.simulator.clock import Clock
from actions.simulator.deliveries import Deliveries
from actions.simulator.faults import Faults
from actions.simulator.ledger import Ledger
from actions.simulator.limits import Limits
from actions.simulator.options import Options
from actions.simulator.shop import Shop
from actions.simulator.switches import Switches
from actions.simulator.trie import Trees

_HEARD_KEPT = 10_000


class Backstage(Struct, kw_only=True):
    """The stores and everything around them."""

    options: Options
    clock: Clock
    switches: Switches
    shops: dict[str, Shop]
    access: Access
    limits: Limits
    faults: Faults
    ledger: Ledger
    deliveries: Deliveries
    trees: Trees
    bugs: list[str] = field(default_factory=list)
    """What should not have happened, ever: each is a mistake in the simulator."""
    heard: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=_HEARD_KEPT))
    """Events since it was last cleared: type and id of the object."""

    def hear(self, _: Shop, event_type: str, row: dict[str, Any]) -> None:
        """Note an event, for the book of what a write led to."""
        self.heard.append((event_type, str(row["id"])))


def first_user(shop: Shop) -> str:
    """Return the id of the user whom tokens stand for: the store's owner."""
    return next(iter(shop.table("users").ids()), "")
