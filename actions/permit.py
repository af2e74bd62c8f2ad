"""A permit: leave to send one request."""

import time
from collections.abc import Mapping
from typing import Final, Protocol

from actions.exchange import Lane


class Keeper(Protocol):
    """Who gave it, and wants to know what became of it."""

    def answered(self, permit: "Permit", headers: Mapping[str, str]) -> None:
        """Hear that it was used."""

    def refused(self, permit: "Permit", headers: Mapping[str, str], after: float | None) -> None:
        """Hear of a 429."""

    def failed(self, permit: "Permit") -> None:
        """Hear that its call failed."""

    def abandoned(self, permit: "Permit") -> None:
        """Hear that nobody waits for its answer."""

    def unsent(self, permit: "Permit") -> None:
        """Take it back."""


class Permit:
    """Leave to send one request. It must be ended by one of its methods, once."""

    __slots__ = ("_account", "lane", "sent")

    def __init__(self, account: Keeper, lane: Lane) -> None:
        self._account = account
        self.lane = lane
        self.sent = time.monotonic()

    def answered(self, headers: Mapping[str, str]) -> None:
        """Say that it was answered, by anything but 429 and an outage."""
        self._account.answered(self, headers)

    def refused(self, headers: Mapping[str, str], after: float | None) -> None:
        """Say that it was answered with 429, and how many of the vendor's seconds to wait."""
        self._account.refused(self, headers, after)

    def failed(self) -> None:
        """Say that there was no answer, or an outage's."""
        self._account.failed(self)

    def abandoned(self) -> None:
        """Say that nobody waits for its answer any more, which tells nothing."""
        self._account.abandoned(self)

    def unsent(self) -> None:
        """Give it back: nothing was sent."""
        self._account.unsent(self)


class _Unmetered(Permit):
    """A permit of no budget."""

    def __init__(self) -> None:
        pass

    def answered(self, headers: Mapping[str, str]) -> None:
        """Take no note."""

    def refused(self, headers: Mapping[str, str], after: float | None) -> None:
        """Take no note."""

    def failed(self) -> None:
        """Take no note."""

    def abandoned(self) -> None:
        """Take no note."""

    def unsent(self) -> None:
        """Take no note."""


UNMETERED: Final = _Unmetered()
