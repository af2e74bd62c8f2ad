"""Finding plugins: installed ones by entry point, our own by module name. Or refuse to start."""

import importlib
import os
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import entry_points
from typing import Any, TypeAlias

from msgspec import Struct

from actions.errors import BackroomError
from workers.environment import load, wrong
from workers.events import EventType
from workers.plugins import BadPlugin, Plugin, Subscriber

GROUP = "backroom.plugins"
NO_INSTALLED = "*"
"""In `PLUGINS_OFF`: leave out every installed plugin, whatever its name."""

_Found: TypeAlias = tuple[Plugin[Any], str]
"""A plugin and where it came from."""


class Loaded(Struct, frozen=True):
    """A plugin, ready: where it came from and what its settings are."""

    plugin: Plugin[Any]
    origin: str
    settings: Any


class Plugins:
    """Every plugin that is loaded, and who wants which event."""

    def __init__(self, loaded: Sequence[Loaded]) -> None:
        self.loaded = {one.plugin.name: one for one in loaded}
        self.opened: dict[str, dict[str, Any]] = {}
        self.subscribers = {
            subscriber.name: subscriber for one in loaded for subscriber in one.plugin.subscribers
        }

    def wanting(self, event_type: EventType[Any]) -> list[Subscriber]:
        """Return the subscribers of one event type."""
        return [one for one in self.subscribers.values() if one.event_type is event_type]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Run every lifespan: open in order, close in reverse.

        Raises:
            BadPlugin: one of them failed to open.
        """
        async with AsyncExitStack() as stack:
            for name, one in self.loaded.items():
                self.opened[name] = {}
                for lifespan in one.plugin.lifespans:
                    context = asynccontextmanager(lifespan.open)(one.settings)
                    try:
                        value = await stack.enter_async_context(context)
                    except Exception as error:
                        raise BadPlugin(
                            f"Plugin {name} did not open {lifespan.name}: {_said(error)}."
                        ) from error
                    self.opened[name][lifespan.name] = value
            yield


def discover(
    modules: Sequence[str], off: Sequence[str], environ: Mapping[str, str] = os.environ
) -> Plugins:
    """Load the installed plugins and those in `modules`, less those named in `off`.

    Raises:
        BadPlugin: one cannot be imported, or a name is used twice.
        WrongSetting: a plugin's setting lacks or is wrong.
    """
    plugins, refused = examine(modules, off, environ)
    for first in refused:
        raise first
    return plugins


def examine(
    modules: Sequence[str], off: Sequence[str], environ: Mapping[str, str]
) -> tuple[Plugins, list[BackroomError]]:
    """Load what can be loaded, and return beside it all that `discover` would refuse."""
    refused: list[BackroomError] = []
    loaded = []
    for plugin, origin in _found(modules, off, refused).values():
        if lacking := wrong(plugin.settings, environ, plugin.variables):
            refused += lacking.values()
        else:
            settings = load(plugin.settings, environ, plugin.variables)
            loaded.append(Loaded(plugin, origin, settings))
    return Plugins(loaded), refused


def _found(
    modules: Sequence[str], off: Sequence[str], refused: list[BackroomError]
) -> dict[str, _Found]:
    """Import the plugins, less those that are off, by name."""
    found: dict[str, _Found] = {}
    installed = () if NO_INSTALLED in off else _installed(refused)
    for plugin, origin in (*installed, *_local(modules, refused)):
        known = found.setdefault(plugin.name, (plugin, origin))
        if known[0] is not plugin:
            refused.append(
                BadPlugin(
                    f"Two plugins are named {plugin.name}: {known[1]} and {origin}; rename one, "
                    "or leave it out of PLUGINS."
                )
            )
    refused += [
        BadPlugin(f"PLUGINS_OFF names {name}, and there is no such plugin.")
        for name in off
        if name != NO_INSTALLED and found.pop(name, None) is None
    ]
    return found


def _installed(refused: list[BackroomError]) -> Iterator[_Found]:
    for point in entry_points(group=GROUP):
        origin = f"{point.value} ({point.dist.name if point.dist else GROUP})"
        yield from _plugins_of(point.load, f"Entry point {origin}", origin, refused)


def _local(modules: Sequence[str], refused: list[BackroomError]) -> Iterator[_Found]:
    if modules and "" not in sys.path and os.getcwd() not in sys.path:  # noqa: PTH109 - sys.path holds strings
        sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the console script leaves it out
    for name in modules:
        what = f"PLUGINS names {name}, which"
        yield from _plugins_of(partial(importlib.import_module, name), what, "", refused)


def _plugins_of(
    load_it: Callable[[], Any], what: str, origin: str, refused: list[BackroomError]
) -> list[_Found]:
    try:
        target = load_it()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything
        refused.append(_broken(what, error))
        return []
    origin = origin or target.__file__ or target.__name__
    if isinstance(target, Plugin):
        return [(target, origin)]
    plugins = {id(value): value for value in _names(target).values() if isinstance(value, Plugin)}
    if not plugins:
        refused.append(BadPlugin(f'{origin} holds no plugin: write plugin = Plugin("name") in it.'))
    return [(plugin, origin) for plugin in plugins.values()]


def _names(target: Any) -> Mapping[str, Any]:
    return getattr(target, "__dict__", {})


def _broken(what: str, error: BaseException) -> BadPlugin:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and frame.filename != __file__
    ]
    place = f"{frames[-1].filename}, line {frames[-1].lineno}: " if frames else ""
    said = str(error).rstrip(".") if isinstance(error, BadPlugin) else _said(error)
    broken = BadPlugin(f"{what} cannot be imported: {place}{said}.")
    broken.__cause__ = error
    return broken


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).rstrip('.')}" if str(error) else repr(error)
