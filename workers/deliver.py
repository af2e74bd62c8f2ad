"""One event → one subscriber: run it, and record what became of it."""

import asyncio
import time

import msgspec
import structlog
from msgspec import Struct, structs

from workers import retry
from workers.context import Reach
from workers.deliveries import Delivery, Reading, event, kept
from workers.discovery import Plugins
from workers.events import Event
from workers.inbox import Inbox, Outcome, now_ms
from workers.logs import where, words
from workers.plugins import Context, GiveUp, Subscriber
from workers.reader import Reader
from workers.retry import Policy
from workers.run import Run

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

CANCELLED = "it was cancelled"
"""What is kept of a run that somebody ended."""
_ABSENT_SECONDS = 30.0
"""Wait for a worker that has the plugin: during a rolling deploy not all have it yet."""
_MOST_ABSENCES = 20
_MARGIN_SECONDS = 5.0
"""Beyond a subscriber's own time, to record how it ended."""


class Begun(Struct, frozen=True):
    """One run of a subscriber."""

    event_id: str
    subscriber: str
    before: Outcome
    deaths: int
    delivery: Delivery
    reading: Reading

    @property
    def attempt(self) -> int:
        """Which run this is, counted from 1; above 1, an earlier one may have got half-way."""
        return self.before.attempt + self.deaths + 1

    @property
    def failures(self) -> int:
        """How many earlier runs have spent an attempt: they failed, or their worker died."""
        return self.before.failures + self.deaths


class End(Struct, frozen=True):
    """How a run ended and what follows."""

    took: float = 0
    error: BaseException | None = None
    decision: retry.Decision = retry.GiveUp()

    @property
    def after(self) -> float | None:
        """In how many seconds it runs again, if it does."""
        return None if isinstance(self.decision, retry.GiveUp) else self.decision.after


class TimedOut(Exception):
    """The subscriber took longer than its `timeout`."""


class Deliverer:
    """Runs subscribers."""

    def __init__(
        self, inbox: Inbox, plugins: Plugins, reader: Reader, reach: Reach | None = None
    ) -> None:
        self._inbox = inbox
        self._plugins = plugins
        self._reader = reader
        self._reach = reach

    async def deliver(self, run: Run) -> None:
        """Run a subscriber once, and record what became of it.

        Raises:
            CannotOpen: nothing was recorded; run it again later.
        """
        begun = await self._begun(run)
        if begun is None:
            log.warning("event.over", event_id=run.args[0], subscriber=run.args[1])
            return
        subscriber = self._plugins.subscribers.get(begun.subscriber)
        if subscriber is None:
            await self._absent(run, begun)
            return
        run.hold(subscriber.timeout + _MARGIN_SECONDS)
        given = event(begun.event_id, begun.delivery, begun.reading)
        context = self._context(subscriber, given, begun)
        try:
            end = await _ended(run, subscriber, given, context, begun)
        except asyncio.CancelledError:
            if not run.is_cancelled:  # the worker is being stopped: another runs it
                again = structs.replace(begun.before, state="queued", attempt=begun.attempt)
                self._end(run, begun, again, 0.0)
                raise
            end = End(error=GiveUp(CANCELLED))
        if await self._end(run, begun, self._outcome(begun, end), end.after):
            _tell(begun, given, end)

    async def _begun(self, run: Run) -> Begun | None:
        """Say what is to be run, or None when the event or the subscriber's part in it is over."""
        event_id, name = run.args
        data, known = run.brought or (None, None)
        if known is None:
            return None
        before = msgspec.msgpack.decode(known, type=Outcome)
        if before.state in {"done", "failed"} or before.job_id != run.job_id:
            return None  # the second: it has been replayed, as a job of its own
        read = self._reader.recall(event_id)
        if read is None:
            data = data or await self._inbox.load(event_id)
            if data is None:
                return None
            delivery = kept(data)
            read = delivery, self._reader.read(event_id, delivery)
        return Begun(event_id, name, before, run.deaths, *read)

    def _context(
        self, subscriber: Subscriber, given: Event[object], begun: Begun
    ) -> Context[Struct]:
        bound = structlog.get_logger(  # bound when first used: many never log
            event_id=given.id,
            event_type=given.type.name,
            retailer=given.retailer,
            subscriber=subscriber.name,
            attempt=begun.attempt,
        )
        return Context(
            self._plugins.loaded[subscriber.plugin].settings,
            bound,
            begun.attempt,
            self._plugins.opened.get(subscriber.plugin),
            given.retailer,
            self._reach,
        )

    def _outcome(self, begun: Begun, end: End) -> Outcome:
        outcome = Outcome(
            "done",
            begun.before.job_id,
            begun.attempt,
            begun.failures,
            at=now_ms(),
            took=end.took,
        )
        if end.error is None:
            return outcome
        return structs.replace(
            outcome,
            state="failed" if end.after is None else "retrying",
            failures=begun.failures + (not isinstance(end.decision, retry.Wait)),
            error=where(end.error),
            message=self._inbox.sealed(begun.event_id, begun.subscriber, words(end.error)),
        )

    async def _absent(self, run: Run, begun: Begun) -> None:
        """No plugin here has that subscriber: leave it to a worker that has, for ten minutes."""
        error = LookupError(f"no loaded plugin has the subscriber {begun.subscriber}")
        absences = begun.before.absences + 1
        is_over = absences > _MOST_ABSENCES
        end = End(error=error, decision=retry.GiveUp() if is_over else retry.Wait(_ABSENT_SECONDS))
        outcome = structs.replace(
            self._outcome(begun, end), attempt=begun.before.attempt, absences=absences
        )
        await self._end(run, begun, outcome, end.after)
        log.warning("subscriber.absent", event_id=begun.event_id, subscriber=begun.subscriber)

    def _end(
        self, run: Run, begun: Begun, outcome: Outcome, after: float | None
    ) -> asyncio.Future[str | None]:
        encoded = msgspec.msgpack.encode(outcome)
        words = (begun.event_id, begun.subscriber, encoded, self._inbox.seconds)
        return run.end(after, "finish", *words)


