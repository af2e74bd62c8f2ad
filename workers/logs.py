"""One log line per unit of work: console on a terminal, JSON elsewhere, foreign loggers too."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from workers.settings import Settings

_FOREIGN_LEVELS = {
    "arq.worker": logging.WARNING,  # at INFO it prints job arguments
    "aiohttp.access": logging.WARNING,  # each delivery has its own canonical line
}
_FOR_PEOPLE: list[Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper("%H:%M:%S", key="at"),
]
_ENCODER = msgspec.json.Encoder(enc_hook=repr)


def set_up(settings: Settings, stream: TextIO = sys.stdout) -> None:
    """Send every logger's lines to `stream` in the same shape."""
    console = settings.log_format == "console" or (
        settings.log_format == "auto" and stream.isatty()
    )
    shape: Processor
    if console:
        shape = structlog.dev.ConsoleRenderer(timestamp_key="at", pad_event_to=22)
    else:
        shape = _bytes if hasattr(stream, "buffer") else _text
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared = [structlog.contextvars.merge_contextvars, *(_FOR_PEOPLE if console else (_stamp,))]
    structlog.configure(
        processors=[*shared, _short_trace, shape],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_factory(stream, console=console),
        cache_logger_on_first_use=True,
    )
    _adopt_foreign(stream, level, shared, shape if console else _text)


def _stamp(_: WrappedLogger, level: str, entry: EventDict) -> EventDict:
    """Put time, level and event first; the encoder writes the time as RFC 3339."""
    event = entry.pop("event", None)
    return {"at": datetime.now(UTC), "level": level, "event": event, **entry}


def _adopt_foreign(stream: TextIO, level: int, shared: list[Processor], shape: Processor) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _short_trace,
                shape,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, floor in _FOREIGN_LEVELS.items():
        logging.getLogger(name).setLevel(max(level, floor))


def _short_trace(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    """Put an exception's class and place in a line; its message may hold a shopper's data."""
    given = entry.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        entry["error"] = where(error)
        # asyncio puts the exception's words into the lines below the first.
        entry["event"] = str(entry.get("event", "")).partition("\n")[0]
    return entry


def where(error: BaseException) -> str:
    """Say an exception's class and the line that raised it, and nothing of its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"


def words(error: BaseException) -> str:
    """Return what an exception says, whatever it is made of."""
    try:
        return str(error).encode(errors="backslashreplace").decode()
    except Exception as worse:  # noqa: BLE001 - its own __str__ may raise anything
        return f"({type(worse).__name__} while reading its words)"


class _Lines:
    """Writes the lines of one turn of the event loop together; without a loop, at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: list[bytes] = []

    def msg(self, line: bytes) -> None:
        """Write a line by the end of this turn."""
        self._waiting.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # another thread's line may be the last that is written
            self.flush()
        else:
            if len(self._waiting) == 1:
                loop.call_soon(self.flush)

    debug = info = warning = error = critical = msg

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        self._stream.write(b"\n".join([*waiting, b""]))
        self._stream.flush()


def _factory(stream: TextIO, *, console: bool) -> Callable[..., WrappedLogger]:
    """Write JSON as bytes where the stream takes them: each delivery has its line."""
    if console or not hasattr(stream, "buffer"):
        return structlog.WriteLoggerFactory(stream)
    lines = _Lines(stream.buffer)
    return lambda *_: lines


def _bytes(_: WrappedLogger, __: str, entry: EventDict) -> bytes:
    try:
        return _ENCODER.encode(entry)
    except (UnicodeEncodeError, msgspec.MsgspecError, ValueError, TypeError):
        entry["at"] = msgspec.to_builtins(entry["at"])
        return json.dumps(entry, default=repr, skipkeys=True).encode()


def _text(logger: WrappedLogger, method: str, entry: EventDict) -> str:
    return _bytes(logger, method, entry).decode()
