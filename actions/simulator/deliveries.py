"""Sending webhooks: at least once, unordered, five seconds each, 20 retries in 48 hours."""

import asyncio
import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp
from msgspec import Struct

from actions.simulator.clock import Clock
from actions.simulator.envelope import FORM, SIGNATURE, form, respelt, signature
from actions.simulator.faults import DELIVERY, Faults
from actions.simulator.ledger import Attempt, Delivered, Ledger
from actions.simulator.shop import Shop
from actions.simulator.subscribers import Standing
from actions.simulator.switches import Switches

Encode = Callable[[Shop, str, dict[str, Any]], str]
"""Writes an object, in today's dated shape, as the JSON text of a webhook."""

RETRIES: Final = 20
_FIRST, _CAP, _END = 30.0, 4 * 3600.0, 48 * 3600.0
_OFFSETS: Final = tuple(
    min(offset, _END)
    for offset in itertools.accumulate(min(_FIRST * 2**n, _CAP) for n in range(RETRIES))
)
"""Simulated seconds from the first try to each retry: the last one falls on the 48th hour."""
_AT_ONCE: Final = 16
_MOST_WAITING: Final = 100_000


class Waiting(Struct):
    """A delivery on its way."""

    entry: Delivered
    hook_id: str
    shop: Shop
    body: bytes
    epoch: int
    begun: float = 0.0
    tries: int = 0


