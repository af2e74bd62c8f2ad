"""One event → one subscriber: run it, and record what became of it."""

import asyncio
import time

import structlog
from msgspec import Struct

from actions.errors import CannotOpen
from workers import retry
from workers.deliveries import Delivery, body_of, event, read
from workers.discovery import Plugins
from workers.events import Event
from workers.inbox import Inbox, Outcome, now_ms
from workers.logs import where
from workers.plugins import Context, GiveUp, Reach, Subscriber
from workers.retry import Again

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_ABSENT_SECONDS = 30.0
"""Wait for a worker that has the plugin: during a rolling deploy not all have it yet."""
_ABSENT_ATTEMPTS = 20


class Run(Struct, frozen=True):
    """One run of a subscriber."""

    event_id: str
    subscriber: str
    job_id: str
    attempt: int
    """Counted from 1, also when an earlier run's worker died."""


class End(Struct, frozen=True):
    """How a run ended and what follows."""

    took: float
    error: BaseException | None = None
    decision: retry.Decision | None = None

    @property
    def again(self) -> Again | None:
        """When to run it again, if at all."""
        return self.decision if isinstance(self.decision, Again) else None


class TimedOut(Exception):
    """The subscriber took longer than its `timeout`."""


async def deliver(
    inbox: Inbox,
    plugins: Plugins,
    event_id: str,
    name: str,
    job_id: str,
    reach: Reach | None = None,
) -> Again | None:
    """Run a subscriber once. Returns when to run it again, or None when it is over.

    Raises:
        DatabaseAway, CannotOpen: nothing was recorded; run it again later.
    """
    subscriber = plugins.subscribers.get(name)
    begun = await inbox.begin(event_id, name, loaded=subscriber is not None)
    if begun is None:
        log.warning("event.over", event_id=event_id, subscriber=name)
        return None
    delivery, attempt = begun
    run = Run(event_id, name, job_id, attempt)
    if subscriber is None:
        return await _absent(inbox, run)
    try:
        body = body_of(event_id, delivery, inbox.vault)
    except CannotOpen:
        await inbox.not_begun(event_id, name)
        raise
    given = event(event_id, delivery, read(delivery.declared, body))
    end = await _ended(subscriber, given, _context(plugins, subscriber, given, run, reach))
    await inbox.finish(event_id, name, _outcome(inbox, run, end))
    _tell(run, delivery, given, end)
    return end.again


async def _ended(subscriber: Subscriber, given: Event[object], context: Context[Struct]) -> End:
    """Run the subscriber and decide what follows."""
    began = time.perf_counter()
    error = await _failure(subscriber, given, context)
    took = round(time.perf_counter() - began, 6)
    return End(took, error, retry.decide(error, context.attempt, subscriber) if error else None)


async def _failure(
    subscriber: Subscriber, given: Event[object], context: Context[Struct]
) -> BaseException | None:
    """Run the subscriber and return what it raised, be it even an exit."""
    if context.attempt > subscriber.attempts:
        return GiveUp(f"its worker ended during each of {subscriber.attempts} attempts")
    limit = asyncio.timeout(subscriber.timeout)
    try:
        async with limit:
            await subscriber.run(given, context)
    except BaseException as error:
        if limit.expired() and isinstance(error, TimeoutError | asyncio.CancelledError):
            return TimedOut(f"took longer than {subscriber.timeout:g} s")
        if _is_ours(error):
            raise
        return error  # a plugin may raise anything, an exit and a cancellation of its own too
    return None


def _is_ours(error: BaseException) -> bool:
    """Say whether the worker is being stopped, and the subscriber with it."""
    task = asyncio.current_task()
    stopped = isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling()
    return bool(stopped) or isinstance(error, GeneratorExit)


def _context(
    plugins: Plugins,
    subscriber: Subscriber,
    given: Event[object],
    run: Run,
    reach: Reach | None,
) -> Context[Struct]:
    bound = log.bind(
        event_id=given.id,
        event_type=given.type.name,
        retailer=given.retailer,
        subscriber=subscriber.name,
        attempt=run.attempt,
    )
    return Context(
        plugins.loaded[subscriber.plugin].settings,
        bound,
        run.attempt,
        plugins.opened.get(subscriber.plugin),
        given.retailer,
        reach,
    )


def _outcome(inbox: Inbox, run: Run, end: End) -> Outcome:
    if end.error is None:
        return Outcome("done", run.job_id, run.attempt, now_ms(), end.took)
    return Outcome(
        "retrying" if end.again else "failed",
        run.job_id,
        run.attempt,
        now_ms(),
        end.took,
        where(end.error),
        inbox.sealed(run.event_id, run.subscriber, _words(end.error)),
    )


def _words(error: BaseException) -> str:
    """Return what an exception says, whatever it is made of."""
    try:
        return str(error).encode(errors="backslashreplace").decode()
    except Exception as worse:  # noqa: BLE001 - its own __str__ may raise anything
        return f"({type(worse).__name__} while reading its words)"


async def _absent(inbox: Inbox, run: Run) -> Again | None:
    """No plugin here has that subscriber: leave it to a worker that has, for ten minutes."""
    error = LookupError(f"no loaded plugin has the subscriber {run.subscriber}")
    decision = Again(_ABSENT_SECONDS) if run.attempt < _ABSENT_ATTEMPTS else retry.Over()
    end = End(0, error, decision)
    await inbox.finish(run.event_id, run.subscriber, _outcome(inbox, run, end))
    log.warning("subscriber.absent", event_id=run.event_id, subscriber=run.subscriber)
    return end.again


def _tell(run: Run, delivery: Delivery, given: Event[object], end: End) -> None:
    facts = {
        "event_id": run.event_id,
        "event_type": given.type.name,
        "retailer": delivery.retailer,
        "subscriber": run.subscriber,
        "attempt": run.attempt,
        "took": end.took,
        "since_received": (now_ms() - delivery.received_at) / 1000,
    }
    if end.error is None:
        log.info("subscriber.succeeded", **facts)
    elif end.again:
        log.warning(
            "subscriber.retrying", error=where(end.error), after=round(end.again.after, 3), **facts
        )
    else:
        log.error("subscriber.failed", error=where(end.error), **facts)
