from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
from msgspec import Struct

from tests.workers.conftest import Ledger, ready
from workers.discovery import Loaded, Plugins
from workers.events import PING, SALE_UPDATE, Event, SaleUpdate
from workers.plugins import BadPlugin, Context, GiveUp, Lifespan, NoSettings, Plugin, Retry


async def post(event: Event[Any], ctx: Context[Any]) -> None:
    """A subscriber like any other."""


def plain(event: Event[Any], ctx: Context[Any]) -> None:
    """Not async."""


async def alone(event: Event[Any]) -> None:
    """Takes one parameter."""


async def crowded(event: Event[Any], ctx: Context[Any], more: int) -> None:
    """Takes three parameters."""


async def streaming(event: Event[Any], _: Context[Any]) -> AsyncGenerator[str, None]:
    """A generator, which nobody would await."""
    yield event.id


def on(function: Any, **options: Any) -> Callable[[], object]:
    return lambda: Plugin("ledger").on(SALE_UPDATE, **options)(function)


def twice() -> None:
    plugin = Plugin("ledger")
    plugin.on(SALE_UPDATE)(post)
    plugin.on(PING)(post)


def named(name: Any) -> Callable[[], object]:
    return lambda: Plugin(name)


def configured(settings: Any) -> Callable[[], object]:
    return lambda: Plugin("ledger", settings)


NAME = "is no good: use a-z, 0-9 and _, 32 at most."
STRUCT = "The settings of plugin ledger must be a msgspec Struct class."
NUMBERS = "needs attempts of 1 or more, a timeout above 0 and up to 3600 s"
REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a name in capitals": (named("Ledger"), NAME),
    "no name": (named(""), NAME),
    "a name with a dash": (named("my-ledger"), NAME),
    "a name with a dot": (named("my.ledger"), NAME),
    "a name that starts with a digit": (named("1ledger"), NAME),
    "a name with a line's end": (named("ledger\n"), NAME),
    "a long name": (named("l" * 33), NAME),
    "settings that are a dict": (configured({}), STRUCT),
    "settings that are a plain class": (configured(object), STRUCT),
    "settings that are made already": (configured(NoSettings()), STRUCT),
    "a plain function": (on(plain), "Subscriber ledger.plain must be an `async def` function."),
    "a generator": (on(streaming), "ledger.streaming must be an `async def` function."),
    "one parameter": (on(alone), "ledger.alone must take two parameters: event and ctx."),
    "three parameters": (on(crowded), "ledger.crowded must take two parameters: event and ctx."),
    "the same name twice": (twice, "ledger.post is declared twice: give one another name."),
    "no attempts": (on(post, attempts=0), NUMBERS),
    "no time": (on(post, timeout=0), NUMBERS),
    "too much time": (on(post, timeout=3601), NUMBERS),
    "a negative back-off": (on(post, backoff=-1), NUMBERS),
    "a time that is no number": (on(post, timeout=float("nan")), NUMBERS),
    "a back-off that is no number": (on(post, backoff=float("nan")), NUMBERS),
    "a lifespan without yield": (
        lambda: Plugin("ledger").lifespan(post),  # type: ignore[arg-type]
        "A lifespan of plugin ledger must be an async function with one yield.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_plugin_that_is_declared_wrongly_is_refused_in_words(what: str) -> None:
    declare, sentence = REFUSED[what]
    with pytest.raises(BadPlugin) as raised:
        declare()
    assert sentence in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("name", ["a", "ledger", "ledger_2", "l" * 32])
def test_a_plugins_name_starts_its_variables_and_its_subscribers(name: str) -> None:
    plugin = Plugin(name)
    assert plugin.variables == f"{name.upper()}_"
    assert plugin.on(SALE_UPDATE)(post) is post
    (subscriber,) = plugin.subscribers
    assert (subscriber.name, subscriber.plugin) == (f"{name}.post", name)
    assert (subscriber.event_type, subscriber.run) == (SALE_UPDATE, post)
    assert (subscriber.attempts, subscriber.timeout, subscriber.backoff) == (5, 60, 5)


def test_a_subscriber_stays_a_plain_function() -> None:
    plugin = Plugin("ledger")

    @plugin.on(SALE_UPDATE)
    async def total(event: Event[SaleUpdate], _: Context[NoSettings]) -> None:
        """Add up."""
        event.payload.note = "seen"

    assert total.__doc__ == "Add up."


@pytest.mark.parametrize(
    ("after", "seconds"),
    [(5, 5), (0.5, 0.5), (timedelta(minutes=2), 120), (-1, 0), (10**9, 30 * 86_400)],
)
def test_retry_takes_seconds_or_a_timedelta(after: float | timedelta, seconds: float) -> None:
    assert Retry(after).after == Retry(after=after).after == seconds


def test_give_up_says_why() -> None:
    assert str(GiveUp("The account is closed.")) == "The account is closed."


class Settings(Struct):
    url: str = "here"


class Diary:
    """Plugins whose lifespans write down when they are opened and closed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def plugin(self, name: str, *spans: str, error: Exception | None = None) -> Plugin[Settings]:
        plugin = Plugin(name, Settings)
        for span in spans:
            plugin.lifespan(self._span(span, error))
        return plugin

    def _span(
        self, span: str, error: Exception | None
    ) -> Callable[[Settings], AsyncGenerator[str, None]]:
        async def opening(settings: Settings) -> AsyncGenerator[str, None]:
            if error:
                raise error
            self.lines.append(f"open {span}")
            yield f"{span} {settings.url}"
            self.lines.append(f"close {span}")

        opening.__name__ = span
        return opening


async def test_lifespans_open_in_order_and_close_in_reverse() -> None:
    diary = Diary()
    plugins = ready(diary.plugin("a", "one", "two"), diary.plugin("b", "three"))
    async with plugins.open():
        assert diary.lines == ["open one", "open two", "open three"]
        assert plugins.opened == {
            "a": {"one": "one here", "two": "two here"},
            "b": {"three": "three here"},
        }
        diary.lines.clear()
    assert diary.lines == ["close three", "close two", "close one"]


async def test_a_lifespan_is_given_its_plugins_settings() -> None:
    plugin = Diary().plugin("a", "one")
    plugins = Plugins([Loaded(plugin, "a test", Settings("there"))])
    async with plugins.open():
        assert plugins.opened["a"]["one"] == "one there"


def test_a_context_hands_out_what_a_lifespan_opened() -> None:
    lifespan: Lifespan[str] = Lifespan("till", Diary()._span("till", None))  # noqa: SLF001
    context = Context(NoSettings(), structlog.get_logger(), 2, {"till": "cash"})
    assert (context.opened(lifespan), context.attempt) == ("cash", 2)


async def test_a_lifespan_that_fails_to_open_is_named_in_words() -> None:
    diary = Diary()
    broken = diary.plugin("b", "three", error=OSError("no route to host."))
    plugins = ready(diary.plugin("a", "one"), broken)
    with pytest.raises(BadPlugin) as raised:
        async with plugins.open():
            raise AssertionError("it is open")
    assert str(raised.value) == "Plugin b did not open three: OSError: no route to host."


def test_subscribers_are_found_by_what_they_want() -> None:
    sales, more, pings = Ledger(), Ledger(name="more"), Ledger(name="pings", on=PING)
    plugins = ready(sales.plugin, more.plugin, pings.plugin)
    assert [one.name for one in plugins.wanting(SALE_UPDATE)] == ["ledger.post", "more.post"]
    assert [one.name for one in plugins.wanting(PING)] == ["pings.post"]
    assert list(plugins.subscribers) == ["ledger.post", "more.post", "pings.post"]
