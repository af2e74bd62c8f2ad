import asyncio
import io
import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from actions.secret import Secret
from tests.conftest import Work
from tests.workers.conftest import EMAIL, Ledger, Lines, Store, posted
from workers import logs
from workers.settings import Settings

Write = Callable[[], list[dict[str, Any]]]


class Log:
    """A process's log: what is written, and how its lines read."""

    def __init__(self, **settings: Any) -> None:
        self.stream = io.StringIO()
        logs.set_up(Settings(**settings), self.stream)
        self.ours = structlog.get_logger()
        self.foreign = logging.getLogger("redis")

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.mark.usefixtures("restored")
def test_a_line_is_json_with_time_level_and_event_first() -> None:
    log = Log()
    log.ours.info("event.dispatched", event_id="e1", took=0.5)
    (line,) = log.lines
    assert list(line) == ["at", "level", "event", "event_id", "took"]
    assert (line["level"], line["event"], line["took"]) == ("info", "event.dispatched", 0.5)
    assert line["at"].endswith("Z")


@pytest.mark.usefixtures("restored")
def test_a_foreign_loggers_line_has_the_same_shape() -> None:
    log = Log()
    log.foreign.warning("lost %s of %d", "one", 2)
    (line,) = log.lines
    assert list(line) == ["at", "level", "event", "logger"]
    assert (line["level"], line["event"], line["logger"]) == ("warning", "lost one of 2", "redis")


def boom() -> None:
    raise ValueError(EMAIL)


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_an_exception_shows_its_class_and_place_and_not_its_words(log_format: Any) -> None:
    log = Log(log_format=log_format)
    for logger in (log.ours, log.foreign):
        try:
            boom()
        except ValueError:
            logger.exception("it failed")
    first, second = log.text.splitlines()
    for line in (first, second):
        assert "it failed" in line
        assert "ValueError at test_logs.py:" in line
    assert EMAIL not in log.text


@pytest.mark.usefixtures("restored")
async def test_a_task_that_nobody_awaits_does_not_show_its_exceptions_words() -> None:
    log = Log()

    async def failing() -> None:
        boom()

    task = asyncio.create_task(failing())
    await asyncio.wait([task])
    del task
    await asyncio.sleep(0)
    assert "ValueError" in log.text
    assert EMAIL not in log.text


@pytest.mark.usefixtures("restored")
async def test_a_threads_line_does_not_wait_for_the_event_loop_which_may_be_stuck() -> None:
    written = io.BytesIO()
    logs.set_up(Settings(log_format="json"), io.TextIOWrapper(written))
    log = structlog.get_logger()
    log.info("event.dispatched")
    thread = threading.Thread(target=log.error, args=("worker.stuck",))
    thread.start()
    thread.join()
    names = [json.loads(line)["event"] for line in written.getvalue().splitlines()]
    assert names == ["event.dispatched", "worker.stuck"]


@pytest.mark.usefixtures("restored")
def test_the_level_holds_for_every_logger() -> None:
    log = Log(log_level="warning")
    for logger in (log.ours, log.foreign):
        logger.info("not this")
        logger.warning("this")
    assert [line["event"] for line in log.lines] == ["this", "this"]


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("level", ["debug", "info"])
def test_loggers_that_print_what_they_are_given_are_silent(level: Any) -> None:
    log = Log(log_level=level)
    for name in ("arq.worker", "aiohttp.access"):
        logging.getLogger(name).info("deliver(%r)", EMAIL)
        logging.getLogger(name).error("it broke")
    assert [line["event"] for line in log.lines] == ["it broke", "it broke"]


ODD: dict[str, object] = {
    "an object": object(),
    "a secret": Secret("hunter2"),
    "bytes": b"\xff",
    "a set": {1, 2},
    "a large number": 2**70,
    "not a number": float("nan"),
    "half a character": "\udcff",
    "a dict with odd keys": {(1, 2): 3, None: 4},
    "an exception": ValueError("x"),
    "two lines": "a\nb",
}


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("what", ODD)
def test_whatever_a_plugin_logs_becomes_one_line(what: str) -> None:
    log = Log()
    log.ours.info("odd", value=ODD[what])
    (line,) = log.lines
    assert line["event"] == "odd"
    assert "hunter2" not in log.text


@pytest.mark.usefixtures("restored")
def test_on_a_terminal_lines_are_for_people() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    logs.set_up(Settings(), terminal)
    structlog.get_logger().info("event.dispatched", event_id="e1")
    assert "event.dispatched" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")
    logs.set_up(Settings(log_format="json"), terminal)
    structlog.get_logger().info("as told")
    assert json.loads(terminal.getvalue().splitlines()[-1])["event"] == "as told"


def test_where_says_the_class_and_the_line_that_raised() -> None:
    with pytest.raises(ValueError, match=EMAIL) as raised:
        boom()
    line = boom.__code__.co_firstlineno + 1
    assert logs.where(raised.value) == f"ValueError at test_logs.py:{line}"
    assert logs.where(ValueError(EMAIL)) == "ValueError"


async def test_the_lines_of_one_event_share_their_keys(
    store: Store, work: Work, lines: Lines
) -> None:
    event_id = await store(posted('{"id": "s1"}'))
    await work(Ledger().plugin)
    dispatched, succeeded = lines
    for line in lines:
        assert (line["event_id"], line["event_type"]) == (event_id, "sale.update")
        assert (line["retailer"], line["took"] >= 0) == ("kowhai", True)
    assert (dispatched["event"], dispatched["subscribers"]) == ("event.dispatched", 1)
    assert (succeeded["event"], succeeded["attempt"]) == ("subscriber.succeeded", 1)
    assert (succeeded["subscriber"], succeeded["since_received"] >= 0) == ("ledger.post", True)
