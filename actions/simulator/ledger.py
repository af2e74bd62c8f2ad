"""What the simulator saw, did and sent: the judge's book. Counts are exact, lists are bounded."""

from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from msgspec import Struct

_KEPT: Final = 50_000


class Requested(Struct, frozen=True, gc=False):
    """One request and its answer. Times are simulated seconds since 1970."""

    at: float
    retailer: str
    application: str
    """The client id; empty for a personal token or none."""
    route: str
    """Such as `GET /products/{product_id}`; the plain path when there is no route."""
    path: str
    status: int
    faults: tuple[str, ...]
    answered: bool
    """Whether the answer was sent; a fault may have dropped it."""


class Applied(Struct, frozen=True):
    """One write that was done, whether its answer arrived or not."""

    at: float
    retailer: str
    application: str
    route: str
    ids: tuple[str, ...]
    """Ids in the path and in the answer."""
    events: tuple[tuple[str, str], ...]
    """Events that it led to: type and id."""
    answered: bool


class Attempt(Struct, frozen=True, gc=False):
    """One try to deliver a webhook."""

    at: float
    status: int
    """0 when no status came back."""
    trouble: str = ""


class Delivered(Struct):
    """One event for one subscription, and what became of it."""

    at: float
    retailer: str
    type: str
    id: str
    """Of the object; a closure's, a sale's, …."""
    url: str
    state: str = "waiting"
    """`waiting`, `done`, `failed`, `dropped`, `erased`, `silenced` or `overflow`."""
    duplicate: bool = False
    attempts: list[Attempt] = []


class Ledger:
    """The book; `reset` opens a new one."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.requests: deque[Requested] = deque(maxlen=_KEPT)
        self.counts: Counter[tuple[str, str, int]] = Counter()
        """Requests by retailer, route and status."""
        self.lost: Counter[tuple[str, str]] = Counter()
        """Answers that were dropped, by retailer and route."""
        self.applied: deque[Applied] = deque(maxlen=_KEPT)
        self.writes: Counter[tuple[str, str]] = Counter()
        """Writes that were done, by retailer and route."""
        self.deliveries: deque[Delivered] = deque(maxlen=_KEPT)
        self.attempts: Counter[tuple[str, str, int]] = Counter()
        """Tries to deliver by retailer, type and status."""

    def request(self, one: Requested) -> None:
        """Book a request."""
        self.requests.append(one)
        self.counts[one.retailer, one.route, one.status] += 1
        if not one.answered:
            self.lost[one.retailer, one.route] += 1

    def write(self, one: Applied) -> None:
        """Book a write."""
        self.applied.append(one)
        self.writes[one.retailer, one.route] += 1

    def attempt(self, delivery: Delivered, one: Attempt) -> None:
        """Book a try to deliver."""
        delivery.attempts.append(one)
        self.attempts[delivery.retailer, delivery.type, one.status] += 1

    def report(self, route: str = "", status: int = 0, last: int = 1000) -> dict[str, Any]:
        """Return the book, of routes that contain `route`, and of a status; the newest entries."""

        def wanted(one_route: str, one_status: int) -> bool:
            return route in one_route and status in {0, one_status}

        return {
            "counts": [
                {"retailer": key[0], "route": key[1], "status": key[2], "count": count}
                for key, count in sorted(self.counts.items())
                if wanted(key[1], key[2])
            ],
            "requests": _last(
                (one for one in reversed(self.requests) if wanted(one.route, one.status)), last
            ),
            "lost": _pairs(self.lost, route),
            "writes": _pairs(self.writes, route),
            "applied": _last((one for one in reversed(self.applied) if route in one.route), last),
            "deliveries": _last(reversed(self.deliveries), last),
            "attempts": [
                {"retailer": key[0], "type": key[1], "status": key[2], "count": count}
                for key, count in sorted(self.attempts.items())
            ],
        }


def _last(newest_first: Iterator[Any], count: int) -> list[Any]:
    return list(islice(newest_first, count))[::-1]


def _pairs(counter: Counter[tuple[str, str]], route: str) -> list[dict[str, Any]]:
    return [
        {"retailer": key[0], "route": key[1], "count": count}
        for key, count in sorted(counter.items())
        if route in key[1]
    ]
