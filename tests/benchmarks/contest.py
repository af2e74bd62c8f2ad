"""Section `web`: the product and its opponents in turns, on one Redis."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median

from msgspec import Struct

from tests.benchmarks.deliveries import CLIENT_SECRET, EVENT_TYPE
from tests.benchmarks.figures import Figure, ratio
from tests.benchmarks.load import Order, Result
from tests.benchmarks.processes import Wrong, await_ready, free_port, running, sent
from tests.benchmarks.storage import Storage

_ROUNDS = 7
_SECONDS = 1.5
_MOST_REQUESTS = 40_000
_OPEN_ROUNDS = 3
_OPEN_SECONDS = 5.0
_OPEN_CONNECTIONS = 128


class Contender(Struct, frozen=True):
    """A server that takes deliveries."""

    name: str
    port: int
    path: str
    storage: Storage
    count: Callable[[], set[int]] | None = None
    """Counts, in as many ways as there are, what it has stored."""

    def round(
        self, seconds: float = _SECONDS, count: int = _MOST_REQUESTS, rate: float = 0
    ) -> Result:
        """Send it deliveries and check that each one acknowledged is stored."""
        self.storage.empty()
        order = Order(
            port=self.port,
            path=self.path,
            secret=CLIENT_SECRET,
            seconds=seconds,
            count=count,
            rate=rate,
            connections=_OPEN_CONNECTIONS if rate else 32,
        )
        result = sent(order)
        if self.count and (found := self.count()) != {result.stored}:
            raise Wrong(f"{self.name} acknowledged {result.stored} and stored {found}")
        return result


@contextmanager
def product(storage: Storage) -> Iterator[Contender]:
    """Run `python -m ingress web` as users do; its log lines go to /dev/null."""
    port = free_port()
    path = f"{storage.link()}/{EVENT_TYPE}"
    with running(["ingress", "web"], {**environ(storage), "PORT": str(port)}):
        await_ready(port)
        yield Contender("product", port, path, storage, storage.stored)


@contextmanager
def opponent(storage: Storage, name: str) -> Iterator[Contender]:
    """Run one of the opponents."""
    port = free_port()
    more, count = [], None
    if name == "naive":
        more, count = [storage.url, CLIENT_SECRET], storage.enqueued
    with running([f"tests.benchmarks.{name}", str(port), *more]):
        await_ready(port)
        yield Contender(name, port, f"/webhooks/key/{EVENT_TYPE}", storage, count)


def environ(storage: Storage) -> dict[str, str]:
    """Return the environment of a process of ours."""
    return {
        "REDIS_URL": storage.url,
        "BACKROOM_KEYS": storage.key,
        "LIGHTSPEED_CLIENT_SECRET": CLIENT_SECRET,
        "LOG_FORMAT": "json",
    }


def contest(storage: Storage, goals: dict[str, float]) -> tuple[list[Figure], float]:
    """Let product and opponents take turns. Returns the figures and the product's rate."""
    with ExitStack() as stack:
        contenders = [stack.enter_context(opponent(storage, name)) for name in goals]
        contenders.append(stack.enter_context(product(storage)))
        for one in contenders:
            one.round(0.5)  # warm
        rates = _rates(contenders)
    figures = [Figure(name, median(found), "/s") for name, found in rates.items()]
    for name, least in goals.items():
        figures.append(ratio(f"product / {name}", rates["product"], rates[name], least))
    return figures, median(rates["product"])


def latency(storage: Storage, rate: float) -> list[Figure]:
    """Half of what it can take, on a clock; latency counts from when each was due.

    Three runs in turns with bare, which tells how much of it is the machine's: the percentiles
    are the median of the runs, and the longest answer is the longest of all.
    """
    theirs: list[Result] = []
    results: list[Result] = []
    with opponent(storage, "bare") as bare, product(storage) as ours:
        for _ in range(_OPEN_ROUNDS):
            theirs.append(_paced(bare, rate))
            results.append(_paced(ours, rate))
    p99s = [one.p99 * 1000 for one in results]
    return [
        Figure("sent", rate, "/s"),
        Figure("p50", median(one.p50 for one in results) * 1000, "ms", most=3),
        Figure(f"p99, {min(p99s):.1f} to {max(p99s):.1f}", median(p99s), "ms", most=15),
        Figure("max", max(one.most for one in results) * 1000, "ms", most=250),
        Figure("p50 of bare", median(one.p50 for one in theirs) * 1000, "ms"),
        Figure("p99 of bare", median(one.p99 for one in theirs) * 1000, "ms"),
        Figure("max of bare", max(one.most for one in theirs) * 1000, "ms"),
    ]


def _paced(contender: Contender, rate: float) -> Result:
    contender.round(0.5)  # warm
    return contender.round(_OPEN_SECONDS, int(rate * _OPEN_SECONDS), rate)


def _rates(contenders: Sequence[Contender]) -> dict[str, list[float]]:
    """Alternate, so that a noisy moment of the machine falls on all of them."""
    rates: dict[str, list[float]] = {one.name: [] for one in contenders}
    for _ in range(_ROUNDS):
        for one in contenders:
            rates[one.name].append(one.round().rate)
    return rates
