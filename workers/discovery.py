"""Finding plugins: installed ones by entry point, our own by module name. Or refuse to start."""

import importlib
import os
import sys
import traceback
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import entry_points
from typing import Any

from msgspec import Struct

from workers.environment import load
from workers.events import EventType
from workers.plugins import BadPlugin, Plugin, Subscriber

GROUP = "backroom.plugins"
NO_INSTALLED = "*"
"""In `PLUGINS_OFF`: leave out every installed plugin, whatever its name."""


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
    found: dict[str, tuple[Plugin[Any], str]] = {}
    installed = () if NO_INSTALLED in off else _installed()
    for plugin, origin in (*installed, *_local(modules)):
        known = found.get(plugin.name)
        if known and known[0] is not plugin:
            raise BadPlugin(
                f"Two plugins are named {plugin.name}: {known[1]} and {origin}; rename one, or "
                "leave it out of PLUGINS."
            )
        found[plugin.name] = (plugin, origin)
    for name in off:
        if name != NO_INSTALLED and found.pop(name, None) is None:
            raise BadPlugin(f"PLUGINS_OFF names {name}, and there is no such plugin.")
    return Plugins(
        [
            Loaded(plugin, origin, load(plugin.settings, environ, plugin.variables))
            for plugin, origin in found.values()
        ]
    )


def _installed() -> Iterator[tuple[Plugin[Any], str]]:
    for point in entry_points(group=GROUP):
        origin = f"{point.value} ({point.dist.name if point.dist else GROUP})"
        try:
            target = point.load()
        except Exception as error:
            raise _broken(f"Entry point {origin}", error) from error
        yield from _plugins_of(target, origin)


def _local(modules: Sequence[str]) -> Iterator[tuple[Plugin[Any], str]]:
    if modules and "" not in sys.path and os.getcwd() not in sys.path:  # noqa: PTH109 - sys.path holds strings
        sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the console script leaves it out
    for name in modules:
        try:
            target = importlib.import_module(name)
        except Exception as error:
            raise _broken(f"PLUGINS names {name}, which", error) from error
        yield from _plugins_of(target, target.__file__ or name)


def _plugins_of(target: Any, origin: str) -> Iterator[tuple[Plugin[Any], str]]:
    if isinstance(target, Plugin):
        yield target, origin
        return
    plugins = {id(value): value for value in _names(target).values() if isinstance(value, Plugin)}
    if not plugins:
        raise BadPlugin(f'{origin} holds no plugin: write plugin = Plugin("name") in it.')
    for plugin in plugins.values():
        yield plugin, origin


def _names(target: Any) -> Mapping[str, Any]:
    return getattr(target, "__dict__", {})


def _broken(what: str, error: Exception) -> BadPlugin:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and frame.filename != __file__
    ]
    place = f"{frames[-1].filename}, line {frames[-1].lineno}: " if frames else ""
    said = str(error).rstrip(".") if isinstance(error, BadPlugin) else _said(error)
    return BadPlugin(f"{what} cannot be imported: {place}{said}.")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).rstrip('.')}" if str(error) else repr(error)
