"""The page: every family by name. Imported with the first scrape, for the library takes 20 ms."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import InfoMetricFamily, Metric

from ingress.metrics.families import by_one, counter, gauge, histogram, single
from ingress.metrics.reading import Retailers, Snapshot
from ingress.metrics.tally import BOUNDS, Tally
from workers.backlog import Backlog
from workers.meters import LAGS, Meters, Standing


class _Page:
    """A collector for one scrape."""

    def __init__(self, tally: Tally, snapshot: Snapshot | None) -> None:
        self._tally = tally
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        it = self._snapshot
        is_up = it is not None
        yield single("backroom_up", "Whether Redis answers and takes deliveries.", is_up)
        is_ready = it is not None and not it.backlog.overdue()
        yield single("backroom_ready", "Whether it is up and nothing is overdue.", is_ready)
        yield from _own(self._tally)
        if it is None:
            return
        yield from _events(it.backlog, it.meters)
        yield from _jobs(it.backlog, it.jobs)
        yield from _runs(it.meters)
        yield from _calls(it.meters)
        if it.retailers is not None:
            yield from _budgets(it.retailers)


def rendered(tally: Tally, snapshot: Snapshot | None) -> bytes:
    """Return the page as text of version 0.0.4."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Page(tally, snapshot))
    return generate_latest(registry)


def _own(tally: Tally) -> Iterator[Metric]:
    build = InfoMetricFamily("backroom_build", "The version of this process.")
    build.add_metric([], {"version": version("backroom")})
    yield build
    yield histogram(
        "backroom_acknowledgement_seconds",
        "Seconds from a delivery's headers to its acknowledgement, in this process.",
        BOUNDS,
        tally.acknowledged,
        tally.seconds,
    )
    yield counter(
        "backroom_answers",
        "Answers to requests for webhooks by HTTP status, in this process.",
        ["status"],
        {(str(status),): count for status, count in sorted(tally.answers.items())},
    )


def _events(backlog: Backlog, meters: Meters) -> Iterator[Metric]:
    says = "Deliveries that were acknowledged: stored, or a repeat of one that was."
    yield counter("backroom_deliveries", says, ["outcome"], by_one(meters.deliveries))
    says = "Deliveries that were refused, by reason."
    yield counter("backroom_deliveries_refused", says, ["reason"], by_one(meters.refused))
    says = "Events that are over, by type and what became of them; a replay counts again."
    yield counter("backroom_events", says, ["type", "outcome"], meters.events)
    inbox = backlog.inbox
    states = {"open": inbox.open, "failed": inbox.failed, "handled": inbox.handled}
    says = "Events in the inbox: open, failed, and handled ones that are still kept."
    yield gauge("backroom_inbox_events", says, ["state"], by_one(states))
    says = "Events that have waited for their dispatch for longer than OVERDUE_SECONDS."
    yield single("backroom_overdue_events", says, inbox.overdue)
    says = "Seconds that the oldest event without dispatch has waited."
    yield single("backroom_oldest_event_seconds", says, inbox.oldest)
    says = "Seconds from an event's arrival to its dispatch."
    name = "backroom_dispatch_lag_seconds"
    yield histogram(name, says, LAGS, meters.lags, meters.lag_seconds)


def _jobs(backlog: Backlog, jobs: dict[str, Standing]) -> Iterator[Metric]:
    states = ("running", "due", "later")
    yield gauge(
        "backroom_jobs",
        "Jobs by queue: those that run, those that are due, those that wait on purpose.",
        ["queue", "state"],
        {(name, state): getattr(one, state) for name, one in jobs.items() for state in states},
    )
    queues: dict[str, Any] = dict(backlog.queues)
    each = {
        "overdue": (
            "backroom_overdue_jobs",
            "Jobs that no worker has taken for longer than OVERDUE_SECONDS.",
        ),
        "oldest": (
            "backroom_oldest_job_seconds",
            "Seconds since the first job that no worker has taken was due.",
        ),
        "workers": ("backroom_workers", "Workers that listen to a queue."),
    }
    for field, (name, says) in each.items():
        rows = {(queue,): getattr(one, field) for queue, one in queues.items()}
        yield gauge(name, says, ["queue"], rows)


def _runs(meters: Meters) -> Iterator[Metric]:
    says = "Runs of subscribers (events) and of enqueued actions, by what they came to."
    yield counter("backroom_runs", says, ["queue", "outcome"], meters.runs)
    says = "What was given up, by the class of the cause; 20 are told apart."
    yield counter("backroom_failures", says, ["queue", "cause"], meters.failures)


def _calls(meters: Meters) -> Iterator[Metric]:
    yield counter(
        "backroom_rate_limited",
        "429s of Lightspeed: to calls of actions, and to refreshes of tokens.",
        ["limit"],
        by_one(meters.limited),
    )
    yield counter(
        "backroom_token_refreshes",
        "Refreshes of tokens, by how they ended.",
        ["outcome"],
        by_one(meters.refreshes),
    )


def _budgets(retailers: Retailers) -> Iterator[Metric]:
    yield gauge(
        "backroom_retailers",
        "Retailers that are linked, and those that must be linked again.",
        ["state"],
        by_one(retailers.states),
    )
    each = {
        "limit": ("backroom_budget_limit_requests", "Requests that a window of the limit has."),
        "used": ("backroom_budget_used_requests", "Our requests in this window of the limit."),
        "left": ("backroom_budget_left_requests", "Requests that this window of the limit leaves."),
        "waiting": ("backroom_budget_waiting_jobs", "Jobs that wait for the rate limit."),
    }
    for field, (name, says) in each.items():
        rows = {(who,): getattr(room, field) for who, room in retailers.rooms.items()}
        yield gauge(name, says, ["retailer"], rows)
    yield gauge(
        "backroom_budget_gates_shut",
        "Retailers for whom nobody gets through: after a 429, or while there is an outage.",
        ["reason"],
        by_one(retailers.gates),
    )
    says = "Requests that the token endpoint's limit leaves, which all retailers share."
    yield single("backroom_token_budget_left_requests", says, retailers.tokens.left)