async def _ended(
    run: Run, subscriber: Subscriber, given: Event[object], context: Context[Struct], begun: Begun
) -> End:
    """Run the subscriber and decide what follows."""
    began = time.perf_counter()
    error = await _failure(run, subscriber, given, context, begun)
    took = round(time.perf_counter() - began, 6)
    if error is None:
        return End(took)
    return End(took, error, retry.decide(error, begun.failures + 1, Policy.of(subscriber)))


async def _failure(
    run: Run, subscriber: Subscriber, given: Event[object], context: Context[Struct], begun: Begun
) -> BaseException | None:
    """Run the subscriber and return what it raised, be it even an exit."""
    if run.is_poison:
        return GiveUp(f"its worker ended during each of its last {begun.deaths} runs")
    limit = asyncio.timeout(subscriber.timeout)
    try:
        async with limit:
            await subscriber.run(given, context)
    except BaseException as error:
        if limit.expired() and isinstance(error, TimeoutError | asyncio.CancelledError):
            return TimedOut(f"took longer than {subscriber.timeout:g} s")
        if _is_ours(run, error):
            raise
        return error  # a plugin may raise anything, an exit and a cancellation of its own too
    return None


def _is_ours(run: Run, error: BaseException) -> bool:
    """Say whether we have ended the subscriber, which may cancel or close itself too."""
    if isinstance(error, GeneratorExit):
        return asyncio._get_running_loop() is None  # noqa: SLF001 - documented
    return isinstance(error, asyncio.CancelledError) and run.stopped is not None


def _tell(begun: Begun, given: Event[object], end: End) -> None:
    facts = {
        "event_id": begun.event_id,
        "event_type": given.type.name,
        "retailer": begun.delivery.retailer,
        "subscriber": begun.subscriber,
        "attempt": begun.attempt,
        "took": end.took,
        "since_received": (now_ms() - begun.delivery.received_at) / 1000,
    }
    if end.error is None:
        log.info("subscriber.succeeded", **facts)
        return
    facts["error"] = where(end.error)
    if end.after is None:
        log.error("subscriber.failed", **facts)
        return
    is_wait = isinstance(end.decision, retry.Wait)
    name = "subscriber.waiting" if is_wait else "subscriber.retrying"
    log.warning(name, after=round(end.after, 3), **facts)
