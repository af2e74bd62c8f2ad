"""What a plugin author imports: `Plugin`, `Context`, `Retry`, `GiveUp`."""

import inspect
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from math import inf
from typing import Any, Generic, TypeAlias, TypeVar, overload

from msgspec import Struct

from actions.errors import BackroomError
from workers.context import Context, Lifespan
from workers.events import Event, EventType

__all__ = ["BadPlugin", "Context", "GiveUp", "Lifespan", "NoSettings", "Plugin", "Retry"]

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")
S = TypeVar("S", bound=Struct)

LONGEST_TIMEOUT = 3600.0
"""Seconds that a subscriber may ask for at most."""
LONGEST_ASKED = 30 * 86_400.0
"""Seconds that `Retry(after=…)` waits at most."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PARAMETERS = 2


class BadPlugin(BackroomError):
    """A plugin is declared wrongly or cannot be loaded."""

    exit_code = 2


class Retry(Exception):
    """Raise it to be run again after so many seconds; it uses up one attempt."""

    def __init__(self, after: float | timedelta) -> None:
        seconds = after.total_seconds() if isinstance(after, timedelta) else float(after)
        super().__init__(f"asked to be run again after {seconds:g} s")
        self.after = min(max(0.0, seconds), LONGEST_ASKED)


class GiveUp(Exception):
    """Raise it to stop for good: the event is failed with this reason and can be replayed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class NoSettings(Struct, frozen=True):
    """The settings of a plugin that has none."""


Handler: TypeAlias = Callable[[Event[P], Context[S]], Awaitable[None]]


class Subscriber(Struct, frozen=True, kw_only=True):
    """One async function that wants one event type."""

    name: str
    """`plugin.function`: in logs, job ids and `replay --subscriber`."""
    plugin: str
    event_type: EventType[Any]
    run: Callable[[Event[Any], Context[Any]], Awaitable[None]]
    attempts: int
    timeout: float
    backoff: float


class Plugin(Generic[S]):
    """A named group of subscribers with its settings. Importing it does nothing else."""

    @overload
    def __init__(self: "Plugin[NoSettings]", name: str) -> None: ...
    @overload
    def __init__(self, name: str, settings: type[S]) -> None: ...
    def __init__(self, name: str, settings: type[Any] = NoSettings) -> None:
        """Declare a plugin.

        Args:
            name: lower-case letters, digits and `_`; its settings' variables start with it.
            settings: a Struct whose fields are read from `{NAME}_{FIELD}`.

        Raises:
            BadPlugin: the name or the settings cannot be used.
        """
        if not _NAME.fullmatch(name):
            raise BadPlugin(f"Plugin name {name!r} is no good: use a-z, 0-9 and _, 32 at most.")
        if not inspect.isclass(settings) or not issubclass(settings, Struct):
            raise BadPlugin(f"The settings of plugin {name} must be a msgspec Struct class.")
        self.name = name
        self.settings: type[Any] = settings
        self.subscribers: list[Subscriber] = []
        self.lifespans: list[Lifespan[Any]] = []

    @property
    def variables(self) -> str:
        """The start of its environment variables: `LEDGER_`."""
        return f"{self.name.upper()}_"

    def on(
        self,
        event_type: EventType[P],
        *,
        attempts: int = 5,
        timeout: float = 60.0,
        backoff: float = 5.0,
    ) -> Callable[[Handler[P, S]], Handler[P, S]]:
        """Subscribe a coroutine function to an event type; it stays a plain function.

        Args:
            event_type: one of `workers.events`.
            attempts: runs in all before it is given up.
            timeout: seconds that one run may take, an hour at most.
            backoff: seconds before the second run; each later wait is five times as long.

        Raises:
            BadPlugin: the function or a number cannot be used.
        """

        def subscribe(handler: Handler[P, S]) -> Handler[P, S]:
            name = f"{self.name}.{_function_name(handler, self.name)}"
            if any(known.name == name for known in self.subscribers):
                raise BadPlugin(f"Subscriber {name} is declared twice: give one another name.")
            if attempts < 1 or not 0 < timeout <= LONGEST_TIMEOUT or not 0 <= backoff < inf:
                raise BadPlugin(
                    f"Subscriber {name} needs attempts of 1 or more, a timeout above 0 and up to "
                    f"{LONGEST_TIMEOUT:g} s, and a backoff of 0 or more."
                )
            self.subscribers.append(
                Subscriber(
                    name=name,
                    plugin=self.name,
                    event_type=event_type,
                    run=handler,
                    attempts=attempts,
                    timeout=timeout,
                    backoff=backoff,
                )
            )
            return handler

        return subscribe

    def lifespan(self, function: Callable[[S], AsyncGenerator[T, None]]) -> Lifespan[T]:
        """Open something at the worker's start: an async generator that yields it once.

        It is given the plugin's settings; `ctx.opened(name_of_the_function)` is what it yielded.

        Raises:
            BadPlugin: it is no async generator function.
        """
        if not inspect.isasyncgenfunction(function):
            raise BadPlugin(
                f"A lifespan of plugin {self.name} must be an async function with one yield."
            )
        lifespan = Lifespan(function.__name__, function)
        self.lifespans.append(lifespan)
        return lifespan


def _function_name(handler: Handler[Any, Any], plugin: str) -> str:
    name: str = getattr(handler, "__name__", repr(handler))
    if not inspect.iscoroutinefunction(handler):
        raise BadPlugin(f"Subscriber {plugin}.{name} must be an `async def` function.")
    if len(inspect.signature(handler).parameters) != _PARAMETERS:
        raise BadPlugin(f"Subscriber {plugin}.{name} must take two parameters: event and ctx.")
    return name
