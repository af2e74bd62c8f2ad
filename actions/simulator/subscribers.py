"""How a webhook's receiver is doing, and whether the vendor has given up on it for a day."""

from collections import deque
from typing import Final

from msgspec import Struct, field

_HOUR: Final = 3600.0
_SILENCE: Final = 24 * _HOUR
_SHARE: Final = 0.95
_BACKLOG: Final = 1000


class Standing(Struct):
    """One subscription's last hour (vendor: Webhooks; the numbers are reported second-hand)."""

    waiting: int = 0
    """Deliveries that are neither done nor given up."""
    epoch: int = 0
    """It rises when the backlog is erased; deliveries of an older one are void."""
    silent_until: float = 0.0
    begun: float | None = None
    """When it was first tried."""
    failed: int = 0
    tries: deque[tuple[float, bool]] = field(default_factory=deque)

    def tried(self, now: float, *, done: bool) -> None:
        """Note how a try went, and forget those that are an hour old."""
        self.begun = now if self.begun is None else self.begun
        self.tries.append((now, done))
        self.failed += not done
        while self.tries[0][0] <= now - _HOUR:
            _, was_done = self.tries.popleft()
            self.failed -= not was_done

    def hopeless(self, now: float) -> bool:
        """Whether more than 95 % of an hour's tries failed while more than 1000 events wait."""
        watched = self.begun is not None and now - self.begun >= _HOUR
        return watched and self.waiting > _BACKLOG and self.failed > _SHARE * len(self.tries)

    def silence(self, now: float) -> None:
        """Erase the backlog, and send nothing for a day."""
        self.silent_until = now + _SILENCE
        self.epoch += 1
        self.begun, self.waiting, self.failed = None, 0, 0
        self.tries.clear()
