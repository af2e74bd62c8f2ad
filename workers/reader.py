"""Reading deliveries, and keeping what was read for a moment: who dispatches often delivers too."""

from typing import Final, TypeAlias

from actions.vault import Vault
from workers.deliveries import Delivery, Reading, body_of, read

_MOST_KEPT: Final = 256
Read: TypeAlias = tuple[Delivery, Reading]


class Reader:
    """Opens and decodes the deliveries of one worker."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._kept: dict[str, Read] = {}

    def read(self, event_id: str, delivery: Delivery) -> Reading:
        """Decode a delivery.

        Raises:
            CannotOpen: it was sealed with a key that is not in `BACKROOM_KEYS`.
        """
        return read(delivery.declared, body_of(event_id, delivery, self._vault))

    def keep(self, event_id: str, delivery: Delivery, reading: Reading) -> None:
        """Keep what was read for the first subscriber of the event that runs here."""
        self._kept[event_id] = delivery, reading
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def recall(self, event_id: str) -> Read | None:
        """Return what was read a moment ago, once: no two subscribers share what they are given."""
        return self._kept.pop(event_id, None)
