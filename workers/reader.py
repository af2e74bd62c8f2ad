"""Reading deliveries, and keeping what was read for a moment: who dispatches often delivers too."""

from typing import Final

from actions.vault import Vault
from workers.deliveries import Delivery, Reading, body_of, read

_MOST_KEPT: Final = 256


class Reader:
    """Opens and decodes the deliveries of one worker."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._kept: dict[str, Reading] = {}

    def read(self, event_id: str, delivery: Delivery) -> Reading:
        """Decode a delivery. No two callers share what they are given.

        Raises:
            CannotOpen: it was sealed with a key that is not in `BACKROOM_KEYS`.
        """
        known = self._kept.pop(event_id, None)
        if known is not None:
            return known
        return read(delivery.declared, body_of(event_id, delivery, self._vault))

    def keep(self, event_id: str, reading: Reading) -> None:
        """Keep a reading for the first subscriber of the event that runs here."""
        self._kept[event_id] = reading
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
