"""The simulator as a test server: `async with Simulator(Options(retailers=("kowhai",))) as it:`."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Self

from aiohttp import web

from actions.simulator import payloads, till, world
from actions.simulator.access import Access
from actions.simulator.backstage import Backstage, first_user
from actions.simulator.clock import Clock
from actions.simulator.control import control
from actions.simulator.deliveries import Deliveries, Encode
from actions.simulator.faults import Faults, parse
from actions.simulator.ledger import Ledger
from actions.simulator.limits import Limits
from actions.simulator.operations import every
from actions.simulator.options import Options, checked, subscription
from actions.simulator.scopes import SCOPES
from actions.simulator.server import server
from actions.simulator.shop import Shop
from actions.simulator.switches import Switches
from actions.simulator.trie import Trees

__all__ = ("Options", "Simulator")

log = logging.getLogger(__name__)

_SHUTDOWN_SECONDS = 1.0


class Simulator:
    """Stores on localhost, while the `async with` lasts."""

    def __init__(self, options: Options | None = None, *, encode: Encode = payloads.body) -> None:
        """Make the stores; nothing listens yet.

        Raises:
            ValueError: an option cannot be used; the message is a sentence.
        """
        self.options = checked(options or Options())
        self.stage = _backstage(self.options, encode)
        for prefix in self.options.retailers:
            self.personal_token(prefix)
        self._subscribe(self.shop(self.options.retailers[0]))
        self._runners: list[web.BaseRunner] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._ports: list[int] = []

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: an address is taken or is not ours.
        """
        api = web.ServerRunner(server(self.stage), shutdown_timeout=_SHUTDOWN_SECONDS)
        app = control(self.stage)
        door = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        try:
            await self._listen(api, self.options.port)
            await self._listen(door, self.options.control_port)
        except BaseException:
            await self.__aexit__()
            raise
        self._start(self.stage.deliveries.run())
        if self.options.speed:
            for shop in self.stage.shops.values():
                self._start(till.sell(shop, self.options.speed))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for runner in self._runners:
            await runner.cleanup()

    @property
    def origin(self) -> str:
        """Where the stores are: `http://127.0.0.1:8089`."""
        return f"http://{self.options.host}:{self._ports[0]}"

    @property
    def control_url(self) -> str:
        """Where the control door is."""
        return f"http://{self.options.host}:{self._ports[1]}"

    @property
    def bugs(self) -> list[str]:
        """What should not have happened: mistakes in the simulator. Tests fail on them."""
        return self.stage.bugs

    def url(self, prefix: str) -> str:
        """Return a store's address for clients that cannot set hosts."""
        return f"{self.origin}/{self.shop(prefix).prefix}"

    def host_url(self, prefix: str) -> str:
        """Return a store's address by host name."""
        return f"http://{self.shop(prefix).prefix}.localhost:{self._ports[0]}"

    def shop(self, prefix: str) -> Shop:
        """Return a store's state."""
        return self.stage.shops[prefix]

    def personal_token(self, prefix: str, *scopes: str) -> str:
        """Return a personal token of a store, with these scopes or else those of the options."""
        chosen = "" if scopes else self.options.personal_token
        wanted = scopes or self.options.scopes or SCOPES
        return self.stage.access.personal(prefix, wanted, first_user(self.shop(prefix)), chosen)

    def _subscribe(self, shop: Shop) -> None:
        owner = {"retailer_id": shop.retailer_id, "user_id": first_user(shop), "active": True}
        for kind, url in map(subscription, self.options.webhooks):
            shop.put("webhooks", owner | {"id": shop.new_id(), "type": kind, "url": url})
        self.stage.deliveries.adopt(shop, self.options.client_id)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A bug in the simulator", exc_info=error)
            self.bugs.append(repr(error))

    async def _listen(self, runner: web.BaseRunner, port: int) -> None:
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, self.options.host, port, backlog=1024).start()
        self._ports.append(runner.addresses[0][1])


def _backstage(options: Options, encode: Encode) -> Backstage:
    clock, switches, faults = Clock(options.time_scale), Switches(), Faults(options.seed)
    ledger = Ledger()
    switches.change(options.switches)
    for text in options.faults:
        faults.add(parse(text))
    deliveries = Deliveries(clock, switches, faults, ledger, encode)
    deliveries.secrets = {options.client_id: options.client_secret}
    deliveries.answer_seconds = options.answer_seconds
    stage = Backstage(
        options=options,
        clock=clock,
        switches=switches,
        shops={one: Shop(one, clock, switches, options.seed) for one in options.retailers},
        access=Access(clock, options.seed, options.token_seconds),
        limits=Limits(clock, switches, faults, options.registers),
        faults=faults,
        ledger=ledger,
        deliveries=deliveries,
        trees=Trees(every()),
    )
    for shop in stage.shops.values():
        world.make(shop, options.registers, options.products)
        shop.on_event(deliveries.hear)
        shop.on_event(stage.hear)
    return stage
