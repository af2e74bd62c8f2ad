"""A rate window, fixed or sliding: how much of it is used, and when there is room again."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

from msgspec import Struct


class Use(Struct, kw_only=True):
    """What became of one window. Times are simulated seconds since 1970."""

    begun: float = float("-inf")
    used: int = 0
    """Calls that were let through."""
    neighbour: int = 0
    """Calls of the hidden other program."""
    refused: int = 0


class Window(ABC):
    """What both kinds can do."""

    def __init__(self, length: float, ended: Callable[[Use], None] = lambda _: None) -> None:
        self.use = Use()
        self.length = length
        self._ended = ended

    @abstractmethod
    def at(self, now: float, *, kept_open: bool = False) -> None:
        """Let time pass; somebody else's calls may have kept it open meanwhile."""

    @abstractmethod
    def total(self) -> int:
        """Return how much counts against the limit."""

    @abstractmethod
    def free(self, now: float) -> float:
        """Return when there is room again, seen from a full window."""

    def take(self, now: float, count: int = 1, *, neighbour: bool = False) -> None:  # noqa: ARG002
        """Count calls."""
        if neighbour:
            self.use.neighbour += count
        else:
            self.use.used += count

    def _follow(self, begun: float) -> None:
        if self.use.used or self.use.refused:
            self._ended(self.use)
        self.use = Use(begun=begun)


class Fixed(Window):
    """It opens with its first call, or at a given phase, and is empty again when it ends."""

    phase: float | None = None

    def at(self, now: float, *, kept_open: bool = False) -> None:
        """Let time pass: a window that has ended is followed by a new one."""
        passed = now - self.use.begun
        if passed < self.length:
            return
        if self.phase is not None:
            self._follow(now - (now - self.phase) % self.length)
        elif kept_open and self.total():
            self._follow(now - passed % self.length)
        else:
            self._follow(now)

    def total(self) -> int:
        """Return how much counts against the limit."""
        return self.use.used + self.use.neighbour

    def free(self, now: float) -> float:  # noqa: ARG002
        """Return when it ends."""
        return self.use.begun + self.length


class Sliding(Window):
    """Every call counts until it is as old as the window is long."""

    def __init__(self, length: float, ended: Callable[[Use], None] = lambda _: None) -> None:
        super().__init__(length, ended)
        self._taken: deque[float] = deque()

    def at(self, now: float, *, kept_open: bool = False) -> None:  # noqa: ARG002
        """Let time pass: old calls fall out."""
        while self._taken and self._taken[0] <= now - self.length:
            self._taken.popleft()
        if now - self.use.begun >= self.length:
            self._follow(now)

    def total(self) -> int:
        """Return how much counts against the limit."""
        return len(self._taken)

    def take(self, now: float, count: int = 1, *, neighbour: bool = False) -> None:
        """Count calls."""
        super().take(now, count, neighbour=neighbour)
        self._taken.extend([now] * count)

    def free(self, now: float) -> float:
        """Return when the oldest call falls out."""
        return (self._taken[0] if self._taken else now) + self.length