class Deliveries:
    """Every delivery of every store. One task owns them: `run`."""

    def __init__(
        self,
        clock: Clock,
        switches: Switches,
        faults: Faults,
        ledger: Ledger,
        encode: Encode,
    ) -> None:
        self.secrets: Mapping[str, str] = {}
        """Client secrets by client id."""
        self.answer_seconds = 5.0
        """How long a receiver has, in real seconds: it does not live in our time."""
        self._owners: dict[str, str] = {}
        self._standing: defaultdict[str, Standing] = defaultdict(Standing)
        self._clock, self._switches, self._faults = clock, switches, faults
        self._ledger, self._encode = ledger, encode
        self._heap: list[tuple[float, int, Waiting]] = []
        self._number = itertools.count()
        self._changed = asyncio.Event()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._under_way = 0

    def adopt(self, shop: Shop, application: str) -> None:
        """Note whose subscriptions the new ones of a store are: an application's are signed."""
        for hook_id in shop.table("webhooks").ids(deleted=True):
            self._owners.setdefault(hook_id, application)

    def hear(self, shop: Shop, event_type: str, row: dict[str, Any]) -> None:
        """Send an event to every active subscription of its type."""
        hooks = [
            hook
            for hook in shop.table("webhooks").all()
            if hook["type"] == event_type and hook["active"]
        ]
        if hooks:
            payload = self._encode(shop, event_type, row)
            body = form(shop.prefix, shop.retailer_id, event_type, payload)
            if self._switches.webhook_form != "captured":
                body = respelt(body, self._switches.webhook_form)
            for hook in hooks:
                self._accept(shop, hook, str(row["id"]), body)

    async def run(self) -> None:
        """Send what is due until cancelled."""
        limit = aiohttp.ClientTimeout(total=self.answer_seconds)
        connector = aiohttp.TCPConnector(limit=_AT_ONCE)
        jar = aiohttp.DummyCookieJar()
        async with (
            aiohttp.ClientSession(timeout=limit, connector=connector, cookie_jar=jar) as session,
            asyncio.TaskGroup() as tasks,
        ):
            while True:
                await self._room.acquire()
                tasks.create_task(self._attempt(session, await self._next()))

    async def settled(self) -> None:
        """Wait until nothing is waiting or under way."""
        while self._heap or self._under_way:
            changed = self._changed
            await changed.wait()

    def _accept(self, shop: Shop, hook: dict[str, Any], row_id: str, body: bytes) -> None:
        now, standing = self._clock.now(), self._standing[hook["id"]]
        entry = Delivered(now, shop.prefix, hook["type"], row_id, hook["url"])
        self._ledger.deliveries.append(entry)
        struck = self._faults.drawn(DELIVERY, shop.prefix, "POST", hook["type"])
        if "dropped-webhook" in struck:
            entry.state = "dropped"
        elif now < standing.silent_until:
            entry.state = "silenced"
        elif len(self._heap) >= _MOST_WAITING:
            entry.state = "overflow"
        else:
            standing.waiting += 1
            waiting = Waiting(entry, hook["id"], shop, body, standing.epoch)
            late = struck.get("reordered")
            self._push(waiting, now + (self._faults.some(late.lasts()) if late else 0))
            if again := struck.get("late-duplicate"):
                self._repeat(waiting, now + self._faults.some(again.lasts()))

    def _repeat(self, waiting: Waiting, due: float) -> None:
        first = waiting.entry
        entry = Delivered(first.at, first.retailer, first.type, first.id, first.url, duplicate=True)
        self._ledger.deliveries.append(entry)
        self._standing[waiting.hook_id].waiting += 1
        twin = Waiting(entry, waiting.hook_id, waiting.shop, waiting.body, waiting.epoch)
        self._push(twin, due)

    def _push(self, waiting: Waiting, due: float) -> None:
        heapq.heappush(self._heap, (due, next(self._number), waiting))
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _next(self) -> Waiting:
        """Wait for the delivery that is due next."""
        while not self._heap or self._heap[0][0] > self._clock.now():
            watched: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._changed.wait())]
            if self._heap:
                watched.append(asyncio.ensure_future(self._clock.until(self._heap[0][0])))
            try:
                await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in watched:
                    one.cancel()
        self._under_way += 1
        return heapq.heappop(self._heap)[2]

    async def _attempt(self, session: aiohttp.ClientSession, waiting: Waiting) -> None:
        try:
            now = self._clock.now()
            status, trouble = await self._sent(session, waiting)
            self._ledger.attempt(waiting.entry, Attempt(now, status, trouble))
            self._judge(waiting, status, now)
        finally:
            self._under_way -= 1
            self._room.release()
            self._tell()

    async def _sent(self, session: aiohttp.ClientSession, waiting: Waiting) -> tuple[int, str]:
        headers = {"Content-Type": FORM}
        secret = self.secrets.get(self._owners.get(waiting.hook_id, ""))
        switches = self._switches
        if secret and switches.signature_form != "none":
            headers[SIGNATURE] = signature(
                waiting.body, secret, switches.signature_encoding, switches.signature_form
            )
        url = waiting.entry.url
        try:
            async with session.post(
                url, data=waiting.body, headers=headers, allow_redirects=False
            ) as response:
                return response.status, ""
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return 0, type(error).__name__

    def _judge(self, waiting: Waiting, status: int, now: float) -> None:
        """Finish a delivery, have it tried again, or give up."""
        entry, standing = waiting.entry, self._standing[waiting.hook_id]
        done = 200 <= status < 300  # noqa: PLR2004 - that is what success means
        if waiting.epoch != standing.epoch:
            entry.state = "done" if done else "erased"
            return
        standing.tried(now, done=done)
        waiting.begun = waiting.begun or now
        if not done and self._again(status) and waiting.tries < RETRIES:
            due = waiting.begun + _OFFSETS[waiting.tries]
            waiting.tries += 1
            self._push(waiting, due)
        else:
            entry.state = "done" if done else "failed"
            standing.waiting -= 1
        if self._switches.black_hole and standing.hopeless(now):
            standing.silence(now)
            self._erase(waiting.hook_id)

    def _erase(self, hook_id: str) -> None:
        """Forget what waits for a subscription that is silenced."""
        for _, _, waiting in self._heap:
            if waiting.hook_id == hook_id:
                waiting.entry.state = "erased"
        self._heap = [one for one in self._heap if one[2].hook_id != hook_id]
        heapq.heapify(self._heap)

    def _again(self, status: int) -> bool:
        return status == 0 or status >= 500 or (status >= 400 and self._switches.retry_4xx)  # noqa: PLR2004
